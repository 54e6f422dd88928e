"""One account worked out alone is what the population says of it: every value, every state, after every change."""

from __future__ import annotations

import tempfile
from contextlib import closing, suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.engine.duckdb import DuckDb
from connector.model.fields import Table
from connector.ports import Beside, EvaluationRequest
from connector.rules.loading import load, load_texts
from connector.rules.python.few import CannotTellError, others_stay
from connector.rules.python.standing_text import dumped, loaded
from connector.rules.ruleset import needed
from connector.wiring.nearest import applied, deal
from connector.wiring.one import node_value, one
from tests.engine.files import as_parquet
from tests.engine.populations import AS_OF, COLUMNS, DAYS, IDS, Row, Tables, tables
from tests.engine.two_ways import ZONE, differing
from tests.shared import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.rules.ruleset import RuleSet

HERE = Path(__file__).parent
LINK = ("from_id", "account_id", "primary")
BILL = ("debtor", "booked", "total", "kind")
MORE = {"visits": ["1", "2.5", "many", "0.0000005", "1234567890123", " "], "debtor": ["D1", "d1 ", "D2", "D3"]}
EVERYBODY, MARGIN = "active_plus_inactive", "margin_after_service"


RANKED = {
    "pyramid.population": st.sampled_from(["active_customers", EVERYBODY]),
    "pyramid.metric": st.sampled_from(["revenue_12m", MARGIN, "customer_value"]),
    "pyramid.two_level_below": st.sampled_from(["0", "100"]),
}
"""Who counts in the pyramid, by what, and in how many bands."""


def kitchen(overrides: dict[str, object]) -> RuleSet:
    files = {name: (HERE / name).read_bytes() for name in ("kitchen.yaml", "more.yaml")}
    return load_texts(files, overrides)


def shipped(overrides: dict[str, object]) -> RuleSet:
    return load(ROOT / "rules", overrides)


def rows(key: str, of: list[str], texts: dict[str, list[str | None]]) -> st.SearchStrategy[list[Row]]:
    others = {name: st.sampled_from(values) for name, values in texts.items()}
    return st.lists(st.fixed_dictionaries({key: st.sampled_from(of), **others}), max_size=12)


LINKS = {"account_id": [*IDS[:6], *IDS[:6], "gone", " ", None], "primary": ["true", "false", None]}
BILLS: dict[str, list[str | None]] = {
    "booked": [*DAYS[:4], "soon", None],
    "total": ["10", "-2.005", "1,5", None],
    "kind": ["a", None],
}


@st.composite
def everything(draw: st.DrawFn) -> tuple[Tables, list[Row]]:
    """A population, sometimes with links instead of one account a deal, columns of one's own, and a table beside it."""
    found = draw(tables())
    for row in found[Table.ACCOUNTS]:
        row |= {name: draw(st.none() | st.sampled_from(texts)) for name, texts in MORE.items()}
    if draw(st.booleans()):
        found[Table.DEAL_ACCOUNTS] = draw(rows("from_id", [f"D{n}" for n in range(12)], LINKS))
    if draw(st.booleans()) and Table.TICKETS in found:
        found[Table.TICKET_ACCOUNTS] = draw(rows("from_id", [f"T{n}" for n in range(8)], LINKS))
    return found, draw(rows("debtor", ["D1", "D1", "D2", " d3", ""], BILLS))


def request(folder: Path, population: Tables, bills: list[Row], language: str, **beside: Any) -> EvaluationRequest:
    columns = {**COLUMNS, Table.DEAL_ACCOUNTS: LINK, Table.TICKET_ACCOUNTS: LINK}
    columns[Table.ACCOUNTS] = (*COLUMNS[Table.ACCOUNTS], *MORE)
    files = as_parquet(folder, population, columns)
    bill_files = as_parquet(folder / "beside", {Table.GONE: bills}, {Table.GONE: BILL})[Table.GONE]
    joined = {"bills": Beside(files=bill_files, match={"debtor": "debtor"}, columns={"amount": "total"}, **beside)}
    return EvaluationRequest(files, AS_OF, ZONE, "EUR", language, beside=joined, keep_all=True)


@pytest.mark.parametrize("rules", [kitchen, shipped])
@settings(settings.get_profile("engine"))
@given(population=everything(), data=st.data())
def test_every_value_of_one_account_is_what_the_population_says(
    rules: Callable[[dict[str, object]], RuleSet], population: tuple[Tables, list[Row]], data: st.DataObject
) -> None:
    overrides: dict[str, object] = {
        "rollup": data.draw(st.sampled_from(["ultimate_parent", "none"])),
        "sales_pipelines": data.draw(st.sampled_from(["", "default"])),
    }
    if rules is shipped:
        overrides |= data.draw(st.fixed_dictionaries(RANKED))
    ruleset = rules(overrides)
    language, too_old = data.draw(st.sampled_from(["en", "nl"])), data.draw(st.booleans())
    with tempfile.TemporaryDirectory() as folder:
        asked = request(Path(folder), *population, language, too_old=too_old)
        everybody = loaded(dumped(DuckDb().standing(ruleset, asked, lambda *_: None)))
        with closing(DuckDb().evaluate(ruleset, asked, lambda *_: None)) as evaluation:
            for account in data.draw(st.lists(st.sampled_from(IDS), min_size=4, max_size=6, unique=True)):
                whole, alone = evaluation.explain(account), one(ruleset, asked, everybody, account)
                assert (whole is None) == (alone is None), account
                if whole is not None and alone is not None:
                    assert differing(alone.explanation(), whole) == {}, account


@pytest.mark.parametrize(
    ("name", "value"), [("pyramid.population", "active_plus_inactive"), ("pyramid.metric", MARGIN)]
)
def test_who_is_sent_last_or_only_counted_is_so_for_one_account_too(tmp_path: Path, name: str, value: str) -> None:
    """Thirty customers of whom some cost more than they bring, ten of the past, and two with a contract alone."""
    accounts: list[Row] = [
        {"account_id": f"A{n}", "service_hours_12m": str(40 * (n % 3)), "gross_margin_pct": "40"} for n in range(42)
    ]
    for account in accounts[40:]:
        account["service_hours_12m"] = "0"
        account["contract_end_date"] = (AS_OF + timedelta(days=90)).isoformat()
    ago = [30] * 30 + [900] * 10
    deals: list[Row] = [
        {
            "deal_id": f"D{n}",
            "account_id": f"A{n}",
            "is_won": "true",
            "is_closed": "true",
            "amount": str(997 * n + 1),
            "close_date": (AS_OF - timedelta(days=days)).isoformat(),
        }
        for n, days in enumerate(ago)
    ]
    columns = {Table.ACCOUNTS: (*accounts[0], "contract_end_date"), Table.DEALS: tuple(deals[0])}
    files = as_parquet(tmp_path, {Table.ACCOUNTS: accounts, Table.DEALS: deals}, columns)
    asked = EvaluationRequest(files, AS_OF, ZONE, "EUR", "en", keep_all=True)
    rules = shipped({name: value})
    everybody = DuckDb().standing(rules, asked, lambda *_: None)
    with closing(DuckDb().evaluate(rules, asked, lambda *_: None)) as evaluation:
        for who in ("A0", "A1", "A15", "A29", "A35", "A41"):
            whole, alone = evaluation.explain(who), one(rules, asked, everybody, who)
            assert whole is not None
            assert alone is not None
            assert differing(alone.explanation(), whole) == {}, who


@settings(settings.get_profile("engine"))
@given(population=everything(), data=st.data())
def test_a_change_applied_alone_is_the_change_applied_to_everybody(
    population: tuple[Tables, list[Row]], data: st.DataObject
) -> None:
    """Every value for which others stay as they are, or which says that it cannot tell."""
    ruleset, account = kitchen({}), str(data.draw(st.sampled_from(population[0][Table.ACCOUNTS]))["account_id"])
    amount = Decimal(data.draw(st.sampled_from(["0.01", "-50", "100", "2500", "62500.5", "1000000"])))
    with tempfile.TemporaryDirectory() as folder:
        asked = request(Path(folder), *population, "en")
        here = one(ruleset, asked, DuckDb().standing(ruleset, asked, lambda *_: None), account)
        if here is None:
            return
        with applied(DuckDb(), ruleset, asked, deal(here, amount)) as evaluation:
            whole = evaluation.explain(account)
        assert whole is not None
        there = {node.name: node for node in whole.nodes}
        for node in here.rules.nodes:
            nodes = needed(here.rules.nodes, [node.name])
            if others_stay(nodes, was_referred=here.was_referred):
                with suppress(CannotTellError):
                    cell = here.after(deal(here, amount), nodes)[node.name]
                    assert node_value(node.name, cell) == there[node.name]


def test_only_what_others_contribute_to_is_asked_of_everybody() -> None:
    nodes = {node.name: node for node in kitchen({}).nodes}

    def stay(name: str, *, was_referred: bool = False) -> bool:
        return others_stay(needed([*nodes.values()], [name]), was_referred=was_referred)

    assert stay("place")
    assert stay("share")
    assert not stay("on_rank")  # counts those of a level, and levels move along
    assert stay("referred_won", was_referred=True)  # asked of the account itself, of nobody for everybody
