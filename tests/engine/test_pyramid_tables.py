"""Every table of the customer pyramid (domain.md M1), through the whole engine."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.model.fields import Table
from connector.rules.loading import load_texts
from tests.acceptance.pyramid_by_hand import levels
from tests.engine.evaluating import evaluated, request

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

RULES = b"""
version: 1
fields:
  amount: {from: account.amount, type: money}
models:
  level:
    kind: bands
    by: amount
    among: amount > 0
    bands: [{then: top, next: 1%}, {then: big, next: 4%}, {then: medium, next: 15%}, {then: small}]
    rank: place
    lines: {top: line_top, big: line_big, medium: line_medium}
population:
  gini: {gini: amount, among: amount > 0}
outputs:
  seg_pyramid_level: {from: level, label: {en: Level, nl: Niveau}}
  seg_revenue_rank: {from: place, label: {en: Rank, nl: Positie}}
  seg_gini: {from: gini, decimals: 4, label: {en: Gini, nl: Gini}}
"""
BASE_100 = ["400000", "80000", "70000", "55000", "45000", *["10000"] * 15, *["2500"] * 80]


def pyramid(folder: Path, amounts: Sequence[str]) -> tuple[list[str | None], dict[str, int]]:
    """The level of every amount, highest first, and the lines in cents."""
    names = [f"{place:06}" for place in range(len(amounts))]
    accounts = [{"account_id": name, "amount": amount} for name, amount in zip(names, amounts, strict=True)]
    accounts = accounts[1::2] + accounts[::2][::-1]
    rules = load_texts({"pyramid.yaml": RULES})
    with evaluated(rules, request(folder, {Table.ACCOUNTS: accounts})) as evaluation:
        found = {v.account: v.values["seg_pyramid_level"] for v in evaluation.verdicts()}
        return [found[name] for name in names], dict(evaluation.tables().lines_cents)


def counts(found: Sequence[str | None]) -> tuple[int, ...]:
    counted = Counter(found)
    return tuple(counted[level] for level in ("top", "big", "medium", "small"))


def falling(n: int) -> list[str]:
    return [str(1_000_000 - place) for place in range(n)]


def tied(n: int, first: int, last: int) -> list[str]:
    """Positions `first` to `last` share one amount."""
    amounts = falling(n)
    return [amounts[first - 1] if first <= place <= last else amounts[place - 1] for place in range(1, n + 1)]


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (1, (1, 0, 0, 0)),
        (2, (1, 0, 0, 1)),
        (5, (1, 0, 0, 4)),
        (10, (1, 0, 1, 8)),
        (20, (1, 0, 3, 16)),
        (21, (1, 1, 3, 16)),
        (50, (1, 2, 7, 40)),
        (99, (1, 4, 15, 79)),
        (100, (1, 4, 15, 80)),
        (101, (2, 4, 15, 80)),
        (150, (2, 6, 22, 120)),
        (1000, (10, 40, 150, 800)),
    ],
)
def test_levels_are_filled_by_rounding_up(tmp_path: Path, n: int, expected: tuple[int, ...]) -> None:
    assert counts(pyramid(tmp_path, falling(n))[0]) == expected


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        (tied(100, 1, 2), (2, 3, 15, 80)),
        (tied(100, 1, 3), (0, 5, 15, 80)),
        (tied(100, 5, 6), (1, 5, 14, 80)),
        (tied(100, 5, 7), (1, 3, 16, 80)),
        (tied(100, 20, 22), (1, 4, 17, 78)),
        (tied(100, 20, 23), (1, 4, 14, 81)),
        (tied(1000, 10, 11), (11, 39, 150, 800)),
        (tied(1000, 10, 12), (9, 41, 150, 800)),
        (["49.00"] * 1000, (0, 0, 0, 1000)),
    ],
)
def test_equal_amounts_share_a_level(tmp_path: Path, amounts: list[str], expected: tuple[int, ...]) -> None:
    assert counts(pyramid(tmp_path, amounts)[0]) == expected


def test_amounts_are_equal_when_they_are_to_the_cent(tmp_path: Path) -> None:
    found, _ = pyramid(tmp_path, ["100.004", "99.996", *falling(98)[::-1]][::-1])
    assert found[-1] == found[-2]


def test_base_100_has_its_lines(tmp_path: Path) -> None:
    found, lines = pyramid(tmp_path, BASE_100)
    assert counts(found) == (1, 4, 15, 80)
    assert lines == {"top": 240_000_00, "big": 27_500_00, "medium": 6_250_00}


def test_base_100_has_its_gini_coefficient(tmp_path: Path) -> None:
    accounts = [{"account_id": str(n), "amount": amount} for n, amount in enumerate(BASE_100)]
    rules = load_texts({"pyramid.yaml": RULES})
    with evaluated(rules, request(tmp_path, {Table.ACCOUNTS: accounts})) as evaluation:
        assert {v.values["seg_gini"] for v in evaluation.verdicts()} == {"0.7047"}


def test_without_a_next_position_the_line_is_the_amount_itself(tmp_path: Path) -> None:
    assert pyramid(tmp_path, ["250.01"])[1] == {"top": 25_001, "big": 25_001, "medium": 25_001}


def test_ranks_are_competition_ranks(tmp_path: Path) -> None:
    accounts = [
        {"account_id": name, "amount": amount} for name, amount in zip("abcd", ("5", "9", "9", "1"), strict=True)
    ]
    rules = load_texts({"pyramid.yaml": RULES})
    with evaluated(rules, request(tmp_path, {Table.ACCOUNTS: accounts})) as evaluation:
        ranks = {v.account: v.values["seg_revenue_rank"] for v in evaluation.verdicts()}
    assert ranks == {"a": "3", "b": "1", "c": "1", "d": "4"}


@settings(settings.get_profile("engine"))
@given(
    amounts=st.lists(st.sampled_from(["1", "2.50", "2.5", "7", "7.004", "90000", "0", ""]), min_size=1, max_size=250)
)
def test_any_base_is_levelled_as_a_person_would(tmp_path_factory: pytest.TempPathFactory, amounts: list[str]) -> None:
    found, _ = pyramid(tmp_path_factory.mktemp("pyramid"), amounts)
    active = {str(place): round(Decimal(a), 2) for place, a in enumerate(amounts) if a and Decimal(a) > 0}
    expected = levels(active)
    assert found == [expected.get(str(place)) for place in range(len(amounts))]
