"""Wanted against found: equal values are never a difference, whatever they look like in the CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from connector.model.changes import Target
from connector.model.fields import Table
from connector.model.verdicts import AccountContext
from connector.rules.loading import load_texts
from tests.engine.evaluating import evaluated, request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from connector.model.verdicts import Difference

RULES = b"""
version: 1
fields:
  amount: {from: account.amount, type: money}
  asked: {from: account.asked, type: boolean}
  seen: {from: account.last_contact}
  word: {from: account.word, type: text}
models:
  tier:
    kind: first_match
    on_unknown: skip
    rules: [{when: amount >= 1000, then: large}, {otherwise: regular}]
signals:
  RICH: {on: amount > 100}
  ASKED: {on: asked}
outputs:
  seg_tier: {from: tier, on_deals: seg_account_tier, label: {en: Tier, nl: Segment}}
  seg_revenue_12m: {from: amount, label: {en: Revenue, nl: Omzet}}
  seg_say_no: {from: asked, label: {en: Refuse, nl: Nee}}
  seg_signals: {from: signals_on, label: {en: Signals, nl: Signalen}}
  seg_tier_since: {from: seen, label: {en: Since, nl: Sinds}}
  seg_reason: {from: word, label: {en: Why, nl: Waarom}}
  seg_last_evaluated: {from: as_of, follows: true, label: {en: Evaluated, nl: Berekend}}
"""
RIGHT: dict[str, str | None] = {
    "account_id": "A",
    "name": "Acme",
    "owner_id": "7",
    "amount": "400000",
    "asked": "true",
    "last_contact": "2026-03-31",
    "word": "because",
    "seg_tier": "large",
    "seg_revenue_12m": "400000",
    "seg_say_no": "true",
    "seg_signals": "ASKED;RICH",
    "seg_tier_since": "2026-03-31",
    "seg_reason": "because",
    "seg_last_evaluated": "2026-04-01",
}
OPEN_DEAL: dict[str, str | None] = {
    "deal_id": "D",
    "account_id": "A",
    "is_closed": "false",
    "seg_account_tier": "large",
}


def differences(
    folder: Path, accounts: Sequence[Mapping[str, str | None]], deals: Sequence[Mapping[str, str | None]] = ()
) -> list[tuple[AccountContext, Sequence[Difference]]]:
    nobodys = [OPEN_DEAL | {"account_id": "nobody"}]
    asked = request(folder, {Table.ACCOUNTS: accounts, Table.DEALS: deals or nobodys})
    with evaluated(load_texts({"r.yaml": RULES}), asked) as evaluation:
        return list(evaluation.differences())


def properties(folder: Path, **changes: str | None) -> set[str]:
    return {d.property for _, found in differences(folder, [RIGHT | changes]) for d in found}


def test_nothing_differs_where_everything_is_as_wanted(tmp_path: Path) -> None:
    assert differences(tmp_path, [RIGHT], [OPEN_DEAL]) == []


@pytest.mark.parametrize(
    ("name", "looks"),
    [
        ("seg_revenue_12m", "400000.00"),
        ("seg_revenue_12m", "400000.0"),
        ("seg_signals", "RICH;ASKED"),
        ("seg_signals", "RICH; ASKED"),
        ("seg_say_no", "TRUE"),
        ("seg_tier_since", "2026-03-31T00:00:00Z"),
    ],
)
def test_another_look_is_no_difference(tmp_path: Path, name: str, looks: str) -> None:
    assert properties(tmp_path, **{name: looks}) == set()


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("seg_tier", "regular"),
        ("seg_tier", None),
        ("seg_revenue_12m", "400000.01"),
        ("seg_revenue_12m", "a lot"),
        ("seg_signals", "RICH"),
        ("seg_signals", None),
        ("seg_say_no", "false"),
        ("seg_say_no", None),
        ("seg_tier_since", "2026-04-01"),
        ("seg_reason", "Because"),
    ],
)
def test_another_value_is_a_difference(tmp_path: Path, name: str, holds: str | None) -> None:
    ((_, found),) = differences(tmp_path, [RIGHT | {name: holds}], [OPEN_DEAL])
    assert [(d.property, d.found) for d in found] == [(name, holds)]


def test_where_there_are_checkboxes_only_false_and_empty_are_one(tmp_path: Path) -> None:
    rules = load_texts({"r.yaml": RULES})
    for keeps_false, wrong in ((True, {"seg_say_no"}), (False, set())):
        row = RIGHT | {"asked": "false", "seg_say_no": None, "seg_signals": "RICH"}
        asked = replace(request(tmp_path, {Table.ACCOUNTS: [row], Table.DEALS: []}), keeps_false=keeps_false)
        with evaluated(rules, asked) as evaluation:
            assert {d.property for _, found in evaluation.differences() for d in found if not d.follows} == wrong


def test_a_value_that_follows_goes_along_and_never_alone(tmp_path: Path) -> None:
    assert properties(tmp_path, seg_last_evaluated="2026-03-31") == set()
    assert properties(tmp_path, seg_last_evaluated="2025-01-01", seg_tier="regular") == {
        "seg_tier",
        "seg_last_evaluated",
    }


def test_a_value_nobody_wants_any_more_is_emptied(tmp_path: Path) -> None:
    ((_, (only,)),) = differences(tmp_path, [RIGHT | {"word": ""}], [OPEN_DEAL])
    assert (only.property, only.wanted, only.found) == ("seg_reason", None, "because")


def test_open_deals_mirror_their_account_and_closed_ones_are_left_alone(tmp_path: Path) -> None:
    deals = [
        OPEN_DEAL | {"deal_id": "D3", "seg_account_tier": "regular"},
        OPEN_DEAL | {"deal_id": "D1", "seg_account_tier": None},
        OPEN_DEAL | {"deal_id": "D2", "seg_account_tier": "regular", "is_closed": "true"},
    ]
    ((_, found),) = differences(tmp_path, [RIGHT], deals)
    assert [(d.target, d.record, d.property, d.wanted, d.found) for d in found] == [
        (Target.DEAL, "D1", "seg_account_tier", "large", None),
        (Target.DEAL, "D3", "seg_account_tier", "large", "regular"),
    ]


def test_accounts_come_in_the_order_of_their_ids(tmp_path: Path) -> None:
    accounts = [RIGHT | {"account_id": name, "seg_tier": "x"} for name in ("b", "10", "a", "9")]
    assert [context.account for context, _ in differences(tmp_path, accounts)] == ["10", "9", "a", "b"]


def test_the_context_tells_who_and_what(tmp_path: Path) -> None:
    ((context, _),) = differences(tmp_path, [RIGHT | {"seg_tier": "regular", "seg_say_no": ""}])
    assert context == AccountContext(
        "A", "Acme", "7", 400_000_00, "regular", "large", say_no_before=None, say_no_wanted=True
    )


def test_the_revenue_of_a_group_counts_once_and_its_members_are_told_together(tmp_path: Path) -> None:
    moves = {"seg_tier": "regular", "seg_say_no": ""}
    accounts = [
        RIGHT | moves | {"account_id": "A"},
        RIGHT | moves | {"account_id": "B", "parent_id": "A"},
        RIGHT | moves | {"account_id": "C"},
    ]
    with evaluated(load_texts({"r.yaml": RULES}), request(tmp_path, {Table.ACCOUNTS: accounts})) as evaluation:
        groups = {context.account: context.group for context, _ in evaluation.differences()}
        counted = evaluation.figures().revenue_had_tier_cents
    assert groups["A"] == groups["B"] is not None
    assert groups["C"] is None
    assert counted == 2 * 400_000_00


def test_changed_records_are_told_from_changed_rules(tmp_path: Path) -> None:
    rules = load_texts({"r.yaml": RULES})
    people = {name: RIGHT | {"account_id": name, "seg_tier": "old"} for name in ("own", "deal", "link", "same")}
    deals = [OPEN_DEAL | {"deal_id": f"D-{name}", "account_id": name, "amount": "5"} for name in people]
    links = [{"from_id": f"D-{name}", "account_id": name} for name in people]
    then = request(tmp_path / "then", _tables(people, deals, links))
    people["own"] = people["own"] | {"amount": "400001"}
    people["same"] = people["same"] | {"seg_reason": "what we wrote ourselves"}
    deals[1] = deals[1] | {"amount": "6"}
    links[2:2] = [{"from_id": "D-link", "account_id": "own"}]
    del links[3]
    now = request(tmp_path / "now", _tables(people, deals, links), before=then.files)
    with evaluated(rules, now) as evaluation:
        changed = {context.account: context.data_changed for context, _ in evaluation.differences()}
    assert changed == {"own": True, "deal": True, "link": True, "same": False}


@pytest.mark.parametrize(
    ("seen", "due"), [("2026-03-26", False), ("2026-03-25", True), ("2025-01-01", True), ("soon", False), (None, False)]
)
def test_an_account_without_changes_says_once_a_week_that_it_was_looked_at(
    tmp_path: Path, seen: str | None, *, due: bool
) -> None:
    asked = request(tmp_path, {Table.ACCOUNTS: [RIGHT | {"seg_last_evaluated": seen}]})
    with evaluated(load_texts({"r.yaml": RULES}), asked) as evaluation:
        told = [(d.property, d.wanted, d.follows) for _, found in evaluation.differences() for d in found]
    assert told == ([("seg_last_evaluated", "2026-04-01", False)] if due else [])


@pytest.mark.parametrize(
    ("then", "now", "regrouped"),
    [
        ({"A": None, "B": "A", "C": None, "D": None}, {"A": None, "B": "C", "C": None, "D": None}, "ABC"),
        ({"A": None, "B": "A", "C": None, "D": None}, {"A": None, "B": None, "C": None, "D": None}, "AB"),
        ({"A": None, "B": "A", "C": "A", "D": None}, {"A": None, "C": "A", "D": None}, "AC"),
        ({"A": None, "C": "A", "D": None}, {"A": None, "B": "A", "C": "A", "D": None}, "ABC"),
        ({"A": None, "B": "A", "C": "B", "D": None}, {"A": "D", "B": "A", "C": "B", "D": None}, "ABCD"),
        ({"A": None, "B": "A", "D": None}, {"A": None, "B": "A", "D": "nobody"}, ""),
        ({"A": None, "B": "A", "D": None}, {"B": "A", "D": None}, "B"),
        ({"A": None, "B": "A", "D": None}, {"A": None, "B": "A", "D": None}, ""),
    ],
)
def test_a_group_that_gained_or_lost_a_member_is_told(
    tmp_path: Path, then: dict[str, str | None], now: dict[str, str | None], regrouped: str
) -> None:
    def tables(parents: dict[str, str | None]) -> dict[Table, Sequence[Mapping[str, str | None]]]:
        rows = [
            RIGHT | {"account_id": name, "parent_id": parent, "seg_tier": "old"} for name, parent in parents.items()
        ]
        return {Table.ACCOUNTS: rows}

    before = request(tmp_path / "then", tables(then))
    after = request(tmp_path / "now", tables(now), before=before.files)
    with evaluated(load_texts({"r.yaml": RULES}), after) as evaluation:
        told = {context.account for context, _ in evaluation.differences() if context.group_changed}
    assert told == set(regrouped)


def _tables(
    people: Mapping[str, Mapping[str, str | None]],
    deals: Sequence[Mapping[str, str | None]],
    links: Sequence[Mapping[str, str | None]],
) -> dict[Table, Sequence[Mapping[str, str | None]]]:
    return {Table.ACCOUNTS: list(people.values()), Table.DEALS: deals, Table.DEAL_ACCOUNTS: links}


def test_figures_count_what_guards_divide_by(tmp_path: Path) -> None:
    accounts = [
        RIGHT,
        RIGHT | {"account_id": "B", "seg_tier": None},
        RIGHT | {"account_id": "C", "owner_id": None, "amount": "0"},
    ]
    with evaluated(load_texts({"r.yaml": RULES}), request(tmp_path, {Table.ACCOUNTS: accounts})) as evaluation:
        figures = evaluation.figures()
    assert (figures.evaluated, figures.active_customers, figures.had_tier) == (3, 2, 2)
    assert (dict(figures.had_tier_by_owner), figures.revenue_had_tier_cents) == ({"7": 1}, 400_000_00)
