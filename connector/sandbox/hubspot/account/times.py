"""Instants the way HubSpot writes them: epoch milliseconds inside, ISO 8601 with Z outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PLAIN_EPOCH = EPOCH.replace(tzinfo=None)
MILLISECOND = timedelta(milliseconds=1)
DAY_MS = 86_400_000


def to_ms(moment: datetime) -> int:
    """Give the epoch milliseconds of an aware moment, rounded down."""
    return (moment - EPOCH) // MILLISECOND


def to_moment(ms: int) -> datetime:
    """Give the UTC moment of epoch milliseconds."""
    return EPOCH + timedelta(milliseconds=ms)


def iso(ms: int) -> str:
    """Write an instant with Z; the fraction is left out when it is zero, as HubSpot does."""
    timespec = "milliseconds" if ms % 1000 else "seconds"
    return (PLAIN_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec=timespec) + "Z"


def read_instant(text: str) -> int:
    """Read ISO 8601 or epoch milliseconds; a text without offset is UTC. Raise ValueError otherwise."""
    digits = text[1:] if text[:1] == "-" else text
    if digits.isdigit() and len(digits) != len("20260101"):
        return int(text)
    moment = datetime.fromisoformat(text)
    return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def read_day(text: str) -> str:
    """Read a date value: YYYY-MM-DD, or epoch milliseconds at exactly midnight UTC. Raise ValueError otherwise."""
    if len(text) == len("2026-01-01") and text[4] == "-":
        return datetime.fromisoformat(text).date().isoformat()
    ms = int(text)
    if ms % DAY_MS:
        raise ValueError(text)
    return to_moment(ms).date().isoformat()
