"""Data that seem to be missing: nobody falls, who rises is written, and what waits can be approved."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from connector.model.changes import Target
from connector.model.fields import Type
from connector.model.outputs import Output
from connector.model.runs import RunOutcome
from connector.sync import history
from tests.twins import OUTPUTS, House, by_revenue, open_limits, rule_set
from tests.unit.sync.walking import codes

TIERS: dict[str, dict[str, str]] = {"large": {}, "small": {}, "prospect": {}}
LOSERS = ("a0", "a1", "a2", "a3", "a4", "a5")
RANKED = Output("seg_tier", Type.TEXT, {}, options=TIERS, ranked=True, on_deals="seg_account_tier")


def house() -> House:
    """Ten customers with two small deals each, written; more than a fifth of the deals gone is a small pull."""
    made = House(rules=rule_set(outputs=(RANKED, *OUTPUTS[1:])))
    made.policy = replace(made.policy, limits=open_limits())
    for number in range(10):
        made.account(f"a{number}", deals=[50, 50])
    made.walk().sync(yes=True)
    made.limits(max_rows_drop_pct=20, min_accounts=1, small_pull="wait")
    made.next_day()
    return made


def lose(made: House, *accounts: str) -> None:
    """A deal of each is not delivered any more."""
    for account in accounts:
        del made.crm.records[Target.DEAL][f"{account}-1"]


def win(made: House, account: str, amount: int = 500) -> None:
    made.crm.put(Target.DEAL, f"{account}-new", account_id=account, amount=str(amount))


def tiers(made: House) -> dict[str, str | None]:
    return {name: row.get("seg_tier") for name, row in made.crm.records[Target.ACCOUNT].items()}


def test_a_crm_that_loses_deals_demotes_nobody_and_promotes_who_won_some() -> None:
    made = house()
    made.account("new", deals=[5])
    made.walk().sync()
    lose(made, *LOSERS)
    win(made, "new")
    before = tiers(made)
    result = made.walk().sync(full=True)
    assert (result.outcome, result.exit_code, codes(result)) == (RunOutcome.PARTIAL, 4, ["SMALL_PULL"])
    assert tiers(made) == {**before, "new": "large"}
    assert made.crm.holds(Target.ACCOUNT, "a0", "seg_revenue_12m") == "100"
    assert result.figures["waiting"] == 6
    message = result.reasons[0].message
    assert "6 accounts wait" in message
    assert f"tiersync approve {result.run} --reason" in message


def test_what_waits_is_named_in_status_and_run_and_written_once_approved() -> None:
    made = house()
    lose(made, *LOSERS)
    win(made, "a9")
    run = made.walk().sync(full=True).run
    assert history.status(made.journal, now=made.clock())["held"]["run"] == run
    outcomes = {(r["account"], r["outcome"]) for r in history.show(made.journal, run)["records"]}
    assert outcomes == {*((f"a{n}", "waiting") for n in range(6)), ("a9", "written")}
    result = made.walk().approve(run, reason="they were doubles")
    assert (result.outcome, result.figures["waiting"]) == (RunOutcome.OK, 0)
    assert made.crm.holds(Target.ACCOUNT, "a0", "seg_tier") == "small"
    assert history.status(made.journal, now=made.clock())["held"] is None
    assert made.walk().sync(full=True).figures["changes"] == 0
    assert codes(made.walk().approve(run, reason="again")) == ["ALREADY_APPLIED"]


def test_without_anybody_who_rises_the_run_is_held_and_wrote_nothing() -> None:
    made = house()
    lose(made, *LOSERS)
    start, sent = made.crm.picture(), made.crm.sent.total()
    held = made.walk().sync(full=True)
    assert (held.outcome, held.exit_code, codes(held)) == (RunOutcome.HELD, 3, ["SMALL_PULL"])
    assert (made.crm.picture(), made.crm.sent.total()) == (start, sent)
    assert made.walk().approve(held.run, reason="they are gone").outcome is RunOutcome.OK
    assert made.crm.holds(Target.ACCOUNT, "a0", "seg_tier") == "small"


def test_data_that_come_back_leave_nothing_waiting() -> None:
    made = house()
    deals = dict(made.crm.records[Target.DEAL])
    lose(made, *LOSERS)
    win(made, "a9")
    partly = made.walk().sync(full=True)
    made.crm.records[Target.DEAL].update(deals)
    after = made.walk().sync()
    assert (after.outcome, after.figures["changes"]) == (RunOutcome.OK, 0)
    assert codes(made.walk().approve(partly.run, reason="late")) == ["STALE"]
    assert tiers(made) == {f"a{n}": "large" for n in range(10)}


@pytest.mark.parametrize("yesterday", [True, False])
def test_a_say_no_is_neither_given_nor_lifted_while_data_are_missing(*, yesterday: bool) -> None:
    made = house()
    if yesterday:
        made.crm.put(Target.ACCOUNT, "a9", bad="yes")
        made.walk().sync()
    lose(made, *LOSERS)
    win(made, "a8")
    made.crm.put(Target.ACCOUNT, "a9", bad=None if yesterday else "yes")
    assert made.walk().sync(full=True).outcome is RunOutcome.PARTIAL
    assert made.crm.holds(Target.ACCOUNT, "a9", "seg_say_no") == ("true" if yesterday else "false")
    assert made.crm.holds(Target.ACCOUNT, "a8", "seg_revenue_12m") == "600"


def test_who_only_rises_because_others_lost_deals_waits_too() -> None:
    made = house()
    made.account("peer", deals=[50])
    made.walk().sync()
    lose(made, *LOSERS)
    win(made, "a9")
    made.wanted = lambda row, deals: by_revenue(row, deals) | ({"seg_tier": "large"} if row["name"] == "peer" else {})
    result = made.walk().sync(full=True)
    assert (result.outcome, result.figures["waiting"]) == (RunOutcome.PARTIAL, 7)
    assert made.crm.holds(Target.ACCOUNT, "peer", "seg_tier") == "small"


def test_without_being_told_otherwise_a_small_pull_holds_who_rises_too() -> None:
    made = house()
    made.limits(small_pull="hold")
    lose(made, *LOSERS)
    win(made, "a9")
    start = made.crm.picture()
    held = made.walk().sync(full=True)
    assert (held.outcome, held.exit_code, codes(held)) == (RunOutcome.HELD, 3, ["SMALL_PULL"])
    assert made.crm.picture() == start


def test_customers_that_are_missing_hold_everything() -> None:
    made = house()
    for name in ("a0", "a1", "a2"):
        del made.crm.records[Target.ACCOUNT][name]
    win(made, "a9")
    start = made.crm.picture()
    held = made.walk().sync(full=True)
    assert (held.outcome, codes(held)) == (RunOutcome.HELD, ["SMALL_PULL"])
    assert made.crm.picture() == start


def test_a_guard_on_what_goes_on_holds_all_of_it() -> None:
    made = house()
    made.account("new", deals=[5])
    made.walk().sync()
    lose(made, *LOSERS)
    win(made, "new")
    made.limits(max_tier_change_pct=5)
    start = made.crm.picture()
    held = made.walk().sync(full=True)
    assert (held.outcome, codes(held)) == (RunOutcome.HELD, ["SMALL_PULL", "TIER_CHANGE_SHARE"])
    assert made.crm.picture() == start
    assert made.walk().approve(held.run, reason="all of it").outcome is RunOutcome.OK
    assert made.crm.holds(Target.ACCOUNT, "new", "seg_tier") == "large"
    assert made.crm.holds(Target.ACCOUNT, "a0", "seg_tier") == "small"


def test_what_was_written_of_a_run_that_waits_is_undone_and_the_rest_is_stale() -> None:
    made = house()
    lose(made, *LOSERS)
    start = made.crm.picture()
    win(made, "a9")
    run = made.walk().sync(full=True).run
    made.walk().undo(run)
    assert {k: v for k, v in made.crm.picture().items() if k in start} == start
    assert codes(made.walk().approve(run, reason="x")) == ["STALE"]


def test_revenue_that_falls_is_held_by_a_limit_of_its_own_and_revenue_that_rises_is_not() -> None:
    made = house()
    made.limits(max_rows_drop_pct=100, max_revenue_down_pct=0)
    win(made, "a0")
    assert made.walk().sync().outcome is RunOutcome.OK
    made.crm.put(Target.DEAL, "a0-new", amount="-80")
    held = made.walk().sync()
    assert [reason.code for reason in held.reasons] == ["REVENUE_DOWN_SHARE"]
