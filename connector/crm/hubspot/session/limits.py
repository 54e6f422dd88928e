"""HubSpot's limits as its headers tell them: lanes, the day's quota, and the share kept for others.

Source: HubSpot's usage guidelines: bursts per app and 10 s, search 5/s per account, associations with a bucket of
their own, a daily number per account that starts anew at midnight in the account's time zone.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from connector.crm.hubspot.session.answers import meaning
from connector.crm.meaning import Meaning
from connector.crm.pacing import Lane, Rate
from connector.crm.quota import Day
from connector.ports import Quota

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import tzinfo

    from connector.crm.transport import Answer

_KEPT_BACK = 0.97
"""Share of a burst limit that is used, so that a second process with the same token finds some air."""

_SEARCH = Rate(calls=5, seconds=1.0, burst=9, burst_seconds=2.0)
"""4.5 searches a second and never more than 5 in one: the account's 5 are shared with every other app."""

_UNKNOWN = 100
"""Calls per ten seconds until the first answer tells; the smallest account's."""


_LINKS_CALLS = ((250, 200), (190, 150), (0, 100))
"""Associations per ten seconds by burst limit: with the API Limit Increase, Professional and Enterprise, all else."""

_HIGHEST = 1_000
"""Above every limit HubSpot has (250 with the add-on)."""


def burst_rate(calls: int, seconds: float = 10.0) -> Rate:
    """The rate kept under a limit of `calls` in `seconds`: spread evenly over its seconds, a little below it."""
    kept = max(1, int(calls * _KEPT_BACK))
    return Rate(calls=kept, seconds=seconds, burst=max(1, round(calls / seconds)))


def _links_calls(calls: int) -> int:
    """The associations bucket that goes with a burst limit (its own answers do not tell it reliably)."""
    return next(links for burst, links in _LINKS_CALLS if calls >= burst)


class Limits(Day):
    """What is known about the limits, learned from every answer."""

    few = "{left} of today's {limit} HubSpot calls are left, and {kept} are kept for others"

    def __init__(
        self,
        *,
        max_share: float,
        zone: tzinfo,
        now: Callable[[], datetime],
        ticks: Callable[[], float],
        pause: Callable[[float], None],
    ) -> None:
        super().__init__(max_share=max_share)
        self.zone = zone
        self._now = now
        first = burst_rate(_UNKNOWN)
        self.lanes: Mapping[str, Lane] = {
            "app": Lane(first, ticks=ticks, pause=pause),
            "search": Lane(_SEARCH, ticks=ticks, pause=pause),
            "links": Lane(first, ticks=ticks, pause=pause),
            "oauth": Lane(None, ticks=ticks, pause=pause),
        }
        self._burst: int | None = _UNKNOWN
        self._told = False
        self._day_ends: datetime | None = None

    def see(self, lane: str, answer: Answer, /) -> None:
        """Learn from the headers of an answer."""
        headers = answer.headers
        if lane == "app" and meaning(answer) is Meaning.GOOD:  # edge errors carry no such headers
            self._learn_burst(_number(headers, "X-HubSpot-RateLimit-Max"), _interval(headers))
        limit = _number(headers, "X-HubSpot-RateLimit-Daily")
        left = _number(headers, "X-HubSpot-RateLimit-Daily-Remaining")
        if limit is not None and left is not None:
            self._learn_day(limit, left)
        elif self._day is not None:
            # A search counts for the day and does not tell.
            self._learn_day(self._day[0], self._day[1] - 1)

    def exceeded(self, lane: str) -> None:
        """A 429 where no limit was known: keep the smallest account's from now on."""
        if self.lanes[lane].rate is None:
            self.lanes[lane].learn(_SEARCH if lane == "search" else burst_rate(_UNKNOWN))

    def _is_over(self) -> bool:
        """The count starts anew at midnight."""
        return self._day_ends is not None and self._now() >= self._day_ends

    def _learn_day(self, limit: int, left: int) -> None:
        """Answers may arrive out of order, and within a day the number left only falls."""
        with self._lock:
            if self._day is not None and not self._is_over():
                left = min(left, self._day[1])
            self._day, self._day_ends = (limit, left), self.back()

    def back(self) -> datetime:
        """When the day's count starts anew: the next midnight in the account's time zone."""
        today = self._now().astimezone(self.zone).date()
        return datetime.combine(today + timedelta(days=1), time(), tzinfo=self.zone)

    def quota(self) -> Quota:
        """The day's calls as last told; unknown for OAuth tokens, whose answers do not tell."""
        if self._day is None:
            return Quota(None, None)
        return Quota(self._day[0], self._day[1], self.back().astimezone(UTC))

    def _learn_burst(self, calls: int | None, seconds: float) -> None:
        if self._told and calls is None:
            return
        self._told = self._told or calls is not None
        if calls == self._burst:
            return
        self._burst = calls
        calls = calls if calls is None or calls <= _HIGHEST else None
        # HubSpot tells its limit on every list answer; where none was ever told, or one HubSpot does not sell, there
        # is none (a sandbox).
        self.lanes["app"].learn(None if calls is None else burst_rate(calls, seconds))
        self.lanes["links"].learn(None if calls is None else burst_rate(_links_calls(calls)))
        self.lanes["search"].learn(None if calls is None else _SEARCH)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name) or ""
    return int(text) if text.isdecimal() and int(text) >= 0 else None


def _interval(headers: Mapping[str, str]) -> float:
    milliseconds = _number(headers, "X-HubSpot-RateLimit-Interval-Milliseconds")
    return milliseconds / 1000 if milliseconds else 10.0
