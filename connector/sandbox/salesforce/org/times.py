"""Instants the way Salesforce writes them; kept as text, which sorts as time does because all of it is UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache

DAY = len("2026-01-01")


def stamp(moment: datetime) -> str:
    """Write an instant for REST: `2026-03-04T10:11:12.000+0000`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "+0000"


def second(moment: datetime) -> str:
    """Write an instant cut to whole seconds, as system stamps are."""
    return stamp(moment.replace(microsecond=0))


def zulu(text: str) -> str:
    """Write a stamp of REST the way Bulk 2.0 does: `…12.000Z`."""
    return text.replace("+0000", "Z")


@lru_cache(maxsize=4096)
def read_stamp(text: str) -> str:
    """Read ISO 8601 with an offset, or a day (its midnight UTC), to a stamp; ValueError otherwise."""
    if len(text) == DAY:
        return stamp(datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC))
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return stamp(moment)


def read_moment(text: str) -> datetime:
    """Read a stamp back."""
    return datetime.fromisoformat(text)


@lru_cache(maxsize=4096)
def read_day(text: str) -> str:
    """Read an ISO date; ValueError otherwise."""
    if len(text) != DAY:
        raise ValueError(text)
    return date.fromisoformat(text).isoformat()
