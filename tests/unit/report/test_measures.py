from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from connector.report import measures
from tests.unit.report.bases import BASE_100


def test_gini_of_the_reference_base_is_0_7047() -> None:
    assert measures.gini(BASE_100) == Decimal("0.7047")


@pytest.mark.parametrize("values", [[5], [3, 3, 3], [1] * 1000])
def test_gini_is_zero_when_everybody_is_equal(values: list[int]) -> None:
    assert measures.gini(values) == 0


@pytest.mark.parametrize("values", [[], [0, 0], [-5, 0]])
def test_gini_is_unknown_without_revenue(values: list[int]) -> None:
    assert measures.gini(values) is None


def test_top_share_of_the_reference_base_is_80() -> None:
    assert measures.top_share_pct(BASE_100, 20) == Decimal("80.0")


def test_twenty_customers_of_the_reference_base_bring_80_pct() -> None:
    assert measures.fewest_for(BASE_100, 80) == 20


@pytest.mark.parametrize(("count", "pct", "first"), [(1, 1, 1), (21, 5, 2), (99, 20, 20), (101, 1, 2), (0, 20, 0)])
def test_cut_rounds_up_in_integers(count: int, pct: int, first: int) -> None:
    assert measures.cut(count, pct) == first


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(Fraction(1, 20), "0.1"), (Fraction(-1, 20), "-0.1"), (Fraction(1, 3), "0.3"), (Fraction(2, 3), "0.7")],
)
def test_rounded_goes_half_up_away_from_zero(value: Fraction, rounded: str) -> None:
    assert measures.rounded(value, measures.TENTH) == Decimal(rounded)


def test_share_of_nothing_is_unknown() -> None:
    assert measures.share_pct(0, 0) is None
    assert measures.share_pct(5, -3) is None


def test_amount_keeps_every_cent_of_large_numbers() -> None:
    assert measures.amount(123_456_789_012_345_67) == Decimal("123456789012345.67")
    assert str(measures.amount(-5)) == "-0.05"
