"""Numbers and dates as people write them in Dutch and English (domain.md 6.4)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}
NO_BREAK = "\u00a0"
MINUS = "\u2212"
ONE, TENTH = Decimal(1), Decimal("0.1")


def plain(value: int | Decimal, language: str, *, step: Decimal = ONE) -> str:
    """Return a number with thousands separators, rounded half up to `step`."""
    text = f"{abs(Decimal(value)).quantize(step, ROUND_HALF_UP):,f}"
    if language == "nl":
        text = text.translate({ord(","): ".", ord("."): ","})
    return MINUS + text if value < 0 and text.strip("0,.") else text


def money(value: Decimal, language: str, currency: str) -> str:
    """Return an amount in whole units: `€ 62.500` in Dutch, `€62,500` in English."""
    number = plain(value, language)
    sign, digits = (MINUS, number[1:]) if number.startswith(MINUS) else ("", number)
    symbol = SYMBOLS.get(currency, currency)
    gap = NO_BREAK if language == "nl" or currency not in SYMBOLS else ""
    return f"{sign}{symbol}{gap}{digits}"


def percent(value: Decimal, language: str) -> str:
    """Return a percentage with one decimal: `40,0%` in Dutch, `40.0%` in English."""
    return plain(value, language, step=TENTH) + "%"


def points(value: Decimal, language: str) -> str:
    """Return a difference in percentage points with its sign, one decimal."""
    number = plain(value, language, step=TENTH)
    return number if number.startswith(MINUS) or not number.strip("0,.") else "+" + number


def day(value: date, language: str) -> str:
    """Return a date: `02-04-2026` in Dutch, `2026-04-02` in English."""
    return value.strftime("%d-%m-%Y") if language == "nl" else value.isoformat()
