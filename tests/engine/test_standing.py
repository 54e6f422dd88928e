"""What a population comes to is read off an evaluation of no more than that."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from connector.engine.answers.pictures import is_line
from connector.engine.answers.standing import alone, standing
from connector.engine.duckdb import DuckDb
from connector.model.fields import Table
from connector.ports import EvaluationRequest
from connector.rules.loading import load
from connector.rules.python.standing import asked
from connector.rules.ruleset import RankOf, needed
from tests.engine.files import as_parquet
from tests.engine.populations import AS_OF
from tests.shared import ROOT

if TYPE_CHECKING:
    from pathlib import Path

RULES = load(ROOT / "rules")
ACCOUNTS = ("account_id", "industry", "employees", "potential_annual_revenue")
DEALS = ("deal_id", "account_id", "is_won", "is_closed", "amount", "close_date", "margin_pct")


def request(folder: Path) -> EvaluationRequest:
    accounts = [dict(zip(ACCOUNTS, (str(n), "retail", str(20 * n), "60000"), strict=True)) for n in range(12)]
    deals = [
        dict(
            zip(
                DEALS,
                (str(n), str(n % 9), "true", "true", str(300 * n), (AS_OF - timedelta(days=40)).isoformat(), "12"),
                strict=True,
            )
        )
        for n in range(30)
    ]
    tables = {Table.ACCOUNTS: accounts, Table.DEALS: deals}
    files = as_parquet(folder, tables, {Table.ACCOUNTS: ACCOUNTS, Table.DEALS: DEALS})
    return EvaluationRequest(files, AS_OF, "Europe/Amsterdam", "EUR", "en")


def test_it_is_what_the_whole_evaluation_comes_to(tmp_path: Path) -> None:
    made = request(tmp_path)
    found = DuckDb().standing(RULES, made, lambda *_: None)
    with closing(DuckDb().evaluate(RULES, replace(made, keep_all=True), lambda *_: None)) as evaluation:
        assert found == standing(evaluation.published)
    assert all(found.ranked.values())
    assert found.figures["active_customers"][()].value == 9


def test_nobodys_place_and_no_line_is_worked_out_for_it(tmp_path: Path) -> None:
    rules, asked_for = alone(RULES, request(tmp_path))
    worked_out = needed(rules.nodes, asked_for.keep)
    places = {node.name for node in worked_out if isinstance(node.definition, RankOf)}
    assert places <= {node.name for node in needed(RULES.nodes, asked(RULES.nodes))}
    assert not any(is_line(node) for node in rules.nodes)
    assert len(worked_out) < len(RULES.nodes) / 3
