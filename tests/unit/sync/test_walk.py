"""The walk of a run on in-memory ports: how each kind of run ends, and what it leaves behind."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from connector.errors import BadAnswer, ConnectorError, StopRun, UsageError
from connector.model.changes import Target
from connector.model.runs import Reason, RunOutcome, Unlisted
from connector.model.texts import Said
from connector.sync import Result, history
from tests.twins import House, MemoryJournal, Row, open_limits, rule_set
from tests.twins.mirror import MemoryDraft
from tests.unit.sync.walking import applied, codes, house, raises

if TYPE_CHECKING:
    from connector.ports import Evaluation, Page

SECRET = "pat-eu1-secret"


class FullDisk(MemoryJournal):
    """A journal that takes no end any more."""

    def note(self, run: str, **facts: Any) -> None:
        if "outcome" in facts:
            raise OSError("No space left on device")
        super().note(run, **facts)


def test_a_run_that_another_worker_did_meanwhile_does_not_begin() -> None:
    made = applied()
    runs, calls = made.journal.runs(), made.crm.requests()
    with pytest.raises(StopRun, match="another worker has done this run") as caught:
        made.walk().sync(unless=lambda: True)
    assert caught.value.code == "DONE_ALREADY"
    assert (made.journal.runs(), made.crm.requests()) == (runs, calls)


def test_whether_a_run_is_needed_is_asked_once_nobody_else_can_begin_it() -> None:
    made = applied()
    made.lease.other = True
    assert made.walk().sync(unless=lambda: True).reasons[0].code == "ANOTHER_RUN"


def test_the_document_of_a_sync_holds_what_the_contract_names() -> None:
    document = json.loads(json.dumps(house().walk().sync(yes=True).as_json()))
    named = {"run", "outcome", "pulled", "evaluated", "changes", "written", "refused", "quarantined", "requests"}
    assert named | {"reasons"} <= document.keys()
    assert document["pulled"] == {"accounts": 3, "deals": 2}
    assert (document["outcome"], document["evaluated"]) == ("ok", 3)
    assert document["requests"] > 0
    assert {"from": None, "to": "large", "accounts": 1, "revenue": "150.00"} in document["plan"]["moves"]


def test_a_pull_that_fails_fails_the_run_and_leaves_mirror_and_crm_as_they_were() -> None:
    made = applied()
    snapshot, before = made.mirror.current(), made.crm.picture()
    made.crm.after_pull = lambda: raises(BadAnswer("page 3 has no results", hint="try again"))
    result = made.walk().sync()
    assert (result.outcome, result.exit_code, codes(result)) == (RunOutcome.FAILED, 1, ["BAD_ANSWER"])
    assert result.hint == "try again"
    assert made.mirror.current() == snapshot
    assert made.crm.picture() == before
    row = made.journal.rows[result.run]
    assert (row.outcome, row.reasons) == (RunOutcome.FAILED, (Reason("BAD_ANSWER", "page 3 has no results"),))


def test_a_usage_error_inside_a_run_ends_with_2_and_in_the_journal() -> None:
    made = house()
    made.crm.after_pull = lambda: raises(UsageError("[fields] pain_fit: the CRM has no such property"))
    result = made.walk().sync()
    assert (result.exit_code, made.journal.rows[result.run].outcome) == (2, RunOutcome.FAILED)


def test_an_unexpected_error_is_told_without_its_text() -> None:
    made = house()
    made.crm.after_pull = lambda: raises(ValueError(f"Authorization: Bearer {SECRET}"))
    result = made.walk().sync()
    assert (result.exit_code, codes(result)) == (1, ["UNEXPECTED"])
    assert SECRET not in json.dumps(result.as_json())
    assert SECRET not in repr(made.journal)
    assert isinstance(result.error, ValueError)


def test_an_interrupted_run_ends_in_the_journal() -> None:
    made = house()
    made.crm.after_pull = lambda: raises(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        made.walk().sync()
    (row,) = made.journal.rows.values()
    assert (row.outcome, row.reasons[0].code) == (RunOutcome.FAILED, "STOPPED")


def test_a_run_that_cannot_be_journalled_has_failed() -> None:
    made = house()
    made.journal = FullDisk()
    assert made.walk().sync(yes=True).exit_code == 1


def test_a_second_run_ends_as_held_by_another_and_writes_nothing() -> None:
    made = house()
    made.lease.other = True
    result = made.walk().sync(yes=True)
    assert (result.exit_code, codes(result)) == (3, ["ANOTHER_RUN"])
    assert not made.crm.batches
    assert made.journal.rows[result.run].outcome is RunOutcome.HELD
    assert history.status(made.journal, now=made.clock())["held"] is None


def test_a_run_that_loses_its_lease_writes_no_more() -> None:
    made = house()
    made.crm.after_pull = lambda: setattr(made.lease, "lost", True)
    result = made.walk().sync(yes=True)
    assert (result.exit_code, codes(result)) == (1, ["LEASE_LOST"])
    assert not made.crm.batches


def test_a_pull_whose_lease_is_lost_on_the_way_ends_within_a_second_of_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    made = House()
    for number in range(100):
        made.account(f"a{number:03}")
    made.crm.page_size, arrived, add = 1, [], MemoryDraft.add

    def arrive(draft: MemoryDraft, page: Page) -> None:
        add(draft, page)
        arrived.append(page)
        made.lease.lost = len(arrived) >= 30

    monkeypatch.setattr(MemoryDraft, "add", arrive)
    result = made.walk().sync(yes=True)
    assert (result.exit_code, codes(result)) == (1, ["LEASE_LOST"])
    assert len(arrived) == 40
    assert made.mirror.current() is None


def test_a_plan_writes_nothing_and_tells_what_a_sync_would_be_held_for() -> None:
    made = house()
    before = made.crm.picture()
    result = made.walk().plan()
    assert (result.outcome, result.exit_code) == (RunOutcome.OK, 0)
    assert result.plan is not None
    assert [reason.code for reason in result.plan.holds] == ["FIRST_RUN"]
    assert result.plan.tally.changes == len(list(made.walk().changes(result.run))) > 0
    assert made.crm.picture() == before
    assert not made.crm.batches


def test_a_pull_only_refreshes_the_mirror() -> None:
    made = house()
    result = made.walk().pull()
    assert (result.exit_code, result.figures["pulled_accounts"]) == (0, 3)
    assert made.mirror.current() is not None
    assert not made.evaluated


def test_changes_come_out_sorted_by_account_target_record_and_property() -> None:
    made = house()
    made.account("A", deals=[1, 2, 3])
    run = made.walk().plan().run
    keys = [(c.account, c.target, c.record, c.property) for c in made.walk().changes(run)]
    assert keys == sorted(keys)


def test_cells_that_cannot_be_read_make_the_run_partial() -> None:
    made = house()
    made.unreadable = (Reason("UNREADABLE", "deals.csv:3:amount: '12,5' is no amount"),)
    result = made.walk().sync(yes=True)
    assert (result.exit_code, codes(result)) == (4, ["UNREADABLE"])
    assert result.figures["written"] == result.figures["changes"]


def test_every_cell_that_cannot_be_read_is_counted_also_where_one_line_stands_for_many() -> None:
    made = house()
    cells = [Reason("UNREADABLE", f"accounts.csv row {row}") for row in range(1000)]
    made.unreadable = (*cells, Unlisted("MORE_UNREADABLE", "and 30 more cells of accounts", 30), cells[0])
    result = made.walk().sync(yes=True)
    assert (result.as_json()["unreadable"], len(result.reasons)) == (1031, 20)


def test_a_cell_that_cannot_be_read_is_told_in_the_language_of_the_run() -> None:
    made = house()
    made.policy = replace(made.policy, language="nl")
    made.unreadable = (Reason("UNREADABLE", Said("connector.engine", "no_key", file="a.csv", row="3", column="id")),)
    (reason,) = made.walk().sync(yes=True).reasons
    assert reason.message == "a.csv rij 3, kolom id: leeg, dus de rij hoort bij geen enkel record"


def test_a_stop_request_during_the_pull_ends_the_run_before_any_write() -> None:
    made = house()
    stop = threading.Event()
    made.crm.before_pull = stop.set
    result = made.walk().sync(yes=True, stop=stop)
    assert (result.exit_code, codes(result)) == (1, ["STOPPED"])
    assert made.mirror.current() is None


def test_causes_name_what_changed_since_the_last_good_run() -> None:
    made = applied()
    made.limits(max_tier_change_pct=100)
    made.crm.put(Target.DEAL, "b-1", account_id="b", amount="500")
    by_data = made.walk().plan().plan
    assert by_data is not None
    assert by_data.tally.by_cause.keys() == {"own data changed"}
    made.walk().sync()
    made.rules = rule_set("r2")
    made.wanted = _everybody_large
    by_rules = made.walk().plan().plan
    assert by_rules is not None
    assert by_rules.tally.by_cause.keys() == {"rules edited"}


def _everybody_large(_account: Row, _deals: list[Row]) -> Row:
    return {"seg_tier": "large", "seg_say_no": "false", "seg_revenue_12m": None}


def test_a_report_that_cannot_be_drawn_is_told_and_changes_nothing_else() -> None:
    made = house()

    def draw(result: Result, evaluation: Evaluation) -> str:
        raise RuntimeError(SECRET, result, evaluation)

    result = replace(made.walk(), report=draw).sync(yes=True)
    assert (result.exit_code, codes(result)) == (0, ["REPORT_FAILED"])
    assert SECRET not in repr(result.reasons)
    drawn = replace(made.walk(), report=lambda result, evaluation: f"{result.run}/{evaluation.rule_version}").sync()
    assert drawn.report == f"{drawn.run}/r1"


def test_a_run_that_died_is_buried_by_the_next_one() -> None:
    made = house()
    made.journal.start(run="dead", command="sync", now=made.clock())
    made.journal.remember("run.going", "dead")
    made.walk().sync()
    row = made.journal.rows["dead"]
    assert (row.outcome, row.reasons[0].code) == (RunOutcome.FAILED, "DIED")


def test_two_runs_of_one_second_have_different_names() -> None:
    made = house()
    assert made.walk().pull().run != made.walk().pull().run


def test_the_requests_of_a_run_are_its_own() -> None:
    made = house()
    walk = made.walk()
    first, second = walk.sync(yes=True), walk.sync()
    assert first.figures["requests"] + second.figures["requests"] == made.crm.calls


def test_every_outcome_has_its_exit_code() -> None:
    results = {o: Result(run="r", command="sync", outcome=o).exit_code for o in RunOutcome}
    assert results == {RunOutcome.OK: 0, RunOutcome.FAILED: 1, RunOutcome.HELD: 3, RunOutcome.PARTIAL: 4}
    wrong = Result(run="r", command="sync", outcome=RunOutcome.FAILED, error=UsageError("no"))
    assert wrong.exit_code == 2
    assert Result(run="r", command="s", outcome=RunOutcome.FAILED, error=ConnectorError("no")).exit_code == 1


def test_each_run_is_named_to_whoever_listens() -> None:
    made = house()
    heard: list[str] = []
    held = replace(made.walk(), begun=heard.append).sync()
    replace(made.walk(), begun=heard.append).approve(held.run, reason="x")
    assert heard == [held.run, held.run]


def test_the_document_of_a_plan_tells_who_moves_the_revenue_the_book_and_the_cause() -> None:
    made = House()
    made.policy = replace(made.policy, limits=open_limits())
    for number in range(3):
        made.account(f"a{number}", deals=[20], owner_id="ann")
    made.walk().sync(yes=True)
    made.crm.put(Target.DEAL, "more", account_id="a0", amount="500")
    made.crm.put(Target.ACCOUNT, "a1", bad="yes")
    told = made.walk().plan().as_json()["plan"]
    assert told["moves"] == [{"from": "small", "to": "large", "accounts": 1, "revenue": "520.00"}]
    assert (told["tiers_changed"], told["revenue_moved"], told["by_owner"]) == (1, "520.00", {"ann": 1})
    assert told["revenue_moved_down"] == "520.00"  # rules that do not rank the tier: any move may be one down
    assert (told["newly_say_no"], told["no_longer_say_no"]) == (1, 0)
    assert told["by_cause"] == {"own data changed": told["changes"]}
    assert told["api_calls"] > 0
