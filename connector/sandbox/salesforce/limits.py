"""The day's calls: a rolling count of 24 hours for the whole org, told on every answer (salesforce.md 2.1)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connector.sandbox.answers import answer
from connector.sandbox.salesforce.answers import Refusal

if TYPE_CHECKING:
    from datetime import datetime

    from connector.sandbox.answers import Answer
    from connector.sandbox.salesforce.calls import Asked

DAY = timedelta(hours=24)
SLOT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Quota:
    """What an org may do in 24 hours."""

    daily: int = 110_000
    bulk_batches: int = 15_000
    bulk_queries: int = 10_000


ENTERPRISE = Quota()
"""An Enterprise org with ten licences."""
UNLIMITED = Quota(5_000_000, 15_000, 10_000)
"""What `limits off` serves under: a full sandbox."""


class Meter:
    """Counts calls and refuses those above the quota."""

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self.used = 0
        self.batches = 0
        self.queries = 0
        self._slots: deque[tuple[datetime, int]] = deque()

    def take(self, now: datetime, count: int = 1) -> None:
        """Count a call; refuse it with 403 when the last 24 hours are full."""
        self._forget(now)
        if self.used + count > self.quota.daily:
            raise over()
        self.use(now, count)

    def use(self, now: datetime, count: int) -> None:
        """Count calls, also those of other apps of the org."""
        if self._slots and now - self._slots[-1][0] < SLOT:
            began, before = self._slots.pop()
            self._slots.append((began, before + count))
        else:
            self._slots.append((now, count))
        self.used += count

    def _forget(self, now: datetime) -> None:
        while self._slots and self._slots[0][0] <= now - DAY:
            self.used -= self._slots.popleft()[1]

    def told(self) -> bytes:
        """Give the value of Sforce-Limit-Info."""
        return f"api-usage={self.used}/{self.quota.daily}".encode()


def over() -> Refusal:
    """Refuse because the day is used up: come back tomorrow."""
    return Refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


def crowded() -> Refusal:
    """Refuse because too many long calls run at once: come back in a moment."""
    text = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    return Refusal(403, "REQUEST_LIMIT_EXCEEDED", text)


def record_count(asked: Asked) -> Answer:
    """Answer how many records objects have, roughly as the vendor does: from time to time counted."""
    wanted = [name for name in asked.call.first("sObjects").split(",") if name]
    view = asked.view
    found = [held for name in wanted if (held := view.sobject(name)) is not None]
    counts = [(held.name, sum(1 for _ in view.table(held).live())) for held in found]
    # An object without records is not told of.
    return answer({"sObjects": [{"count": count, "name": name} for name, count in counts if count]})


def limits(asked: Asked) -> Answer:
    """Answer what is left of each allocation."""
    meter = asked.org.meter
    quota = meter.quota

    def left(most: int, used: int = 0) -> dict[str, Any]:
        return {"Max": most, "Remaining": max(0, most - used)}

    return answer(
        {
            "ConcurrentAsyncGetReportInstances": left(200),
            "DailyApiRequests": left(quota.daily, meter.used),
            "DailyAsyncApexExecutions": left(250_000),
            "DailyBulkApiBatches": left(quota.bulk_batches, meter.batches),
            "DailyBulkV2QueryFileStorageMB": left(976_562),
            "DailyBulkV2QueryJobs": left(quota.bulk_queries, meter.queries),
            "DataStorageMB": left(10_240),
            "FileStorageMB": left(10_240),
            "HourlyODataCallout": left(20_000),
            "MassEmail": left(5_000),
            "SingleEmail": left(5_000),
        }
    )
