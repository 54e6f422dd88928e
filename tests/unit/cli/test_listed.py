"""The records of a plan as JSON: whole, in order, and packed, as a first plan has hundreds of thousands."""

from __future__ import annotations

import orjson

from connector.cli.listed import Listed
from connector.model.changes import Cause, Change, Target
from connector.model.outputs import SAY_NO, TIER
from connector.model.verdicts import AccountContext
from connector.planning.compare import AccountPlan
from connector.planning.listing import listed

MANY = 20_000


def plan(account: str, *changes: Change, revenue: int | None = 12_345) -> AccountPlan:
    context = AccountContext(
        account, f"Zoë {account}", "77", revenue, "large", "small", say_no_before=None, say_no_wanted=True
    )
    return AccountPlan(context, changes, ())


def moved(account: str, name: str, old: str | None, new: str | None, *, deal: str = "") -> Change:
    target = Target.DEAL if deal else Target.ACCOUNT
    return Change(account, target, deal or account, name, old, new, Cause.DATA)


def test_a_plan_of_many_records_comes_out_whole_and_is_kept_small() -> None:
    listing = Listed()
    for start in range(0, MANY, 500):
        listing([plan(f"{n:07}", moved(f"{n:07}", TIER, "large", "small")) for n in range(start, start + 500)])
    listing([])
    kept = sum(map(len, listing._packed))
    text = b"".join(listing)
    assert [row["record"] for row in orjson.loads(b"[" + text + b"]")] == [f"{n:07}" for n in range(MANY)]
    assert len(text) > 10 * kept


def test_a_plan_without_changes_is_an_empty_list() -> None:
    listing = Listed()
    listing([plan("1")])
    assert b"".join(listing) == b""


def test_what_does_not_change_is_told_as_it_stays() -> None:
    (row,) = listed(plan("1", moved("1", "seg_action", None, "grow")))
    assert (row["tier"], row["say_no"]) == ({"old": "large", "new": "large"}, {"old": None, "new": None})
    assert (row["revenue_moved"], row["changes"], row["causes"]) == ("0.00", 1, ["own data changed"])


def test_revenue_moves_once_with_the_account_and_only_from_a_tier_it_had() -> None:
    account, deal = listed(plan("1", moved("1", TIER, "large", None), moved("1", TIER, "large", None, deal="9")))
    assert (account["revenue_moved"], deal["revenue_moved"]) == ("123.45", "0.00")
    assert deal["tier"] == account["tier"] == {"old": "large", "new": None}
    (first,) = listed(plan("1", moved("1", TIER, None, "large")))
    assert first["revenue_moved"] == "0.00"
    (unknown,) = listed(plan("1", moved("1", TIER, "large", "small"), revenue=None))
    assert unknown["revenue_moved"] is None


def test_say_no_is_told_as_yes_no_or_unknown() -> None:
    (row,) = listed(plan("1", moved("1", SAY_NO, None, "true")))
    assert row["say_no"] == {"old": None, "new": True}
    (row,) = listed(plan("1", moved("1", SAY_NO, "true", "false")))
    assert row["say_no"] == {"old": True, "new": False}
