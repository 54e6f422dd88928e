"""What `doctor` finds alike at every vendor: whether the clocks agree, and how many calls the day has left."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connector.crm.said import say
from connector.ports import Finding

if TYPE_CHECKING:
    from datetime import datetime

    from connector.ports import Quota

_CLOCKS_AGREE = timedelta(minutes=5)


def clock(vendor: str, theirs: datetime | None, now: datetime) -> Finding:
    """Dates are judged by our clock, changes by the CRM's: they should agree."""
    if theirs is None:
        return Finding("unchecked", "clock", say("clock_hidden", crm=vendor))
    apart = abs(now - theirs)
    if apart <= _CLOCKS_AGREE:
        return Finding("good", "clock", say("clock", crm=vendor))
    text = say("clock_apart", minutes=round(apart.total_seconds() / 60), crm=vendor)
    return Finding("warning", "clock", text, say("set_clock"))


def calls_left(vendor: str, quota: Quota) -> Finding:
    """The day's calls; less than a tenth of them is a warning."""
    if quota.limit is None or quota.left is None:
        return Finding("unchecked", "quota", say("quota_hidden", crm=vendor))
    level = "good" if quota.left > quota.limit // 10 else "warning"
    return Finding(level, "quota", say("quota", left=quota.left, limit=quota.limit))
