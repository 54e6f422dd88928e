"""Lines come out in the order of accounts, in whatever order the database hands them on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from connector.engine.answers import lines
from connector.engine.answers.lines import in_order
from connector.model.fields import Table
from connector.rules.loading import load
from tests.engine.evaluating import evaluated, request

if TYPE_CHECKING:
    import pytest


@given(st.permutations(range(1, 12)))
def test_lines_come_out_by_their_places(places: list[int]) -> None:
    coming = [(place, str(place).encode()) for place in places]
    assert [int(line) for line in in_order(coming)] == sorted(places)


def test_a_line_in_its_place_does_not_wait_for_the_rest() -> None:
    coming = iter([(1, b"one"), (2, b"two")])
    assert next(in_order(coming)) == b"one"
    assert next(coming) == (2, b"two")


def test_accounts_asked_for_by_stretches_are_printed_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = load(Path(__file__).parents[2] / "rules")
    accounts = [{"account_id": f"A{n}", "name": f"Company {n}", "employees": str(100 * n)} for n in (3, 1, 5, 2, 4)]
    deals = [
        {"deal_id": f"D{n}", "account_id": f"A{n}", "is_won": "true", "amount": f"{n}000", "close_date": "2026-01-01"}
        for n in range(1, 6)
    ]
    with evaluated(rules, request(tmp_path, {Table.ACCOUNTS: accounts, Table.DEALS: deals})) as evaluation:
        whole = list(evaluation.json_lines())
        monkeypatch.setattr(lines, "AT_ONCE", 2)
        assert list(evaluation.json_lines()) == whole
    assert [json.loads(line)["account_id"] for line in whole] == ["A1", "A2", "A3", "A4", "A5"]
