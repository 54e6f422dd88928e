"""Measures of how revenue is spread over customers; exact, on integer cents (domain.md 7.2)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

TENTH = Decimal("0.1")


def rounded(value: Fraction, step: Decimal) -> Decimal:
    """Return the fraction rounded half up (away from zero) to a power of ten, without passing through floats."""
    units = abs(value) / Fraction(step)
    whole = (2 * units.numerator + units.denominator) // (2 * units.denominator)
    return (whole if value >= 0 else -whole) * step


def amount(cents: int) -> Decimal:
    """Return cents as an amount with two decimals."""
    return Decimal(cents).scaleb(-2)


def known_amount(cents: int | None) -> Decimal | None:
    """Return cents as an amount, None staying None."""
    return None if cents is None else amount(cents)


def share_pct(part: int | Decimal, whole: int | Decimal) -> Decimal | None:
    """Return part as a percentage of whole, one decimal; None when there is no positive whole to share."""
    if whole <= 0:
        return None
    return rounded(Fraction(part) * 100 / Fraction(whole), TENTH)


def gini(values: Sequence[int]) -> Decimal | None:
    """Return the Gini coefficient, four decimals; 0 is everybody equal. None without positive revenue.

    Negative amounts (net credit notes) count as zero, which keeps the coefficient between 0 and 1.
    """
    ascending = sorted(max(value, 0) for value in values)
    total, count = sum(ascending), len(ascending)
    if total == 0:
        return None
    weighted = sum(place * value for place, value in enumerate(ascending, start=1))
    return rounded(Fraction(2 * weighted - (count + 1) * total, count * total), Decimal("0.0001"))


def cut(count: int, pct: int) -> int:
    """Return how many of `count` are the first `pct` percent: rounded up, in integers (domain.md M1)."""
    return -(-count * pct // 100)


def top_share_pct(values: Sequence[int], pct: int) -> Decimal | None:
    """Return the percentage of revenue that the first `pct` percent of customers bring."""
    best = sorted(values, reverse=True)[: cut(len(values), pct)]
    return share_pct(sum(best), sum(values))


def fewest_for(values: Sequence[int], pct: int) -> int | None:
    """Return the smallest number of customers that together bring `pct` percent of revenue."""
    total = sum(values)
    if total <= 0:
        return None
    running = accumulate(sorted(values, reverse=True))
    return next(place for place, brought in enumerate(running, start=1) if brought * 100 >= pct * total)
