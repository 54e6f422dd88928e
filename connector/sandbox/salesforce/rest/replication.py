"""Which records were deleted or changed within a window (salesforce.md 3.2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connector.sandbox.answers import Answer, answer
from connector.sandbox.salesforce.answers import Refusal
from connector.sandbox.salesforce.org.times import second, stamp

if TYPE_CHECKING:
    from connector.sandbox.salesforce.calls import Asked

SHORTEST = timedelta(minutes=1)
DELETED_DAYS, UPDATED_DAYS = timedelta(days=15), timedelta(days=30)


def deleted(asked: Asked, name: str) -> Answer:
    """Answer the ids of what was deleted or merged away."""
    sobject = asked.view.named(name)
    low, high = _window(asked, DELETED_DAYS)
    earliest = second(asked.org.now() - timedelta(days=asked.org.switches.log_days))
    rows = asked.org.table(sobject.name).stamped(max(low, earliest), high)
    found = [
        {"id": row["Id"], "deletedDate": row["SystemModstamp"]}
        for row in rows
        if row.get("IsDeleted") and row["SystemModstamp"] < high
    ]
    return answer({"deletedRecords": found, "earliestDateAvailable": earliest, "latestDateCovered": high})


def updated(asked: Asked, name: str) -> Answer:
    """Answer the ids of what was made or changed."""
    sobject = asked.view.named(name)
    low, high = _window(asked, UPDATED_DAYS)
    rows = asked.org.table(sobject.name).stamped(low, high)
    ids = [row["Id"] for row in rows if not row.get("IsDeleted") and row["SystemModstamp"] < high]
    return answer({"ids": ids, "latestDateCovered": high})


def _window(asked: Asked, longest: timedelta) -> tuple[str, str]:
    """Read start and end; seconds are ignored."""
    try:
        start, end = (datetime.fromisoformat(asked.call.first(name)) for name in ("start", "end"))
    except ValueError as error:
        raise Refusal(400, "INVALID_FIELD", "start and end must be ISO 8601 with an offset") from error
    if start.tzinfo is None or end.tzinfo is None:
        raise Refusal(400, "INVALID_FIELD", "start and end must be ISO 8601 with an offset")
    start, end = (moment.replace(second=0, microsecond=0) for moment in (start, end))
    if end - start < SHORTEST:
        raise Refusal(400, "INVALID_REPLICATION_DATE", "endDate must be at least one minute greater than startDate")
    if asked.org.now() - start > longest:
        raise Refusal(400, "INVALID_REPLICATION_DATE", "startDate before org replication enabled date")
    return stamp(start), stamp(end)
