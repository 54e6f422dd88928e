"""`undo`: old values come back where nobody changed them since."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from connector.errors import UsageError
from connector.model.changes import Target
from connector.model.runs import RunOutcome
from connector.sync import history
from tests.twins import Crash, Fate, House, open_limits, rule_set
from tests.unit.sync.walking import codes


def applied() -> House:
    made = House()
    made.policy = replace(made.policy, limits=open_limits())
    for number in range(4):
        made.account(f"a{number}", deals=[20])
    made.walk().sync(yes=True)
    return made


def win(made: House, account: str, amount: int) -> None:
    made.crm.put(Target.DEAL, f"{account}-{amount}", account_id=account, amount=str(amount))


def moved() -> tuple[House, str]:
    made = applied()
    win(made, "a0", 500)
    return made, made.walk().sync().run


def test_undo_brings_the_old_values_back_as_a_run_of_its_own() -> None:
    made, run = moved()
    result = made.walk().undo(run)
    assert (result.outcome, result.exit_code) == (RunOutcome.OK, 0)
    assert result.run != run
    assert made.crm.holds(Target.ACCOUNT, "a0", "seg_tier") == "small"
    assert made.crm.holds(Target.ACCOUNT, "a0", "seg_revenue_12m") == "20"
    records = history.show(made.journal, result.run)["records"]
    assert {(r["cause"], r["outcome"]) for r in records} == {("undo", "written")}


def test_a_value_that_a_person_changed_since_is_skipped_and_told() -> None:
    made, run = moved()
    made.crm.put(Target.ACCOUNT, "a0", seg_tier="typed")
    result = made.walk().undo(run)
    assert (result.outcome, result.exit_code, codes(result)) == (RunOutcome.PARTIAL, 4, ["SKIPPED"])
    assert made.crm.holds(Target.ACCOUNT, "a0", "seg_tier") == "typed"
    assert made.crm.holds(Target.ACCOUNT, "a0", "seg_revenue_12m") == "20"


def test_a_value_that_a_later_run_wrote_is_skipped() -> None:
    made, run = moved()
    win(made, "a0", 700)
    made.walk().sync()
    assert made.walk().undo(run).exit_code == 4
    assert made.crm.holds(Target.ACCOUNT, "a0", "seg_revenue_12m") == "1220"


def test_undo_twice_changes_nothing_more_and_says_that_all_is_back() -> None:
    made, run = moved()
    assert codes(made.walk().undo(run)) == []
    again = made.walk().undo(run)
    assert (again.exit_code, again.figures["changes"], codes(again)) == (0, 0, ["BACK_ALREADY"])
    assert f"run {run} wrote holds its old value already" in again.reasons[0].message


def test_undoing_the_undo_brings_the_values_again() -> None:
    made, run = moved()
    undone = made.walk().undo(run)
    assert made.walk().undo(undone.run).exit_code == 0
    assert made.crm.holds(Target.ACCOUNT, "a0", "seg_tier") == "large"
    assert made.walk().sync().figures["changes"] == 0


def test_undo_of_an_unknown_run_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="no run nowhere"):
        applied().walk().undo("nowhere")


def test_the_next_run_holds_rather_than_write_undone_values_again_until_approved() -> None:
    made, run = moved()
    made.walk().undo(run)
    held = made.walk().sync()
    assert (held.exit_code, codes(held)) == (3, ["UNDONE"])
    assert made.crm.holds(Target.ACCOUNT, "a0", "seg_tier") == "small"
    assert codes(made.walk().sync()) == ["UNDONE"]
    approved = made.walk().approve(made.walk().sync().run, reason="it was right after all")
    assert approved.exit_code == 0
    assert made.crm.holds(Target.ACCOUNT, "a0", "seg_tier") == "large"
    assert made.walk().sync().exit_code == 0


def test_an_undone_value_that_would_come_again_is_named_as_the_cause() -> None:
    made, run = moved()
    made.walk().undo(run)
    records = history.show(made.journal, made.walk().sync().run)["records"]
    assert {(r["account"], r["cause"]) for r in records} == {("a0", "undone value again")}


def test_what_was_undone_and_changed_since_has_its_own_cause() -> None:
    made, run = moved()
    made.walk().undo(run)
    win(made, "a0", 700)
    records = history.show(made.journal, made.walk().sync().run)["records"]
    assert {r["cause"] for r in records} == {"own data changed"}


@pytest.mark.parametrize("compares", [True, False])
def test_a_run_whose_inputs_changed_may_write_undone_values(*, compares: bool) -> None:
    made, run = moved()
    made.compares = compares
    made.walk().undo(run)
    win(made, "a0", 700)
    assert made.walk().sync().exit_code == 0
    assert made.crm.holds(Target.ACCOUNT, "a0", "seg_tier") == "large"


def test_a_run_with_other_rules_may_write_undone_values() -> None:
    made, run = moved()
    made.walk().undo(run)
    made.rules = rule_set("r2")
    assert made.walk().sync().exit_code == 0


def test_undo_of_a_first_run_empties_what_was_empty() -> None:
    made = applied()
    (run,) = made.journal.rows
    made.walk().undo(run)
    assert not any(name.startswith("seg_") for row in made.crm.picture().values() for name in row)


@pytest.mark.parametrize("at", range(20, 90, 3))
def test_a_run_that_died_half_way_can_be_undone(at: int) -> None:
    made = applied()
    before = made.crm.picture()
    for number in range(4):
        win(made, f"a{number}", 500)
    with_deals = made.crm.picture()
    try:
        made.walk(Fate(at)).sync()
    except Crash:
        run = list(made.journal.rows)[-1]
        made.walk().undo(run)
        assert made.crm.picture() == with_deals
    assert before.keys() <= with_deals.keys()


def test_a_run_that_wrote_nothing_is_not_undone_and_begins_no_run() -> None:
    made = House()
    made.account("a0", deals=[20])
    held = made.walk().sync()
    assert held.outcome is RunOutcome.HELD
    made.walk().sync(yes=True)
    idle = made.walk().sync()
    assert idle.outcome is RunOutcome.OK
    before = list(made.journal.rows)
    for run in (held.run, idle.run):
        with pytest.raises(UsageError, match=f"run {run} wrote nothing"):
            made.walk().undo(run)
    assert list(made.journal.rows) == before
