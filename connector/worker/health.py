"""Whether all is well, judged by age: a worker that does nothing must look ill, not quiet."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.worker.pulse import SILENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.worker.pulse import Pulse
    from connector.worker.schedule import Schedule

PATIENCE = timedelta(hours=2)
"""How long a run may take, and be tried again, after it was due; `[worker] deadline_minutes` says otherwise."""
TELL_AGAIN_SECONDS = 600.0
"""A message that nobody took is offered again after so long."""


class Health(Struct, frozen=True):
    """How things stand at one moment."""

    well: bool
    age: timedelta | None
    """Since the last good run ended; None when there was none."""
    overdue_since: datetime | None
    """The due time that no good run followed in time."""


def judge(
    *,
    last_good: datetime | None,
    since: datetime,
    schedule: Schedule,
    now: datetime,
    patience: timedelta = PATIENCE,
) -> Health:
    """Healthy while a good run ended after the last due time, or that time is still fresh.

    `since` is when the worker began, for the time before its first good run.
    """
    expected = schedule.after(last_good or since)
    late = now - expected > patience
    age = None if last_good is None else now - last_good
    return Health(well=not late, age=age, overdue_since=expected if late else None)


def hanging(pulse: Pulse) -> str:
    """Why this process must be taken for dead although it answers; empty when it lives."""
    silent = pulse.silent_for()
    if silent is None:
        return "the worker's loop has not begun"
    return f"the worker's loop has been silent for {silent.total_seconds():.0f} s" if silent > SILENCE else ""


def unfinished(pulse: Pulse, *, deadline: timedelta) -> str:
    """Why the run in hand is taken for lost; empty while it is not."""
    going = pulse.running_for()
    if going is None or going <= deadline:
        return ""
    return f"the run in hand has been going on for more than {deadline.total_seconds() / 60:.0f} minutes"


class Watch:
    """Notices that no good run came in time, with patience counted in time awake.

    A machine that slept for days catches up first: that alone is no news for anybody.
    """

    def __init__(self, patience: timedelta, *, ticks: Callable[[], float]) -> None:
        self._patience = patience.total_seconds()
        self._ticks = ticks
        self._expected: datetime | None = None
        self._waiting_since = 0.0
        self._told = float("-inf")

    def is_late(self, expected: datetime, *, now: datetime) -> bool:
        """Whether the run that was due at `expected` has been waited for too long."""
        if now < expected:
            self._expected = None
            return False
        if expected != self._expected:
            self._expected, self._waiting_since = expected, self._ticks()
        return self._ticks() - self._waiting_since > self._patience

    def may_tell(self) -> bool:
        """Whether to tell it now: the first time, and now and then while nobody took the message."""
        if self._ticks() - self._told < TELL_AGAIN_SECONDS:
            return False
        self._told = self._ticks()
        return True
