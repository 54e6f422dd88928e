"""Whether our clock and the CRM's agree, for `doctor`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connector.ports import Finding

if TYPE_CHECKING:
    from datetime import datetime

_CLOCKS_AGREE = timedelta(minutes=5)


def clock(vendor: str, theirs: datetime | None, now: datetime) -> Finding:
    """Dates are judged by our clock, changes by the CRM's: they should agree."""
    if theirs is None:
        return Finding("unchecked", "clock", f"{vendor}'s answers carry no date")
    apart = abs(now - theirs)
    if apart <= _CLOCKS_AGREE:
        return Finding("good", "clock", f"within five minutes of {vendor}'s")
    text = f"{round(apart.total_seconds() / 60):,} minutes away from {vendor}'s"
    return Finding("warning", "clock", text, "set this machine's clock; TIERSYNC_NOW fixes it on purpose")
