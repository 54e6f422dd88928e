"""Whether all is well, judged by age: a worker that does nothing must look ill, not quiet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.worker.schedule import Schedule

PATIENCE = timedelta(hours=2)
"""How long a run may take, and be tried again, after it was due."""


@dataclass(frozen=True, slots=True)
class Health:
    """How things stand at one moment."""

    well: bool
    age: timedelta | None
    """Since the last good run ended; None when there was none."""
    overdue_since: datetime | None
    """The due time that no good run followed in time."""


def judge(*, last_good: datetime | None, since: datetime, schedule: Schedule, now: datetime) -> Health:
    """Healthy while a good run ended after the last due time, or that time is still fresh.

    `since` is when the worker began, for the time before its first good run.
    """
    expected = schedule.after(last_good or since)
    late = now - expected > PATIENCE
    age = None if last_good is None else now - last_good
    return Health(well=not late, age=age, overdue_since=expected if late else None)
