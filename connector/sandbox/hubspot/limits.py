"""Rate limits: rolling windows per token and per account, and the day's quota (hubspot.md 3)."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connector.sandbox.answers import Headers, answer
from connector.sandbox.hubspot.account.times import iso, to_moment, to_ms
from connector.sandbox.hubspot.answers import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.answers import Answer
    from connector.sandbox.hubspot.access import Grant
    from connector.sandbox.hubspot.account.portal import Portal
    from connector.sandbox.hubspot.requests import Request

TEN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Quota:
    """What an account and app kind may do: calls per ten seconds, per second and per day."""

    burst: int = 190
    oauth_burst: int = 110
    associations: int = 150
    search: int = 5
    daily: int = 625_000
    shown_secondly: int = 10
    """Sent in headers still, enforced no more."""


PROFESSIONAL = Quota()
STARTER = Quota(burst=100, associations=100, daily=250_000)
ENTERPRISE = Quota(daily=1_000_000)
UNLIMITED = Quota(10**6, 10**6, 10**6, 10**6, 10**9, 10**6)
"""What `limits off` serves under: the headers still tell a client that it need not wait."""


class Window:
    """Calls of the last `seconds`, rolling."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most = most
        self.seconds = seconds
        self._calls: deque[float] = deque()

    def take(self, tick: float) -> bool:
        """Count a call, unless the window is full; a refused call is not counted."""
        self._drain(tick)
        if len(self._calls) >= self.most:
            return False
        self._calls.append(tick)
        return True

    def left(self, tick: float) -> int:
        """Give how many calls still fit."""
        self._drain(tick)
        return self.most - len(self._calls)

    def _drain(self, tick: float) -> None:
        while self._calls and self._calls[0] <= tick - self.seconds:
            self._calls.popleft()


class Meter:
    """Counts calls and refuses those above the quota; `tick` is a stopwatch in seconds."""

    def __init__(self, quota: Quota, *, tick: Callable[[], float]) -> None:
        self.quota = quota
        self.used_today = 0
        self._tick = tick
        self._day: date | None = None
        self._search = Window(quota.search, 1.0)
        self._associations = Window(quota.associations, TEN_SECONDS)
        self._bursts: dict[str, Window] = {}
        self._seconds: dict[str, Window] = defaultdict(lambda: Window(quota.shown_secondly, 1.0))

    def take(self, grant: Grant, bucket: str, day: date) -> Headers:
        """Count one call in its bucket and give the headers for its answer; refuse with 429."""
        if day != self._day:
            self._day, self.used_today = day, 0
        if self.used_today >= self.quota.daily:
            raise too_many("DAILY", "daily")
        tick = self._tick()
        headers = self._counted(grant, bucket, tick)
        self.used_today += 1
        return headers if bucket == "search" else headers + self._daily(grant)

    def _counted(self, grant: Grant, bucket: str, tick: float) -> Headers:
        if bucket == "search":
            if not self._search.take(tick):
                raise too_many("SECONDLY", "secondly")
            return ()
        if bucket == "associations":
            if not self._associations.take(tick):
                raise too_many("TEN_SECONDLY_ROLLING", "ten_secondly_rolling")
            return ()
        most = self.quota.oauth_burst if grant.oauth else self.quota.burst
        window = self._bursts.setdefault(grant.token, Window(most, TEN_SECONDS))
        if not window.take(tick):
            raise too_many("TEN_SECONDLY_ROLLING", "ten_secondly_rolling")
        second = self._seconds[grant.token]
        second.take(tick)
        return _headers(
            ("Interval-Milliseconds", 10_000),
            ("Max", most),
            ("Remaining", window.left(tick)),
            ("Secondly", self.quota.shown_secondly),
            ("Secondly-Remaining", second.left(tick)),
        )

    def _daily(self, grant: Grant) -> Headers:
        if grant.oauth:
            return ()
        return _headers(("Daily", self.quota.daily), ("Daily-Remaining", self.quota.daily - self.used_today))


def _headers(*pairs: tuple[str, int]) -> Headers:
    return tuple((f"x-hubspot-ratelimit-{name.lower()}".encode(), str(value).encode()) for name, value in pairs)


def too_many(policy: str, word: str) -> Refusal:
    """Refuse with 429; no Retry-After, as with the vendor (hubspot.md 3.3)."""
    return Refusal(429, f"You have reached your {word} limit.", errorType="RATE_LIMIT", policyName=policy)


def local_day(portal: Portal) -> date:
    """Give today in the account's time zone, where the daily count starts anew."""
    return to_moment(portal.now()).astimezone(ZoneInfo(portal.account.time_zone)).date()


def daily_usage(portal: Portal, _request: Request) -> Answer:
    """Answer how much of the day is used."""
    zone = ZoneInfo(portal.account.time_zone)
    tomorrow = local_day(portal) + timedelta(days=1)
    midnight = to_moment(portal.now()).astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    resets = midnight.replace(year=tomorrow.year, month=tomorrow.month, day=tomorrow.day)
    used = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": portal.meter.quota.daily,
        "currentUsage": portal.meter.used_today,
        "collectedAt": portal.stamp(),
        "fetchStatus": "SUCCESS",
        "resetsAt": iso(to_ms(resets)),
    }
    return answer({"results": [used]})
