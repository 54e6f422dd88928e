"""Law: what narrows down the records worth testing never loses one that fits."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.sandbox.salesforce.org.founding import place
from connector.sandbox.salesforce.org.view import View
from connector.sandbox.salesforce.soql.conditions import Conditions
from connector.sandbox.salesforce.soql.grammar import parse
from connector.sandbox.salesforce.soql.literals import Reading
from connector.sandbox.salesforce.soql.names import Scope
from tests.contract.sandbox_salesforce.desk import Desk

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org.tables import Record

STAMPS = [f"2026-11-22T09:00:0{second}.000+0000" for second in range(4)]


def filled() -> tuple[Desk, list[str]]:
    desk = Desk()
    accounts = desk.accounts(3)
    for number, (stamp, account) in enumerate(product(STAMPS, [*accounts, None])):
        values = {"Name": f"{number}", "AccountId": account, "SystemModstamp": stamp, "StageName": "Prospecting"}
        place(desk.org, "Opportunity", values)
    return desk, accounts


DESK, ACCOUNTS = filled()
IDS = list(DESK.org.table("Opportunity").rows)
OPERATORS = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
STAMP = st.tuples(st.just("SystemModstamp"), OPERATORS, st.sampled_from(STAMPS).map(lambda text: text[:19] + "Z"))
ID = st.tuples(st.just("Id"), OPERATORS, st.sampled_from(IDS).map(lambda text: f"'{text}'"))
LOOKUP = st.tuples(
    st.just("AccountId"), st.sampled_from(["=", "!="]), st.sampled_from(ACCOUNTS).map(lambda text: f"'{text}'")
)
NAME = st.tuples(st.just("Name"), OPERATORS, st.just("'5'"))
LISTED = st.tuples(
    st.sampled_from(["Id", "AccountId"]),
    st.sampled_from(["IN", "NOT IN"]),
    st.lists(st.sampled_from(IDS + ACCOUNTS), min_size=1, max_size=4).map(
        lambda ids: str(tuple(ids)).replace(",)", ")")
    ),
)
LEAVES = st.one_of(STAMP, ID, LOOKUP, NAME, LISTED).map(" ".join)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: "(" + " AND ".join(parts) + ")"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: "(" + " OR ".join(parts) + ")"),
        inner.map(lambda part: f"(NOT {part})"),
    ),
    max_leaves=8,
)


def fitting(where: str) -> list[Record]:
    """Ask every record, one by one."""
    text = f"SELECT Id FROM Opportunity WHERE {where}"
    view = View(DESK.org, DESK.org.user_id("integration@sandbox.test"))
    scope = Scope(view, text, "Opportunity")
    test = Conditions(scope, Reading(DESK.org.now(), "UTC"), lambda _query: ()).compile(parse(text).where)
    return [row for row in DESK.org.table("Opportunity").rows.values() if test.holds(row)]


@settings(max_examples=250, deadline=None)
@given(where=CONDITIONS)
def test_a_query_finds_every_record_its_condition_holds_for(where: str) -> None:
    expected = fitting(where)
    for order in ("", " ORDER BY SystemModstamp, Id", " ORDER BY Id", " ORDER BY Name"):
        found = DESK.values(f"SELECT Id FROM Opportunity WHERE {where}{order}")
        assert sorted(found) == sorted(row["Id"] for row in expected)


@pytest.mark.parametrize("size", [1, 3, 7])
def test_a_walk_by_stamp_and_id_meets_every_record_once(size: int) -> None:
    seen: list[str] = []
    stamp, last = "2000-01-01T00:00:00Z", "000000000000000AAA"
    while True:
        where = f"SystemModstamp > {stamp} OR (SystemModstamp = {stamp} AND Id > '{last}')"
        rows = DESK.rows(
            f"SELECT Id, SystemModstamp FROM Opportunity WHERE {where} ORDER BY SystemModstamp, Id LIMIT {size}"
        )
        if not rows:
            break
        seen += [row["Id"] for row in rows]
        stamp, last = rows[-1]["SystemModstamp"].replace(".000+0000", "Z"), rows[-1]["Id"]
    assert sorted(seen) == sorted(IDS)
    assert len(seen) == len(set(seen))
