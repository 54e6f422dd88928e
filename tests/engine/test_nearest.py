"""The nearest change of tier that `explain` names really changes it, in both evaluators, and is near."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from connector.engine.duckdb import DuckDb
from connector.model.fields import Table
from connector.ports import EvaluationRequest
from connector.rules.connecting import connect
from connector.rules.loading import load
from connector.rules.python.population import evaluate
from connector.wiring.nearest import nearest
from connector.wiring.one import one
from tests.engine.evaluating import AS_OF
from tests.engine.files import as_parquet
from tests.shared import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = dict[str, "str | None"]
RULES = load(ROOT / "rules")
RULES = replace(
    RULES, outputs=tuple(o for o in RULES.outputs if o.output.name in {"seg_tier", "seg_pyramid_level"}), warnings={}
)
ACCOUNTS = ("account_id", "potential_annual_revenue", "growth_potential", "parent_id", "seg_pyramid_level")
DEALS = ("deal_id", "account_id", "is_won", "is_closed", "amount", "close_date")


@st.composite
def populations(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """A few accounts with and without deals, potential, a parent, a previous level."""
    ids = [str(n) for n in range(draw(st.integers(2, 8)))]
    accounts: list[Row] = [
        {
            "account_id": one,
            "potential_annual_revenue": draw(st.sampled_from([None, "0", "15000", "60000"])),
            "growth_potential": draw(st.sampled_from([None, None, "high", "low"])),
            "parent_id": draw(st.sampled_from([None, None, None, "0"])) if one != "0" else None,
            "seg_pyramid_level": draw(st.sampled_from([None, "small", "medium", "top"])),
        }
        for one in ids
    ]
    deals: list[Row] = [
        {
            "deal_id": str(n),
            "account_id": draw(st.sampled_from(ids)),
            "is_won": draw(st.sampled_from(["true", "true", "true", "false"])),
            "is_closed": "true",
            "amount": draw(st.sampled_from(["100", "900", "2500", "2500", "9999.99", "40000"])),
            "close_date": draw(st.sampled_from(["2026-03-01", "2025-06-01", "2024-01-01", "2021-01-01"])),
        }
        for n in range(draw(st.integers(1, 12)))
    ]
    return accounts, deals


def request(folder: Path, accounts: Sequence[Row], deals: Sequence[Row]) -> EvaluationRequest:
    tables = {Table.ACCOUNTS: accounts, Table.DEALS: deals}
    files = as_parquet(folder, tables, {Table.ACCOUNTS: ACCOUNTS, Table.DEALS: DEALS})
    return EvaluationRequest(files, AS_OF, "Europe/Amsterdam", "EUR", "en")


def asked(folder: Path, accounts: Sequence[Row], deals: Sequence[Row], account: str) -> tuple[Any, str | None]:
    """The change that is named, and the tier now."""
    made = request(folder, accounts, deals)
    engine = DuckDb()
    found = one(RULES, made, engine.standing(RULES, made, lambda *_: None), account)
    assert found is not None
    return nearest(lambda: engine, found, (RULES, made)), found.explanation().verdict.values["seg_tier"]


def tier_in_python(accounts: Sequence[Row], deals: Sequence[Row], account: str) -> str | None:
    rules = connect(RULES, {"accounts": set(ACCOUNTS), "deals": set(DEALS)})
    node = next(o.node for o in rules.outputs if o.output.name == "seg_tier")
    cell = evaluate(rules, {Table.ACCOUNTS: accounts, Table.DEALS: deals}, as_of=AS_OF)[account][node]
    return cell if isinstance(cell, str) and cell != "unknown" else "unknown"


def won(account: str, amount: str) -> Row:
    row: Row = {"deal_id": "more", "account_id": account, "is_won": "true", "is_closed": "true", "amount": amount}
    return row | {"close_date": AS_OF.isoformat()}


@settings(max_examples=20, deadline=None)
@given(population=populations())
def test_the_change_that_is_named_alters_the_tier_in_both_evaluators(population: tuple[list[Row], list[Row]]) -> None:
    accounts, deals = population
    with tempfile.TemporaryDirectory() as folder:
        change, now = asked(Path(folder), accounts, deals, "1")
    if change is None:
        return
    applied = [*deals, won("1", change["revenue"])]
    with tempfile.TemporaryDirectory() as folder:
        evaluation = DuckDb().evaluate(RULES, request(Path(folder), accounts, applied), lambda *_: None)
        tiers = {verdict.account: verdict.values["seg_tier"] for verdict in evaluation.verdicts()}
        evaluation.close()
    assert tiers["1"] == change["tier"] != now
    assert tier_in_python(accounts, applied, "1") == change["tier"]


def base(amounts: Sequence[str], potential: str) -> tuple[list[Row], list[Row]]:
    accounts: list[Row] = [
        {**dict.fromkeys(ACCOUNTS), "account_id": str(n), "potential_annual_revenue": potential}
        for n in range(len(amounts))
    ]
    deals = [won(str(n), amount) | {"deal_id": str(n), "close_date": "2025-06-01"} for n, amount in enumerate(amounts)]
    return accounts, deals


@pytest.mark.parametrize(
    ("account", "revenue", "tier"),
    [
        ("2", "2000.00", "large"),  # ten customers: two are above the line, and equal to the second is enough
        ("0", "-12000.01", "transactional"),  # a cent below the third
        ("9", "-3000.00", "inactive"),
    ],
)
def test_the_change_is_the_least_that_does_it(tmp_path: Path, account: str, revenue: str, tier: str) -> None:
    accounts, deals = base(["20000", "10000", "8000", *["3000"] * 7], "0")
    change, _ = asked(tmp_path, accounts, deals, account)
    assert change == {"revenue": revenue, "tier": tier}
