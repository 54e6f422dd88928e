"""Domain 2.4: exact figures, rounded half-up only where they are stored."""

from __future__ import annotations

import re
from fractions import Fraction

PLAIN = re.compile(r"[+-]?\d+(\.\d+)?|[+-]?\.\d+")


def read_number(text: str) -> Fraction:
    """Contract (amounts): a plain decimal with a point. Raises ValueError."""
    if not PLAIN.fullmatch(text):
        raise ValueError(text)
    return Fraction(text)


def rounded(value: Fraction, places: int) -> Fraction:
    """Half-up, away from zero, to so many decimals."""
    scaled = abs(value) * 10**places
    whole = (scaled.numerator * 2 + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(whole if value >= 0 else -whole, 10**places)


def cents(value: Fraction) -> Fraction:
    """A stored amount."""
    return rounded(value, 2)


def ceiling_share(count: int, percent: Fraction) -> int:
    """Domain M1 step B: `ceil(n * p / 100)` in whole numbers."""
    return -((-count * percent.numerator) // (100 * percent.denominator))
