"""The walk of a run on in-memory ports."""

from __future__ import annotations

from connector.model.changes import Target
from connector.model.runs import RunOutcome
from tests.twins import House


def house() -> House:
    """Three accounts: one large, one small, one prospect."""
    made = House()
    made.account("a", deals=[150])
    made.account("b", deals=[20])
    made.account("c")
    return made


def test_a_first_run_is_held_and_writes_nothing() -> None:
    made = house()
    before = made.crm.picture()
    result = made.walk().sync()
    assert result.outcome is RunOutcome.HELD
    assert result.exit_code == 3
    assert [reason.code for reason in result.reasons] == ["FIRST_RUN"]
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
