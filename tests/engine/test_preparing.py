"""Who exists, in which group, with which deals in which money (domain.md 2.2 to 2.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.errors import UsageError
from connector.model.fields import Table
from connector.rules.loading import load_texts
from tests.engine.evaluating import evaluated, request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from connector.model.verdicts import Verdict

RULES = b"""
version: 1
parameters:
  rollup: {default: ultimate_parent, one_of: [ultimate_parent, none], meaning: groups}
  sales_pipelines: {default: [], meaning: pipelines that count}
fields:
  unreadable: {from: account.unreadable}
  hierarchy_broken: {from: account.hierarchy_broken}
facts:
  own: {sum: deals.amount, where: amount is known}
  revenue: {sum: members.own, of: group}
  deals_seen: {count: deals}
  no_amount: {any: deals, where: amount is unknown}
  no_rate: {any: deals.currency_unknown}
  bad_amount: {any: deals.amount_invalid}
  no_primary: {any: deals.no_primary}
  contacts: {count: tickets}
warnings:
  AMOUNT_INVALID: bad_amount
  AMOUNT_MISSING: no_amount
  CURRENCY_UNKNOWN: no_rate
  HIERARCHY_BROKEN: hierarchy_broken
  NO_PRIMARY_COMPANY: no_primary
  UNREADABLE: unreadable
outputs:
  seg_revenue_12m: {from: revenue, label: {en: Revenue, nl: Omzet}}
  seg_own: {from: own, label: {en: Own, nl: Eigen}}
  seg_deals: {from: deals_seen, label: {en: Deals, nl: Deals}}
  seg_contacts: {from: contacts, label: {en: Contacts, nl: Contacten}}
"""
Row = dict[str, str]
DEAL = {"is_won": "true", "is_closed": "true", "amount": "100", "close_date": "2026-01-31"}


def account(name: str, **cells: str) -> Row:
    return {"account_id": name, **cells}


def deal(name: str, owner: str, **cells: str) -> Row:
    return DEAL | {"deal_id": name, "account_id": owner} | cells


def verdicts(folder: Path, tables: Mapping[Table, Sequence[Row]], **overrides: object) -> dict[str, Verdict]:
    rules = load_texts({"r.yaml": RULES}, overrides)
    with evaluated(rules, request(folder, tables)) as evaluation:
        return {verdict.account: verdict for verdict in evaluation.verdicts()}


def revenue(folder: Path, accounts: Sequence[Row], deals: Sequence[Row], **overrides: object) -> dict[str, str | None]:
    found = verdicts(folder, {Table.ACCOUNTS: accounts, Table.DEALS: deals}, **overrides)
    return {name: verdict.values["seg_revenue_12m"] for name, verdict in found.items()}


# ── groups ───────────────────────────────────────────────────────────────────────────────────────


def test_a_group_is_its_ultimate_parent_with_everybody_below(tmp_path: Path) -> None:
    accounts = [account("top"), account("mid", parent_id="top"), account("low", parent_id="mid"), account("alone")]
    deals = [deal("1", "low"), deal("2", "mid"), deal("3", "alone")]
    assert revenue(tmp_path, accounts, deals) == {"alone": "100", "low": "200", "mid": "200", "top": "200"}


def test_without_roll_up_everybody_stands_alone_and_nothing_is_broken(tmp_path: Path) -> None:
    accounts = [account("top", parent_id="gone"), account("low", parent_id="top")]
    found = verdicts(tmp_path, {Table.ACCOUNTS: accounts, Table.DEALS: [deal("1", "low")]}, rollup="none")
    assert {name: v.values["seg_revenue_12m"] for name, v in found.items()} == {"low": "100", "top": "0"}
    assert {v.warnings for v in found.values()} == {()}


@pytest.mark.parametrize(
    ("parents", "broken"),
    [
        ({"a": "a"}, {"a"}),
        ({"a": "b", "b": "a"}, {"a", "b"}),
        ({"a": "b", "b": "c", "c": "b"}, {"a", "b", "c"}),
        ({"a": "gone"}, {"a"}),
        ({"a": "b", "b": "gone"}, {"a", "b"}),
        ({f"s{n:02}": f"s{n + 1:02}" for n in range(10)}, set()),
        ({f"s{n:02}": f"s{n + 1:02}" for n in range(11)}, {"s00"}),
    ],
)
def test_a_chain_that_cannot_be_followed_stands_alone(
    tmp_path: Path, parents: dict[str, str], broken: set[str]
) -> None:
    names = {*parents, *parents.values()} - {"gone"}
    accounts = [account(name, parent_id=parents.get(name, "")) for name in sorted(names)]
    deals = [deal(name, name) for name in names]
    found = verdicts(tmp_path, {Table.ACCOUNTS: accounts, Table.DEALS: deals})
    assert {name for name, v in found.items() if "HIERARCHY_BROKEN" in v.warnings} == broken
    assert {found[name].values["seg_revenue_12m"] for name in broken} <= {"100"}
    whole = names - broken
    assert {found[name].values["seg_revenue_12m"] for name in whole} <= {str(100 * len(whole))}


# ── who exists ───────────────────────────────────────────────────────────────────────────────────


def test_what_is_created_after_the_day_does_not_exist(tmp_path: Path) -> None:
    accounts = [account("old"), account("new", created_at="2026-04-01T22:00:00Z")]
    deals = [
        deal("1", "old", created_at="2026-04-01T21:59:59Z"),
        deal("2", "old", created_at="2026-04-01T22:00:01Z"),
        deal("3", "old", created_at=""),
    ]
    found = verdicts(tmp_path, {Table.ACCOUNTS: accounts, Table.DEALS: deals})
    assert {name: v.values["seg_deals"] for name, v in found.items()} == {"old": "2"}


def test_pipelines_are_compared_without_case_in_any_language(tmp_path: Path) -> None:
    deals = [deal(str(n), "a", pipeline=name) for n, name in enumerate(("İhracat", "ΟΔΟΣ", "sales"))]
    assert revenue(tmp_path, [account("a")], deals, sales_pipelines="İhracat,ΟΔΟΣ") == {"a": "200"}


def test_only_sales_pipelines_count_where_they_are_named(tmp_path: Path) -> None:
    deals = [deal("1", "a", pipeline="sales"), deal("2", "a", pipeline="service"), deal("3", "a", pipeline="")]
    assert revenue(tmp_path, [account("a")], deals) == {"a": "300"}
    assert revenue(tmp_path, [account("a")], deals, sales_pipelines="sales") == {"a": "100"}


# ── one deal, one account ────────────────────────────────────────────────────────────────────────


def link(record: str, owner: str, primary: str = "") -> Row:
    return {"from_id": record, "account_id": owner, "primary": primary}


def linked(folder: Path, links: Sequence[Row]) -> dict[str, tuple[str | None, bool]]:
    accounts = [account(name) for name in ("10", "9", "x")]
    tables = {Table.ACCOUNTS: accounts, Table.DEALS: [deal("D", "x")], Table.DEAL_ACCOUNTS: links}
    found = verdicts(folder, tables)
    return {name: (v.values["seg_own"], "NO_PRIMARY_COMPANY" in v.warnings) for name, v in found.items()}


def test_a_deal_of_several_accounts_counts_for_the_primary_one(tmp_path: Path) -> None:
    found = linked(tmp_path, [link("D", "9"), link("D", "10", "true"), link("D", "10")])
    assert found == {"10": ("100", False), "9": ("0", False), "x": ("0", False)}


def test_without_a_primary_one_it_counts_for_the_lowest_id_and_says_so(tmp_path: Path) -> None:
    assert linked(tmp_path, [link("D", "10"), link("D", "9")]) == {
        "10": ("0", False),
        "9": ("100", True),
        "x": ("0", False),
    }


def test_a_single_account_needs_no_label(tmp_path: Path) -> None:
    assert linked(tmp_path, [link("D", "10")])["10"] == ("100", False)


def test_links_decide_over_the_deals_own_column(tmp_path: Path) -> None:
    assert linked(tmp_path, [])["x"] == ("0", False)


def test_tickets_are_counted_for_one_account_too(tmp_path: Path) -> None:
    tables = {
        Table.ACCOUNTS: [account("10"), account("9")],
        Table.TICKETS: [{"ticket_id": "T", "created_at": "2026-01-01T08:00:00Z"}],
        Table.TICKET_ACCOUNTS: [link("T", "10"), link("T", "9")],
    }
    assert {n: v.values["seg_contacts"] for n, v in verdicts(tmp_path, tables).items()} == {"10": "0", "9": "1"}


# ── money ────────────────────────────────────────────────────────────────────────────────────────


RATES = [
    {"currency": "usd", "valid_from": "2026-01-01", "rate": "0.9"},
    {"currency": "USD", "valid_from": "2026-01-31", "rate": "0.915"},
    {"currency": "USD", "valid_from": "2026-02-01", "rate": "2"},
]


@pytest.mark.parametrize(
    ("cells", "amount", "warning"),
    [
        ({"currency": "EUR"}, "100", None),
        ({"currency": "eur"}, "100", None),
        ({"currency": ""}, "100", None),
        ({"currency": "USD"}, "91.5", None),
        ({"currency": "USD", "amount": "0.01"}, "0.01", None),
        ({"currency": "USD", "close_date": "2026-01-30"}, "90", None),
        ({"currency": "USD", "home_amount": "88.125"}, "88.13", None),
        ({"currency": "USD", "close_date": "2025-12-31"}, "0", "CURRENCY_UNKNOWN"),
        ({"currency": "USD", "close_date": ""}, "0", "CURRENCY_UNKNOWN"),
        ({"currency": "GBP"}, "0", "CURRENCY_UNKNOWN"),
        ({"currency": "GBP", "amount": ""}, "0", None),
        ({"amount": "12,5"}, "0", "AMOUNT_INVALID"),
        ({"amount": "1e5"}, "0", "AMOUNT_INVALID"),
        ({"amount": "100.005"}, "100.01", None),
        ({"amount": "-100.005"}, "-100.01", None),
    ],
)
def test_an_amount_is_in_home_currency_or_says_why_not(
    tmp_path: Path, cells: dict[str, str], amount: str, warning: str | None
) -> None:
    tables = {Table.ACCOUNTS: [account("a")], Table.DEALS: [deal("1", "a", **cells)], Table.CURRENCY_RATES: RATES}
    verdict = verdicts(tmp_path, tables)["a"]
    assert verdict.values["seg_own"] == amount
    assert [w for w in verdict.warnings if w != "AMOUNT_MISSING"] == ([warning] if warning else [])
    assert ("AMOUNT_MISSING" in verdict.warnings) is (amount == "0")


def test_foreign_money_without_a_rate_table_is_unknown(tmp_path: Path) -> None:
    tables = {Table.ACCOUNTS: [account("a")], Table.DEALS: [deal("1", "a", currency="USD")]}
    assert "CURRENCY_UNKNOWN" in verdicts(tmp_path, tables)["a"].warnings


def test_two_rates_for_one_day_are_refused(tmp_path: Path) -> None:
    twice = [*RATES, RATES[0] | {"currency": "USD", "rate": "0.91"}]
    tables = {
        Table.ACCOUNTS: [account("a")],
        Table.DEALS: [deal("1", "a", currency="USD")],
        Table.CURRENCY_RATES: twice,
    }
    with pytest.raises(UsageError, match="USD"):
        verdicts(tmp_path, tables)


def test_an_unreadable_amount_spares_the_account_and_any_other_cell_does_not(tmp_path: Path) -> None:
    accounts = [account("amount"), account("date"), account("own", employees="many"), account("fine")]
    deals = [deal("1", "amount", amount="12,5"), deal("2", "date", close_date="31/03/2026"), deal("3", "fine")]
    found = verdicts(tmp_path, {Table.ACCOUNTS: accounts, Table.DEALS: deals})
    assert {name for name, v in found.items() if "UNREADABLE" in v.warnings} == {"date", "own"}
