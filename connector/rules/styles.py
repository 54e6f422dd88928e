"""How a value is written inside a sentence."""

from __future__ import annotations

from enum import StrEnum


class Style(StrEnum):
    """How a placeholder is written; domain.md 6.4. English / Dutch."""

    TEXT = "text"
    WHOLE_MONEY = "money"
    """Whole units of the stored amount, half-up: €62,500 / € 62.500 (minus sign after the currency sign's place:
    -€90 / € -90)."""
    CENTS = "cents"
    """The stored amount: €1,234.50 / € 1.234,50."""
    EXACT = "exact"
    """The stored number: at most four decimals, none needless: 0.5522 / 0,5522."""
    PERCENT = "percent"
    """A stored ratio (0.4, four decimals) as a percentage with one decimal: 40.0% / 40,0%."""
    DATE = "date"
    """2026-04-02 / 02-04-2026."""
    WHOLE = "whole"
    """A whole number without grouping: 1800."""
    DECIMAL_1 = "decimal1"
    """One decimal: 4.8 / 4,8."""
    LABEL = "label"
    """The option's label in the language; see Placeholder.labels. A multi-select joins its labels with ', '."""
