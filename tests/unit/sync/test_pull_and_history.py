"""Full or changes only; and what the journal tells afterwards."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from connector.errors import StopRun, UsageError
from connector.model.changes import Change, Target
from connector.model.texts import Said
from connector.planning.compare import EditedValues
from connector.sync import Result, history, memory
from tests.twins import House

if TYPE_CHECKING:
    from connector.ports import Evaluation


def house() -> House:
    made = House()
    made.account("a", deals=[150])
    made.account("b", deals=[20])
    return made


def test_after_a_full_pull_only_changes_are_asked_for() -> None:
    made = house()
    made.walk().pull()
    made.crm.put(Target.DEAL, "b-0", amount="30")
    second = made.walk().pull()
    assert made.crm.pulls[0] is None
    assert made.crm.pulls[1] is not None
    assert (second.figures["pulled_accounts"], second.figures["pulled_deals"]) == (0, 1)
    assert (second.figures["rows_accounts"], second.figures["rows_deals"]) == (2, 2)


def blind() -> House:
    """A CRM that does not see yet, in a pull of changes, what was written."""
    made = house()
    made.crm.blind = True
    return made


@pytest.mark.parametrize("edited", EditedValues)
def test_what_the_crm_does_not_show_as_changed_yet_is_no_edit_when_we_wrote_it(edited: EditedValues) -> None:
    made = blind()
    made.policy = replace(made.policy, edited_values=edited)
    made.walk().sync(yes=True)
    sent = made.crm.sent.copy()
    second = made.walk().sync()
    assert (second.figures["changes"], second.figures["kept"]) == (0, 0)
    assert made.crm.sent == sent


def test_what_a_release_and_an_undo_wrote_is_read_again_too() -> None:
    made = blind()
    held = made.walk().sync()
    made.walk().pull()
    made.walk().approve(held.run, reason="looked at")
    assert made.walk().sync().figures["kept"] == 0
    made.walk().undo(held.run)
    assert made.walk().pull().figures["pulled_accounts"] == 2
    made.clock.move(minutes=1)
    made.walk().pull()
    assert made.walk().pull().figures["pulled_accounts"] == 0


def test_everything_is_pulled_when_asked_or_when_the_last_full_pull_is_old() -> None:
    made = house()
    made.walk().pull()
    made.walk().pull(full=True)
    made.clock.move(hours=23)
    made.walk().pull()
    made.clock.move(hours=1)
    made.walk().pull()
    assert [since is None for since in made.crm.pulls] == [True, True, False, True]


def test_everything_is_pulled_when_other_columns_are_asked_for() -> None:
    made = house()
    made.walk().pull()
    walk = made.walk()
    table = next(iter(walk.request.columns))
    wider = {**walk.request.columns, table: (*walk.request.columns[table], "industry")}
    replace(walk, request=replace(walk.request, columns=wider)).pull()
    assert made.crm.pulls == [None, None]


def test_everything_is_pulled_when_the_changes_do_not_fit_what_is_there() -> None:
    made = house()
    made.walk().pull()
    unfit = iter([StopRun("deals is connected now", code="NEEDS_FULL_PULL")])

    def once() -> None:
        for error in unfit:
            raise error

    made.crm.after_pull = once
    assert made.walk().pull().exit_code == 0
    assert [since is None for since in made.crm.pulls] == [True, False, True]


def test_why_everything_is_pulled_again_is_told_in_the_language_of_the_run() -> None:
    made = house()
    made.policy = replace(made.policy, language="nl")
    made.walk().pull()
    unfit = iter([StopRun(Said("connector.store", "connected_now", table="deals"), code="NEEDS_FULL_PULL")])

    def once() -> None:
        for error in unfit:
            raise error

    made.crm.after_pull = once
    (reason,) = made.walk().pull().reasons
    because = "deals is nu aangesloten: de ongewijzigde rijen staan niet in de mirror"
    assert (reason.code, reason.message) == ("PULLED_ANEW", f"alles is opnieuw opgehaald: {because}")


def test_the_snapshot_of_the_last_good_run_is_kept_to_compare_with() -> None:
    made = house()
    made.policy = replace(made.policy, keep_snapshots=1, full_every=timedelta(0))
    good = made.walk().sync(yes=True)
    snapshot = made.journal.rows[good.run].snapshot
    made.walk().pull()
    made.walk().pull()
    assert snapshot in made.mirror.snapshots
    assert len(made.mirror.snapshots) == 2


def test_a_plan_whose_guards_trip_waits_as_every_command_says_until_it_is_approved() -> None:
    made = house()
    planned = made.walk().plan()
    assert planned.exit_code == 0
    assert planned.plan is not None
    assert f"tiersync approve {planned.run}" in planned.plan.holds[0].message
    assert [one["code"] for one in planned.as_json()["reasons"]] == ["WOULD_BE_HELD", "FIRST_RUN"]
    assert planned.reasons[1:] == planned.plan.holds
    waiting = history.status(made.journal, now=made.clock())["held"]
    assert f"tiersync approve {planned.run}" in waiting["release"]
    assert made.walk().approve(planned.run, reason="seen").figures["written"] > 0
    assert history.status(made.journal, now=made.clock())["held"] is None


def test_a_plan_without_holds_hides_no_held_run_before_it() -> None:
    made = house()
    made.walk().sync(yes=True)
    made.limits(max_tier_change_pct=0, min_accounts=1)
    made.crm.put(Target.DEAL, "b-9", account_id="b", amount="900")
    held = made.walk().sync()
    assert held.exit_code == 3
    made.limits(max_tier_change_pct=100, max_revenue_moved_pct=100, min_accounts=1)
    assert not getattr(made.walk().plan().plan, "holds", None)
    assert history.status(made.journal, now=made.clock())["held"]["run"] == held.run


def test_every_run_that_waits_is_told_of_whatever_ran_since() -> None:
    made = house()
    first = made.walk().sync(yes=True)
    made.limits(max_tier_change_pct=0, max_revenue_moved_pct=0, max_owner_book_pct=0, min_accounts=1)
    undo = made.walk().undo(first.run)
    made.crm.put(Target.DEAL, "b-9", account_id="b", amount="900")
    held = made.walk().sync()
    assert (undo.exit_code, held.exit_code) == (3, 3)
    for _ in range(60):
        made.walk().pull()
    status = history.status(made.journal, now=made.clock())
    assert [one["run"] for one in status["held_runs"]] == [held.run, undo.run]
    assert status["held"] == status["held_runs"][0]
    assert all(one["run"] in one["release"] for one in status["held_runs"])
    assert made.walk().approve(undo.run, reason="back").figures["written"] > 0
    left = history.status(made.journal, now=made.clock())["held_runs"]
    assert undo.run not in [one["run"] for one in left]


def test_a_second_approval_says_that_it_was_applied_already_and_tells_no_figures_of_the_first() -> None:
    made = house()
    held = made.walk().sync()
    assert made.walk().approve(held.run, reason="x").figures["written"] > 0
    again = made.walk().approve(held.run, reason="x")
    assert (again.exit_code, [reason.code for reason in again.reasons]) == (3, ["ALREADY_APPLIED"])
    assert (again.figures["written"], again.figures["changes"]) == (0, 0)


def test_status_tells_the_last_good_run_its_age_and_what_waits() -> None:
    made = house()
    assert history.status(made.journal, now=made.clock())["last_good"] is None
    held = made.walk().sync()
    status = history.status(made.journal, now=made.clock(), quota_left=7)
    assert (status["last_good"], status["age_seconds"], status["quota_left"]) == (None, None, 7)
    assert status["held"]["run"] == held.run
    assert held.run in status["held"]["release"]
    good = made.walk().approve(held.run, reason="x")
    made.clock.move(hours=1)
    made.walk().plan()
    status = history.status(made.journal, now=made.clock())
    assert (status["last_good"], status["age_seconds"], status["held"]) == (good.run, 3600, None)
    assert status["last"]["command"] == "plan"
    assert json.loads(json.dumps(status)) == status


def test_status_tells_the_age_also_while_the_report_of_the_good_run_is_being_drawn() -> None:
    made = house()
    made.journal.start(run="r1", command="sync", now=made.clock())
    made.journal.remember(memory.GOOD, "r1")
    made.clock.move(minutes=2)
    status = history.status(made.journal, now=made.clock())
    assert (status["last_good"], status["age_seconds"]) == ("r1", 120)


def test_runs_come_newest_first_with_their_figures() -> None:
    made = house()
    first, second = made.walk().sync(yes=True), made.walk().sync()
    shown = history.runs(made.journal)
    assert [row["run"] for row in shown] == [second.run, first.run]
    assert shown[1]["written"] == shown[1]["changes"] == first.figures["changes"]
    assert {"run", "started", "finished", "outcome", "changes", "written", "refused"} <= shown[0].keys()
    assert json.loads(json.dumps(shown)) == shown


def test_a_shown_run_lists_every_value_with_its_outcome() -> None:
    made = house()
    run = made.walk().sync(yes=True).run
    shown = history.show(made.journal, run)
    assert len(shown["records"]) == shown["changes"]
    assert {"account", "property", "old", "new", "cause", "outcome", "reason"} <= shown["records"][0].keys()
    assert {record["outcome"] for record in shown["records"]} == {"written"}
    assert json.loads(json.dumps(shown)) == shown
    with pytest.raises(UsageError, match="no run x"):
        history.show(made.journal, "x")


def test_the_changes_that_were_sent_and_never_answered_are_not_shown_as_planned() -> None:
    made = house()
    made.crm.loses[Target.ACCOUNT, "a"] = 3
    run = made.walk().sync(yes=True).run
    told = {record["outcome"] for record in history.show(made.journal, run)["records"] if record["record"] == "a"}
    assert told == {"unsettled"}


def test_a_run_that_died_shows_what_it_had_sent_as_unsettled() -> None:
    made = house()
    row = Change("a", Target.ACCOUNT, "a", "seg_tier", None, "large")
    made.journal.start(run="dead", command="sync", now=made.clock())
    made.journal.intend("dead", [row, row._replace(property="seg_say_no")])
    made.journal.sending("dead", [1])
    assert [r["outcome"] for r in history.show(made.journal, "dead")["records"]] == ["unsettled", "planned"]


def test_planned_accounts_come_with_their_changes() -> None:
    made = house()
    seen = {}

    def report(result: Result, evaluation: Evaluation) -> str:
        planned = history.planned(made.journal, result.run, evaluation)
        seen.update({context.account: len(changes) for context, changes in planned})
        return "here"

    assert replace(made.walk(), report=report).sync().report == "here"
    assert seen == {"a": 5, "b": 5}
