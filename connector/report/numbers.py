"""Figures of the report as people write them in Dutch and English (domain.md 6.4)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from connector.model.numbers import SYMBOLS, spelled

NO_BREAK = "\u00a0"
MINUS = "\u2212"
ONE, TENTH = Decimal(1), Decimal("0.1")


def rounded(value: int | Decimal, language: str, *, step: Decimal = ONE) -> str:
    """Return a number with thousands separators, rounded half up to `step`."""
    text = spelled(f"{abs(Decimal(value)).quantize(step, ROUND_HALF_UP):,f}", language)
    return MINUS + text if value < 0 and text.strip("0,.") else text


def money(value: Decimal, language: str, currency: str) -> str:
    """Return an amount in whole units: `€ 62.500` in Dutch, `€62,500` in English."""
    number = rounded(value, language)
    sign, digits = (MINUS, number[1:]) if number.startswith(MINUS) else ("", number)
    symbol = SYMBOLS.get(currency, currency)
    gap = NO_BREAK if language == "nl" or currency not in SYMBOLS else ""
    return f"{sign}{symbol}{gap}{digits}"


def percent(value: Decimal, language: str) -> str:
    """Return a percentage with one decimal: `40,0%` in Dutch, `40.0%` in English."""
    return rounded(value, language, step=TENTH) + "%"


def points(value: Decimal, language: str) -> str:
    """Return a difference in percentage points with its sign, one decimal."""
    number = rounded(value, language, step=TENTH)
    return number if number.startswith(MINUS) or not number.strip("0,.") else "+" + number
