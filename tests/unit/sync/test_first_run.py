"""A first run waits for a person, who confirms it and nothing else."""

from __future__ import annotations

from msgspec.structs import replace

from connector.errors import StopRun
from connector.model.changes import Target
from connector.model.runs import RunOutcome
from tests.twins import House
from tests.unit.sync.walking import codes, house, raises


def test_a_first_run_is_held_and_writes_nothing() -> None:
    made = house()
    before = made.crm.picture()
    result = made.walk().sync()
    assert (result.outcome, result.exit_code, codes(result)) == (RunOutcome.HELD, 3, ["FIRST_RUN"])
    assert f"tiersync approve {result.run} --reason" in result.reasons[0].message
    assert made.crm.picture() == before
    assert not made.crm.batches


def test_yes_confirms_a_first_run_and_a_second_run_writes_nothing() -> None:
    made = house()
    first = made.walk().sync(yes=True)
    assert (first.outcome, first.exit_code) == (RunOutcome.OK, 0)
    assert made.crm.holds(Target.ACCOUNT, "a", "seg_tier") == "large"
    assert made.crm.holds(Target.DEAL, "b-0", "seg_account_tier") == "small"
    assert first.figures["written"] == first.figures["changes"] > 0
    sent = made.crm.sent.total()
    made.next_day()
    second = made.walk().sync()
    assert (second.outcome, second.figures["changes"]) == (RunOutcome.OK, 0)
    assert made.crm.sent.total() == sent


def test_yes_confirms_nothing_but_the_first_run() -> None:
    made = house()
    made.limits(max_tier_change_pct=0, max_revenue_moved_pct=100, min_accounts=1)
    made.crm.put(Target.ACCOUNT, "a", seg_tier="small")
    made.policy = replace(made.policy, edited_values=made.policy.edited_values.OVERWRITE)
    result = made.walk().sync(yes=True)
    assert (result.exit_code, codes(result)) == (3, ["TIER_CHANGE_SHARE"])
    assert not made.crm.batches


def test_a_first_run_that_the_crm_was_not_ready_for_is_confirmed_anew() -> None:
    made = house()
    made.crm.on_preflight = lambda: raises(StopRun("no property seg_tier", code="NOT_PROVISIONED"))
    assert codes(made.walk().sync(yes=True)) == ["NOT_PROVISIONED"]
    made.crm.on_preflight = lambda: None
    assert codes(made.walk().sync()) == ["FIRST_RUN"]


def test_a_first_run_that_sent_nothing_confirms_nothing() -> None:
    made = House()
    assert made.walk().sync(yes=True).exit_code == 0
    made.account("a", deals=[150])
    assert codes(made.walk().sync()) == ["FIRST_RUN"]
    assert made.walk().sync(yes=True).figures["written"] > 0
    made.account("b", deals=[20])
    assert made.walk().sync().exit_code == 0
