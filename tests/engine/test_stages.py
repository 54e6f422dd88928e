"""Nodes are put in stages that have what they ask for, and the tables of all stages keep one order of accounts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
from msgspec.structs import replace

from connector.engine.nodes.building import Builder
from connector.engine.nodes.stages import in_stages
from connector.model.fields import Table
from connector.rules.loading import load
from connector.rules.ruleset import FormulaOf
from connector.rules.tree import Say
from tests.engine import evaluating
from tests.engine.evaluating import evaluated

if TYPE_CHECKING:
    from connector.engine.nodes.stages import Order
    from connector.ports import EvaluationRequest
    from tests.engine.evaluating import Rows

RULES = load(Path(__file__).parents[2] / "rules")
PUBLISHED = [output.node for output in RULES.outputs if output.node]


def shops(folder: Path) -> EvaluationRequest:
    """Some accounts, two of them of one group, with a deal, a ticket and a call each."""
    numbers = [7, 3, 9, 1, 5]
    accounts = [
        {"account_id": f"A{n}", "name": f"Shop {n}", "employees": f"{60 * n}", "parent_id": "A9" if n == 3 else None}
        for n in numbers
    ]
    deal = {"is_won": "true", "is_closed": "true", "close_date": "2026-01-01"}
    call = {"kind": "call"}
    tables: dict[Table, Rows] = {
        Table.ACCOUNTS: accounts,
        Table.DEALS: [{"deal_id": f"D{n}", "account_id": f"A{n}", "amount": f"{n}000"} | deal for n in numbers],
        Table.TICKETS: [
            {"ticket_id": f"T{n}", "account_id": f"A{n}", "created_at": "2026-03-20T10:00:00Z", "category": "complaint"}
            for n in numbers
        ],
        Table.ACTIVITIES: [
            {"activity_id": f"C{n}", "account_id": f"A{n}", "started_at": "2026-03-20T10:00:00Z", "minutes": f"{9 * n}"}
            | call
            for n in numbers
        ],
    }
    return evaluating.request(folder, tables)


def printed(asked: EvaluationRequest) -> list[bytes]:
    with evaluated(RULES, asked) as evaluation:
        return [*evaluation.json_lines()]


@pytest.fixture
def turned(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that makes the tables of all stages in another order than the accounts were read in."""
    query = Builder._query

    def backwards(builder: Builder, number: int, order: Order) -> str:
        asked = query(builder, number, order)
        return f'select * from ({asked}) order by "@k" desc' if number < order.last else asked

    monkeypatch.setattr(Builder, "_query", backwards)


def test_accounts_that_the_database_makes_in_another_order_are_told_apart_all_the_same(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    lines = printed(shops(tmp_path))
    request.getfixturevalue("turned")
    assert printed(shops(tmp_path)) == lines


@pytest.mark.usefixtures("turned")
def test_rows_of_several_accounts_side_by_side_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Builder, "_align", lambda *_: None)
    with pytest.raises(duckdb.Error, match="accounts out of order"):
        printed(shops(tmp_path))


def test_without_differences_to_ask_for_no_record_is_kept_and_the_lines_are_the_same(tmp_path: Path) -> None:
    asked = shops(tmp_path)
    lines = printed(asked)
    with evaluated(RULES, replace(asked, compares=False)) as evaluation:
        there = {name for (name,) in evaluation.published.rows("select table_name from duckdb_tables()")}
        assert [*evaluation.json_lines()] == lines
    assert not there & {"deal", "ticket", "activity"}


def test_every_node_has_what_it_asks_for() -> None:
    order = in_stages(RULES.nodes, PUBLISHED)
    place = {node.name: number for number, stage in enumerate(order.stages) for node in stage}
    assert place.keys() == {node.name for node in RULES.nodes}
    for node in RULES.nodes:
        for name in node.depends:
            before = place[name] + (0 if isinstance(node.definition, FormulaOf) else 1)
            assert before <= place[node.name] <= order.last_use[name], (node.name, name)


def test_no_sentence_is_kept_between_stages() -> None:
    order = in_stages(RULES.nodes, PUBLISHED)
    asked_early = {name for node in RULES.nodes if not isinstance(node.definition, FormulaOf) for name in node.depends}
    kept = [node for stage in order.stages[:-1] for node in stage if isinstance(node.definition, FormulaOf)]
    sentences = {node.name for node in RULES.nodes if isinstance(getattr(node.definition, "expression", None), Say)}
    assert sentences
    assert not sentences & {node.name for node in kept} - asked_early
