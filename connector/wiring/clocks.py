"""The clock of a call: the machine's, or one that stands still."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from connector.errors import UsageError
from connector.model.numbers import YEARS

if TYPE_CHECKING:
    from connector.ports import Clock


def clock() -> Clock:
    """Return the clock: the machine's, or the one moment that TIERSYNC_NOW fixes."""
    fixed = os.environ.get("TIERSYNC_NOW")
    if not fixed:
        return machine_clock
    hint = "2026-04-02T06:00:00+02:00 is one"
    try:
        moment = datetime.fromisoformat(fixed)
    except ValueError:
        raise UsageError("TIERSYNC_NOW is not an ISO date and time", hint=hint) from None
    if moment.year not in YEARS:
        raise UsageError(f"TIERSYNC_NOW lies outside the years {YEARS[0]} to {YEARS[-1]}", hint=hint)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return lambda: moment


def machine_clock() -> datetime:
    """Return the true time, which leases are compared by."""
    return datetime.now(UTC)
