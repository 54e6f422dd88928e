"""The organisation's API calls of the last 24 hours, as every answer tells them, and the share kept for others.

Source: Salesforce's API limits pages: `Sforce-Limit-Info: api-usage=18/5000`, possibly followed by figures per app;
counted for all users and apps together over a rolling day, so used-up calls come back hour by hour.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.crm.pacing import Lane
from connector.crm.quota import Day
from connector.ports import Quota

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connector.crm.transport import Answer

_USAGE = re.compile(r"\bapi-usage=(\d+)/(\d+)")
_COMES_BACK = timedelta(hours=1)
"""The day rolls: an hour later an hour's calls are free again."""


class Limits(Day):
    """What is known about the limits, learned from every answer."""

    few = "{left} of the day's {limit} Salesforce calls are left, {kept} are kept for others"

    def __init__(
        self,
        *,
        max_share: float,
        now: Callable[[], datetime],
        ticks: Callable[[], float],
        pause: Callable[[float], None],
    ) -> None:
        super().__init__(max_share=max_share)
        self._now = now
        # No limit on short calls is known; a lane is there to be held when too many long ones run at once.
        self.lanes: Mapping[str, Lane] = {name: Lane(None, ticks=ticks, pause=pause) for name in ("app", "login")}

    def see(self, _lane: str, answer: Answer, /) -> None:
        """Learn from the header of an answer, errors included."""
        found = _USAGE.search(answer.headers.get("Sforce-Limit-Info") or "")
        if found:
            self.learn(int(found[2]), int(found[2]) - int(found[1]))

    def learn(self, limit: int, left: int) -> None:
        """The day's calls, and how many are left."""
        with self._lock:
            self._day = (limit, max(0, left))

    def back(self) -> datetime:
        """An hour from now."""
        return self._now() + _COMES_BACK

    def forget(self) -> None:
        """Believe the next answer, not the last one: the day rolls on while nobody calls."""
        with self._lock:
            self._day = None

    def quota(self) -> Quota:
        """The day's calls as last told."""
        return Quota(*self._day) if self._day else Quota(None, None)
