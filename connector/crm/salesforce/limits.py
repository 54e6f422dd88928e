"""The organisation's API calls of the last 24 hours, as every answer tells them, and the share kept for others.

Source: Salesforce's API limits pages: `Sforce-Limit-Info: api-usage=18/5000`, possibly followed by figures per app;
counted for all users and apps together over a rolling day, so used-up calls come back hour by hour.
"""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.crm.pacing import Lane
from connector.errors import QuotaUsedUp
from connector.ports import Quota

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from connector.crm.transport import Answer

_USAGE = re.compile(r"\bapi-usage=(\d+)/(\d+)")
_COMES_BACK = timedelta(hours=1)
"""The day rolls: an hour later an hour's calls are free again."""


class Limits:
    """What is known about the limits, learned from every answer."""

    def __init__(
        self,
        *,
        max_share: float,
        now: Callable[[], datetime],
        ticks: Callable[[], float],
        pause: Callable[[float], None],
    ) -> None:
        self._max_share = max_share
        self._now = now
        # No limit on short calls is known; a lane is there to be held when too many long ones run at once.
        self.lanes: Mapping[str, Lane] = {name: Lane(None, ticks=ticks, pause=pause) for name in ("app", "login")}
        self._day: tuple[int, int] | None = None
        self._flying = 0
        self._lock = threading.Lock()

    def see(self, answer: Answer) -> None:
        """Learn from the header of an answer, errors included."""
        found = _USAGE.search(answer.headers.get("Sforce-Limit-Info") or "")
        if found:
            self.learn(int(found[2]), int(found[2]) - int(found[1]))

    def learn(self, limit: int, left: int) -> None:
        """The day's calls, and how many are left."""
        with self._lock:
            self._day = (limit, max(0, left))

    @contextmanager
    def call(self) -> Iterator[None]:
        """One call of today's; raises QuotaUsedUp when it would take from the share kept for others."""
        with self._lock:
            self._check()
            self._flying += 1
        try:
            yield
        finally:
            with self._lock:
                self._flying -= 1

    def _check(self) -> None:
        if self._day is None:
            return
        limit, left = self._day
        kept = int(limit * (1 - self._max_share))
        if left - self._flying <= kept:
            raise self.used_up(
                f"{left:,} of the day's {limit:,} Salesforce calls are left, {kept:,} are kept for others"
            )

    def used_up(self, text: str) -> QuotaUsedUp:
        """The error for a used-up day, with the time to look again."""
        back = self._now() + _COMES_BACK
        return QuotaUsedUp(
            f"{text}; goes on after {back:%Y-%m-%d %H:%M %Z}",
            hint="run again after that time (the worker does so by itself), or raise [budget] max_share_of_daily_quota",
            resume_at=back,
        )

    def forget(self) -> None:
        """Believe the next answer, not the last one: the day rolls on while nobody calls."""
        with self._lock:
            self._day = None

    def quota(self) -> Quota:
        """The day's calls as last told."""
        return Quota(*self._day) if self._day else Quota(None, None)
