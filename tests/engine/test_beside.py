"""Tables beside the CRM in the engine: what is matched, what is not, and that both evaluators read them alike."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from connector.engine.duckdb import DuckDb
from connector.errors import UsageError
from connector.model.fields import Table
from connector.ports import Beside, EvaluationRequest, Matched
from connector.rules.connecting import connect
from connector.rules.loading import load_texts
from connector.rules.python.canonical import canonical
from connector.rules.python.population import evaluate
from connector.rules.python.reading import LOST
from tests.engine.evaluating import AS_OF, request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.rules.ruleset import RuleSet

Row = dict[str, "str | None"]
RULES = b"""
version: 1
parameters: {rollup: {default: ultimate_parent, one_of: [ultimate_parent, none]}}
tables: {bills: {columns: {booked: date, amount: money, fine: boolean, kind: text}}}
facts:
  total: {sum: bills.amount, where: booked is known and booked <= as_of}
  number: {count: bills}
  first_day: {min: bills.booked}
  fined: {any: bills.fine}
  kind_of_bill: {max: bills.kind, where: kind is known}
  same_day: {count: bills, where: booked = account.first_day}
  group_total: {sum: bills.amount, of: group}
fill:
  nps: total
  growth_potential: kind_of_bill
  quote_requested_at: first_day
fields:
  nps: {from: account.nps}
  group_nps: {from: account.nps, of: group}
  best_nps: {from: account.nps, of: group, pick: latest}
  parent_nps: {from: account.nps, pick: parent}
  group_parent_nps: {from: account.nps, of: group, pick: parent}
  potential: {from: account.growth_potential, one_of: [high, low]}
  quote: {from: account.quote_requested_at}
outputs:
"""
NAMES = [
    "total",
    "number",
    "first_day",
    "fined",
    "kind_of_bill",
    "same_day",
    "group_total",
    "nps",
    "group_nps",
    "best_nps",
    "parent_nps",
]
NAMES += ["group_parent_nps", "potential", "quote"]
LINES = "".join(f"  seg_{name}: {{from: {name}, label: {{en: x, nl: x}}}}\n" for name in NAMES)


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_texts({"r.yaml": RULES + LINES.encode()})


def asked(folder: Path, accounts: Sequence[Row], bills: Sequence[Row], **how: Any) -> EvaluationRequest:
    columns = ["debtor", "booked", "amount", "fine", "kind"]
    path = folder / "bills.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(bills)
    least = {"nps": None, "debtor": None, "growth_potential": None, "quote_requested_at": None, "parent_id": None}
    made = request(folder, {Table.ACCOUNTS: [least | row for row in accounts]})
    told: dict[str, Any] = {"match": {"debtor": "debtor"}} | how
    return replace(made, beside={"bills": Beside(files=(path,), **told)})


def evaluated(rules: RuleSet, request: EvaluationRequest) -> tuple[dict[str, Mapping[str, str | None]], Matched]:
    evaluation = DuckDb().evaluate(rules, request, lambda *_: None)
    try:
        [matched] = evaluation.matched
        return {verdict.account: verdict.values for verdict in evaluation.verdicts()}, matched
    finally:
        evaluation.close()


def bill(debtor: str | None, amount: str | None, booked: str | None = "2026-03-01", **more: str) -> Row:
    return {"debtor": debtor, "amount": amount, "booked": booked, **more}


def test_rows_count_for_the_one_account_that_has_their_key(rules: RuleSet, tmp_path: Path) -> None:
    accounts: list[Row] = [
        {"account_id": "1", "debtor": "D1"},
        {"account_id": "2", "debtor": " d2 "},
        {"account_id": "3", "debtor": None},
        {"account_id": "4", "debtor": "D4"},
        {"account_id": "5", "debtor": "D4"},
        {"account_id": "6", "debtor": "D6"},
        {"account_id": "7", "debtor": "D7"},
        {"account_id": "8", "debtor": "D7"},
    ]
    bills = [bill("D1", "10"), bill("D1", "5.50"), bill("D2", "7"), bill("D4", "3"), bill("D9", "1"), bill(None, "1")]
    found, matched = evaluated(rules, asked(tmp_path, accounts, bills))
    assert {account: values["seg_total"] for account, values in found.items()} == {
        "1": "15.5",
        "2": "7",
        "3": None,  # no key: nobody knows
        "4": None,  # shares a key that has a row
        "5": None,
        "6": "0",  # has a key and no row: nothing
        "7": "0",  # shares a key that has no row
        "8": "0",
    }
    assert matched == Matched("bills", rows=6, matched=3, unmatched=2, ambiguous=1, accounts=2, keyless=1)


def test_a_table_that_is_too_old_is_unknown_for_everybody(rules: RuleSet, tmp_path: Path) -> None:
    accounts: list[Row] = [{"account_id": "1", "debtor": "D1"}, {"account_id": "2", "debtor": "D2"}]
    found, matched = evaluated(rules, asked(tmp_path, accounts, [bill("D1", "10")], too_old=True))
    for values in found.values():
        assert {values[f"seg_{name}"] for name in ("total", "number", "first_day", "fined")} == {None}
    assert matched.too_old


def test_two_columns_must_both_be_equal(rules: RuleSet, tmp_path: Path) -> None:
    accounts: list[Row] = [
        {"account_id": "1", "debtor": "D1", "growth_potential": "high"},
        {"account_id": "2", "debtor": "D1", "growth_potential": "low"},
    ]
    both = {"match": {"debtor": "debtor", "kind": "growth_potential"}}
    found, _ = evaluated(rules, asked(tmp_path, accounts, [bill("D1", "10", kind="low")], **both))
    assert [found[account]["seg_total"] for account in ("1", "2")] == ["0", "10"]


def test_ids_are_matched_as_they_are_written(rules: RuleSet, tmp_path: Path) -> None:
    accounts: list[Row] = [{"account_id": "aB"}, {"account_id": "ab"}]
    found, _ = evaluated(rules, asked(tmp_path, accounts, [bill("aB", "10")], match={"debtor": "account_id"}))
    assert [found[account]["seg_total"] for account in ("aB", "ab")] == ["10", "0"]


def test_a_cell_that_cannot_be_read_is_listed_and_is_no_zero(rules: RuleSet, tmp_path: Path) -> None:
    evaluation = DuckDb().evaluate(
        rules, asked(tmp_path, [{"account_id": "1", "debtor": "D1"}], [bill("D1", "12,5")]), lambda *_: None
    )
    try:
        assert [reason.message for reason in evaluation.unreadable] == [
            "bills.csv row 2 (debtor D1), column amount: '12,5' is not a decimal number with a point"
        ]
        assert next(evaluation.verdicts()).values["seg_total"] is None
    finally:
        evaluation.close()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"match": {"debtr": "debtor"}}, "tables.bills: bills.csv has no column 'debtr'"),
        ({"columns": {"amount": "amnt"}}, "tables.bills: bills.csv has no column 'amnt'"),
        ({"match": {"debtor": "debitor"}}, "tables.bills: the accounts have no field 'debitor'"),
    ],
)
def test_a_column_that_is_named_and_not_there_is_an_error(
    rules: RuleSet, tmp_path: Path, how: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        evaluated(rules, asked(tmp_path, [{"account_id": "1"}], [], **how))
    assert str(caught.value) == message
    assert caught.value.hint.startswith("did you mean")


# ── both evaluators ──────────────────────────────────────────────────────────────────────────────

KEYS = st.sampled_from([None, "D1", "D2", "D3"])
BILLS = st.builds(
    lambda debtor, amount, day, fine, kind: {
        "debtor": debtor,
        "amount": amount,
        "booked": day,
        "fine": fine,
        "kind": kind,
    },
    KEYS,
    st.sampled_from([None, "0", "-1.005", "2.50", "9"]),
    st.sampled_from([None, "2026-03-01", "2026-05-01", "2025-01-01"]),
    st.sampled_from([None, "true", "false"]),
    st.sampled_from([None, "HIGH", "low", "medium"]),
)
ACCOUNTS = st.lists(
    st.builds(
        lambda debtor, parent, nps, potential: {
            "debtor": debtor,
            "parent_id": parent,
            "nps": nps,
            "growth_potential": potential,
        },
        KEYS,
        st.sampled_from([None, "1", "3"]),
        st.sampled_from([None, "4", "8.5"]),
        st.sampled_from([None, "High", "other"]),
    ),
    min_size=1,
    max_size=5,
)


def by_hand(accounts: Sequence[Row], bills: Sequence[Row]) -> list[Row]:
    """The rows as the definition says, each with its account; one lost row where nobody can tell."""
    holders: dict[str | None, list[str]] = {}
    for row in accounts:
        holders.setdefault(row["debtor"], []).append(str(row["account_id"]))
    rows = [{"account_id": holders[b["debtor"]][0], **b} for b in bills if len(holders.get(b["debtor"], ())) == 1]
    rows = [row for row in rows if row["debtor"] is not None]
    shared = {b["debtor"] for b in bills if len(holders.get(b["debtor"], ())) > 1}
    lost = [row["account_id"] for row in accounts if row["debtor"] is None or row["debtor"] in shared]
    return [*rows, *({"account_id": account, LOST: "true"} for account in lost)]


@settings(max_examples=60, deadline=None)
@given(accounts=ACCOUNTS, bills=st.lists(BILLS, max_size=6))
def test_both_evaluators_read_them_alike(rules: RuleSet, accounts: list[Row], bills: list[Row]) -> None:
    accounts = [{"account_id": str(n + 1), **row} for n, row in enumerate(accounts)]
    with tempfile.TemporaryDirectory() as folder:
        made = asked(Path(folder), accounts, bills)
        there, _ = evaluated(rules, made)
    available = {
        "accounts": {"account_id", "debtor", "parent_id", "nps", "growth_potential", "quote_requested_at"},
        "deals": {"deal_id", "account_id", "is_won", "is_closed", "amount", "close_date"},
        "bills": {"debtor", "booked", "amount", "fine", "kind"},
    }
    connected = connect(rules, available)
    tables = {Table.ACCOUNTS: [{"quote_requested_at": None, **row} for row in accounts], Table.DEALS: []}
    cells = evaluate(connected, tables, as_of=AS_OF, beside={"bills": by_hand(accounts, bills)})
    here = {
        account: {o.output.name: canonical(row[o.node], o.output) for o in connected.outputs if o.node}
        for account, row in cells.items()
    }
    assert {account: dict(values) for account, values in there.items()} == here
