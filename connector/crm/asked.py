"""How long the other side asks to wait."""

from __future__ import annotations

from contextlib import suppress
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from connector.crm.transport import Answer

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
