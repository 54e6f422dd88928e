"""Numbers and dates as text: plain for machines, and as people write them in Dutch and English (domain.md 6.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}
"""Other currencies are written with their code."""
YEARS = range(1000, 9000)
"""Of the days a person may ask about: around others a calendar cannot count a window of some years."""
_SWAPPED = str.maketrans(",.", ".,")
"""Points for commas and commas for points."""


def plain(number: Decimal) -> str:
    """Write a decimal without needless zeros: 62500, 0.5, 0."""
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text


def exact(cents: int) -> str:
    """Write an amount for machines: cents as a decimal with two places."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def spelled(text: str, language: str) -> str:
    """Return a number in English spelling as the language spells it: 1,234.50 is 1.234,50 in Dutch."""
    return text.translate(_SWAPPED) if language == "nl" else text


def numbered(count: str, one: str, several: str) -> str:
    """Return a count, as it is spelled, with the word for one or for several."""
    return f"{count} {one if count == '1' else several}"


def day(value: date, language: str) -> str:
    """Return a date: `02-04-2026` in Dutch, `2026-04-02` in English."""
    return value.strftime("%d-%m-%Y") if language == "nl" else value.isoformat()
