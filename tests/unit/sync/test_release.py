"""`apply` and `approve`: exactly the plan that was seen, or nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from connector.errors import StopRun, UsageError
from connector.model.changes import Target
from connector.model.runs import RunOutcome
from connector.planning.file import parse
from connector.sync import history
from tests.unit.sync.walking import codes
from tests.unit.sync.writing import house, planned

if TYPE_CHECKING:
    from tests.twins import House


def applied() -> House:
    made = house(4)
    made.walk().sync(yes=True)
    return made


def win(made: House, account: str, amount: int) -> None:
    made.crm.put(Target.DEAL, f"{account}-{amount}", account_id=account, amount=str(amount))


def test_the_file_of_a_plan_that_was_approved_is_applied_already_and_its_run_stays_good() -> None:
    made = house(4)
    file = planned(made)
    assert made.walk().approve(file.run, reason="seen").outcome is RunOutcome.OK
    result = made.walk().apply(file)
    assert (codes(result), result.exit_code, result.figures["written"]) == (["ALREADY_APPLIED"], 3, 0)
    assert made.journal.rows[file.run].outcome is RunOutcome.OK


def test_approve_writes_exactly_the_held_plan() -> None:
    made = house(4)
    held = made.walk().sync()
    win(made, "a0", 500)
    result = made.walk().approve(held.run, reason="seen with the team")
    assert (result.run, result.outcome, result.exit_code) == (held.run, RunOutcome.OK, 0)
    assert result.figures["written"] == held.figures["changes"]
    assert made.crm.holds(Target.ACCOUNT, "a0", "seg_revenue_12m") == "20"
    row = made.journal.rows[held.run]
    assert (row.outcome, row.applied) == (RunOutcome.OK, True)
    released = row.details["released"]
    assert isinstance(released, dict)
    assert released["reason"] == "seen with the team"
    assert made.walk().sync().outcome is RunOutcome.OK


def test_a_plan_for_a_day_to_come_is_told_when_it_waits_and_when_it_is_written() -> None:
    made = house(4)
    today = made.policy.day(made.clock())
    made.policy = replace(made.policy, as_of=today + timedelta(days=1))
    held = made.walk().sync()
    made.policy = replace(made.policy, as_of=None)
    waiting = history.status(made.journal, now=made.clock(), today=today)["held"]
    assert (waiting["as_of"], waiting["ahead"]) == ((today + timedelta(days=1)).isoformat(), True)
    assert not history.status(made.journal, now=made.clock(), today=today + timedelta(days=1))["held"]["ahead"]
    result = made.walk().approve(held.run, reason="next quarter's tiers")
    assert (result.exit_code, codes(result)) == (0, ["AHEAD"])
    assert (today + timedelta(days=1)).isoformat() in result.reasons[0].message


def test_a_plan_of_today_or_before_is_written_without_a_word_about_its_day() -> None:
    made = house(4)
    made.policy = replace(made.policy, as_of=made.policy.day(made.clock()))
    held = made.walk().sync()
    made.policy = replace(made.policy, as_of=None)
    assert codes(made.walk().approve(held.run, reason="x")) == []


def test_approve_needs_a_reason_and_a_run_with_a_plan() -> None:
    made = house(4)
    held = made.walk().sync()
    with pytest.raises(UsageError, match="reason"):
        made.walk().approve(held.run, reason="  ")
    with pytest.raises(UsageError, match="no run nowhere"):
        made.walk().approve("nowhere", reason="x")
    pulled = made.walk().pull()
    with pytest.raises(UsageError, match="has no plan"):
        made.walk().approve(pulled.run, reason="x")


def test_a_run_is_approved_once() -> None:
    made = house(4)
    held = made.walk().sync()
    made.walk().approve(held.run, reason="x")
    again = made.walk().approve(held.run, reason="x")
    assert (again.exit_code, codes(again)) == (3, ["ALREADY_APPLIED"])
    assert made.journal.rows[held.run].outcome is RunOutcome.OK


def test_a_plan_that_is_held_again_is_kept_once_and_every_id_of_it_releases_it() -> None:
    made = house(4)
    first, second, third = (made.walk().sync() for _ in range(3))
    assert [result.same_as for result in (first, second, third)] == [None, first.run, second.run]
    kept = [len(list(made.journal.changes(run))) for run in (first.run, second.run, third.run)]
    assert kept == [0, 0, first.figures["changes"]]
    assert history.status(made.journal, now=made.clock())["held"]["run"] == third.run
    result = made.walk().approve(first.run, reason="x")
    assert (result.run, result.exit_code) == (third.run, 0)
    assert made.crm.holds(Target.ACCOUNT, "a0", "seg_tier") == "small"
    assert made.walk().undo(first.run).figures["written"] == result.figures["written"]


def test_plans_that_differ_are_kept_side_by_side() -> None:
    made = house(4)
    first = made.walk().sync()
    made.account("new", deals=[20])
    second = made.walk().sync()
    assert list(made.journal.changes(first.run))
    assert made.walk().approve(first.run, reason="x").run == first.run
    assert codes(made.walk().approve(second.run, reason="x")) == ["STALE"]


def test_a_run_that_was_not_held_cannot_be_approved() -> None:
    made = applied()
    win(made, "a0", 500)
    run = made.walk().sync().run
    assert codes(made.walk().approve(run, reason="x")) == ["ALREADY_APPLIED"]


def test_a_plan_gone_stale_is_refused_and_the_next_sync_makes_a_new_one() -> None:
    made = house(4)
    held = made.walk().sync()
    made.crm.put(Target.ACCOUNT, "a1", seg_tier="typed")
    result = made.walk().approve(held.run, reason="x")
    assert (result.exit_code, codes(result)) == (3, ["STALE"])
    assert "account a1 seg_tier: planned from nothing, the CRM holds 'typed'" in result.reasons[0].message
    assert not made.crm.batches
    assert made.journal.rows[held.run].outcome is RunOutcome.HELD
    assert made.walk().approve(made.walk().sync().run, reason="x").exit_code == 0


def test_a_plan_is_stale_once_a_newer_run_was_applied() -> None:
    made = applied()
    win(made, "a0", 500)
    file = planned(made)
    win(made, "a1", 500)
    newer = made.walk().sync()
    result = made.walk().apply(file)
    assert (result.exit_code, codes(result)) == (3, ["STALE"])
    assert newer.run in result.reasons[0].message


def test_a_failed_approval_leaves_the_run_held() -> None:
    made = house(4)
    held = made.walk().sync()

    def closed() -> None:
        raise StopRun("seg_tier is a number in the CRM")

    made.crm.on_preflight = closed
    result = made.walk().approve(held.run, reason="x")
    assert (result.outcome, result.exit_code) == (RunOutcome.FAILED, 1)
    assert made.journal.rows[held.run].outcome is RunOutcome.HELD
    assert history.status(made.journal, now=made.clock())["held"]["run"] == held.run


@pytest.mark.parametrize(("hours", "code"), [(24, 0), (25, 3)])
def test_a_hold_that_doubts_the_pull_cannot_be_approved_a_day_later(hours: int, code: int) -> None:
    made = applied()
    made.limits(max_population_drop_pct=30, min_accounts=1)
    for name in ("a0", "a1"):
        made.crm.put(Target.DEAL, f"{name}-0", amount="0")
    held = made.walk().sync()
    assert codes(held) == ["POPULATION_DROP"]
    made.clock.move(hours=hours)
    result = made.walk().approve(held.run, reason="two customers left")
    assert result.exit_code == code
    assert codes(result) == (["PULL_TOO_OLD"] if code else [])


def test_a_drop_is_compared_with_the_last_good_run_until_it_is_approved() -> None:
    made = applied()
    made.limits(max_population_drop_pct=30, min_accounts=1)
    for name in ("a0", "a1"):
        made.crm.put(Target.DEAL, f"{name}-0", amount="0")
    assert codes(made.walk().sync()) == ["POPULATION_DROP"]
    again = made.walk().sync()
    assert codes(again) == ["POPULATION_DROP"]
    assert made.walk().approve(again.run, reason="they left").exit_code == 0
    assert made.walk().sync().exit_code == 0


def test_a_doubted_pull_is_made_whole_by_the_next_run() -> None:
    made = applied()
    made.limits(max_rows_drop_pct=20, min_accounts=1)
    deals = dict(made.crm.records[Target.DEAL])
    made.crm.records[Target.DEAL] = {"a0-0": deals["a0-0"]}
    assert codes(made.walk().sync(full=True)) == ["SMALL_PULL"]
    made.crm.records[Target.DEAL] = deals
    assert made.walk().sync().outcome is RunOutcome.OK
    assert made.crm.pulls[-1] is None


def test_an_input_that_was_emptied_overnight_is_held_until_it_is_back_or_approved() -> None:
    made = applied()
    made.limits(max_input_drop_pct=50, min_accounts=1)
    for name in ("a0", "a1", "a2"):
        made.crm.put(Target.ACCOUNT, name, name="")
    held = made.walk().sync()
    assert codes(held) == ["EMPTIED_INPUT"]
    assert held.figures["written"] == 0
    assert made.walk().approve(held.run, reason="names are kept elsewhere now").exit_code == 0
    assert made.walk().sync().outcome is RunOutcome.OK


def test_apply_writes_exactly_the_plan_of_the_file() -> None:
    made = applied()
    win(made, "a0", 500)
    file = planned(made)
    win(made, "a1", 500)
    result = made.walk().apply(file)
    assert (result.run, result.exit_code) == (file.run, 0)
    assert made.crm.holds(Target.ACCOUNT, "a0", "seg_tier") == "large"
    assert made.crm.holds(Target.ACCOUNT, "a1", "seg_tier") == "small"
    assert result.figures["written"] == len(file.changes)


def test_a_plan_is_applied_once() -> None:
    made = applied()
    win(made, "a0", 500)
    file = planned(made)
    assert made.walk().apply(file).exit_code == 0
    again = made.walk().apply(file)
    assert (again.exit_code, codes(again)) == (3, ["ALREADY_APPLIED"])


def test_an_empty_plan_is_applied_once_too() -> None:
    made = applied()
    file = planned(made)
    assert file.changes == ()
    assert made.walk().apply(file).exit_code == 0
    assert codes(made.walk().apply(file)) == ["ALREADY_APPLIED"]


def test_a_file_whose_changes_were_edited_is_refused() -> None:
    made = applied()
    win(made, "a0", 500)
    result = made.walk().plan()
    assert result.plan is not None
    document = json.loads("".join(made.walk().plan_file(result.plan)))
    document["changes"][0]["new"] = "transactional"
    refused = made.walk().apply(parse(json.dumps(document)))
    assert (refused.exit_code, codes(refused)) == (3, ["PLAN_CHANGED"])


def test_apply_obeys_the_guards_until_the_run_is_approved() -> None:
    made = house(4)
    file = planned(made)
    result = made.walk().apply(file)
    assert (result.exit_code, codes(result)) == (3, ["FIRST_RUN"])
    assert not made.crm.batches
    assert history.status(made.journal, now=made.clock())["held"]["run"] == file.run
    assert made.walk().approve(file.run, reason="seen").exit_code == 0
    assert made.crm.holds(Target.ACCOUNT, "a0", "seg_tier") == "small"


def test_a_plan_of_another_state_database_is_wrong_usage() -> None:
    made = applied()
    file = planned(made)
    with pytest.raises(UsageError, match="no run"):
        house(4).walk().apply(file)
