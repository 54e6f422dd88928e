"""How values read inside sentences, per language (domain.md 6.4)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from connector.model.numbers import SYMBOLS, day, spelled
from connector.rules.cells import half_up, is_known
from connector.rules.styles import Style

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.rules.cells import Cell

UNKNOWN_WORD = {"en": "unknown", "nl": "onbekend"}
LIST_JOIN = ", "


def write(cell: Cell, style: Style, language: str, *, currency: str, labels: Mapping[str, str] | None = None) -> str:
    """Write one value; unknown and not applicable read as the language's word for unknown."""
    if not is_known(cell):
        return (labels or {}).get("unknown") or UNKNOWN_WORD[language]
    if style is Style.LABEL:
        codes = map(str, cell if isinstance(cell, tuple) else (cell,))
        return LIST_JOIN.join((labels or {}).get(code, code) for code in codes)
    if isinstance(cell, date):
        return day(cell, language)
    if isinstance(cell, Decimal):
        return _number(cell, style, language, currency)
    return str(cell)


def _number(number: Decimal, style: Style, language: str, currency: str) -> str:
    if style is Style.WHOLE_MONEY:
        return money(number, language, currency)
    if style is Style.CENTS:
        return cents(number, language, currency)
    if style is Style.EXACT:
        return exact(number, language)
    if style is Style.PERCENT:
        return spelled(f"{half_up(half_up(number, 4) * 100, 1):f}", language) + "%"
    if style is Style.DECIMAL_1:
        return spelled(f"{half_up(number, 1):f}", language)
    return f"{half_up(number, 0):f}"


def money(number: Decimal, language: str, currency: str) -> str:
    """Write whole units of the stored amount: €62,500 and -€90 in English, € 62.500 and € -90 in Dutch."""
    return _amount(half_up(half_up(number, 2), 0), language, currency)


def cents(number: Decimal, language: str, currency: str) -> str:
    """Write an amount to the cent: €1,234.50 in English, € 1.234,50 in Dutch."""
    return _amount(half_up(number, 2), language, currency)


def exact(number: Decimal, language: str) -> str:
    """Write a number with its stored decimals, four at most and none needless."""
    text = f"{half_up(number, 4):f}"
    return spelled(text.rstrip("0").rstrip(".") if "." in text else text, language)


def _amount(rounded: Decimal, language: str, currency: str) -> str:
    digits = f"{abs(rounded):,f}"
    symbol = SYMBOLS.get(currency, f"{currency} ")  # a code stands apart by a space in both languages
    sign = "-" if rounded < 0 else ""
    if language == "en":
        return f"{sign}{symbol}{digits}"
    return f"{symbol.strip()} {sign}{spelled(digits, language)}"
