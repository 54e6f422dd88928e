"""How long a call waits for its next try, the same for every vendor: as asked, ever longer, or not at all (pure)."""

from __future__ import annotations

from contextlib import suppress
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import TYPE_CHECKING

from connector.crm.transport import Again
from connector.errors import BadAnswer, StopRun

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connector.crm.transport import Answer, NoAnswer

LONGEST_WAIT = 7 * 86_400.0
"""Seconds; whoever asks for more than a week has not meant it, and a clock could not count it."""


def retry_after(answer: Answer, *, now: datetime) -> float | None:
    """Seconds the CRM, or whatever stands before it, asks to wait (a number or an HTTP date), or None."""
    text = (answer.headers.get("Retry-After") or "").strip()
    with suppress(ValueError):
        return min(max(0.0, float(text)), LONGEST_WAIT) if isfinite(float(text)) else None
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds()) if text else None
    except (TypeError, ValueError):
        return None


def growing(chance: Callable[[], float]) -> Callable[[int], float]:
    """Seconds before the next try by the number of tries so far: doubling up to half a minute, spread by chance."""
    return lambda tries: min(30.0, 2.0 ** (tries - 1)) * (0.5 + chance())


def no_answer(lost: NoAnswer, *, first: bool, chance: Callable[[], float]) -> Again:
    """How to try again when nothing came back; an address that never answered, or an answer cut again, gets three."""
    return Again(
        lost.reason,
        growing(chance),
        tries=1 if lost.hopeless else 3 if first or lost.cut else 100,
        applied=None if lost.sent else False,
        error=BadAnswer if lost.cut else StopRun,
    )
