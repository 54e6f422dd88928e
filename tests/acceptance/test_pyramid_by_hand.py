"""The independent computation is itself held to the tables of the specification."""

from collections import Counter
from decimal import Decimal

import pytest

from tests.acceptance.pyramid_by_hand import levels

COUNTS = {1: (1, 0, 0, 0), 2: (1, 0, 0, 1), 5: (1, 0, 0, 4), 20: (1, 0, 3, 16), 99: (1, 4, 15, 79), 101: (2, 4, 15, 80)}


@pytest.mark.parametrize(("n", "expected"), COUNTS.items())
def test_the_hand_counts_as_the_table_does(n: int, expected: tuple[int, int, int, int]) -> None:
    counts = Counter(levels({str(i): Decimal(n - i) for i in range(n)}).values())
    assert tuple(counts[level] for level in ("top", "big", "medium", "small")) == expected


@pytest.mark.parametrize(
    ("first", "last", "level"),
    [(1, 2, "top"), (1, 3, "big"), (5, 6, "big"), (5, 7, "medium"), (20, 22, "medium"), (20, 23, "small")],
)
def test_the_hand_treats_ties_as_the_table_does(first: int, last: int, level: str) -> None:
    revenue = {str(i): Decimal(1000 - (first if first <= i <= last else i)) for i in range(1, 101)}
    assert {levels(revenue)[str(i)] for i in range(first, last + 1)} == {level}
