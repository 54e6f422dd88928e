"""Writing: batches, lost answers, refusals, rewritten values, stops."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from connector.errors import QuotaUsedUp
from connector.model.changes import Landed, Outcome, RecordWrite, Target
from connector.model.runs import RunOutcome
from connector.planning.compare import EditedValues
from connector.sync import Result, history
from tests.twins import House, open_limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.twins.crm import Write


def house(count: int = 7) -> House:
    """Accounts a0, a1, …; each bought once."""
    made = House()
    made.policy = replace(made.policy, limits=open_limits())
    for number in range(count):
        made.account(f"a{number}", deals=[20])
    return made


def outcomes(made: House, result: Result) -> dict[str, set[str]]:
    records: dict[str, set[str]] = {}
    for row in history.show(made.journal, result.run)["records"]:
        records.setdefault(row["record"], set()).add(row["outcome"])
    return records


def test_records_travel_in_batches_of_one_kind_no_greater_than_the_crm_takes() -> None:
    made = house(7)
    made.walk().sync(yes=True)
    sizes = [(len(batch), batch[0].target) for batch in made.crm.batches]
    assert sorted(sizes) == sorted(
        [(3, Target.ACCOUNT), (3, Target.DEAL)] * 2 + [(1, Target.ACCOUNT), (1, Target.DEAL)]
    )


def test_the_first_batch_of_a_kind_is_small_however_much_the_crm_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.sync.write.FIRST_BATCH", 2)
    made = house(7)
    made.crm.batch_size = 100
    made.walk().sync(yes=True)
    sizes = [len(batch) for batch in made.crm.batches if batch[0].target is Target.ACCOUNT]
    assert sizes == [2, 5]


def test_deals_of_one_account_travel_together_whatever_their_ids() -> None:
    made = house(0)
    for name, deals in (("a", ("9", "1")), ("b", ("5", "3")), ("c", ("2", "8"))):
        made.account(name)
        for deal in deals:
            made.crm.put(Target.DEAL, deal, account_id=name, amount="20")
    made.walk().sync(yes=True)
    sent = [one.record for batch in made.crm.batches for one in batch if one.target is Target.DEAL]
    assert sent == ["1", "9", "3", "5", "2", "8"]


def test_every_value_is_sent_once() -> None:
    made = house()
    made.walk().sync(yes=True)
    assert set(made.crm.sent.values()) == {1}


@pytest.mark.parametrize(("lost", "sends", "outcome"), [(1, 2, "ok"), (2, 3, "ok"), (3, 3, "partial")])
def test_a_write_that_stays_lost_makes_the_run_partial_and_is_not_sent_once_more(
    lost: int, sends: int, outcome: str
) -> None:
    made = house(3)
    made.crm.loses[Target.ACCOUNT, "a1"] = lost
    result = made.walk().sync(yes=True)
    assert result.outcome == outcome
    assert made.crm.sent[Target.ACCOUNT, "a1", "seg_tier", "small"] == sends
    assert made.crm.sent[Target.ACCOUNT, "a0", "seg_tier", "small"] == 1
    assert outcomes(made, result)["a1"] == {"written" if outcome == "ok" else "unsettled"}
    assert result.figures["written"] + result.figures["unsettled"] == result.figures["changes"]


def test_a_write_that_arrived_without_an_answer_is_found_by_the_next_run_and_not_sent_again() -> None:
    made = house(3)
    made.crm.mutes[Target.ACCOUNT, "a1"] = 1
    first = made.walk().sync(yes=True)
    assert (first.outcome, outcomes(made, first)["a1"]) == (RunOutcome.PARTIAL, {"unsettled"})
    assert made.walk().sync().outcome is RunOutcome.OK
    assert outcomes(made, first)["a1"] == {"written"}
    assert made.crm.sent[Target.ACCOUNT, "a1", "seg_tier", "small"] == 1


def test_a_record_the_answer_does_not_name_is_unsettled() -> None:
    made = house(2)
    made.crm.around_write = lambda batch, write: write(batch)[1:]
    result = made.walk().sync(yes=True)
    assert (result.outcome, result.figures["unsettled"]) == (RunOutcome.PARTIAL, 5)


def test_what_stays_unsettled_is_settled_by_the_next_run() -> None:
    made = house(3)
    made.crm.loses[Target.ACCOUNT, "a1"] = 3
    made.walk().sync(yes=True)
    second = made.walk().sync()
    assert second.outcome is RunOutcome.OK
    assert made.crm.holds(Target.ACCOUNT, "a1", "seg_tier") == "small"
    made.clock.move(hours=2)
    third = made.walk().sync()
    assert third.figures["changes"] == 0
    assert made.journal.unsettled() == []


@pytest.mark.parametrize(("hours", "told"), [(1, "skipped"), (24, "unsettled")])
def test_a_lost_write_counts_as_on_its_way_for_as_long_as_the_crm_lets_it_linger(hours: int, told: str) -> None:
    made = house(3)
    made.crm.lingering = timedelta(hours=hours)
    made.crm.loses[Target.ACCOUNT, "a1"] = 6
    first = made.walk().sync(yes=True)
    made.clock.move(hours=2)
    made.walk().sync()
    assert outcomes(made, first)["a1"] == {told}


def house_with_a_late_write() -> tuple[House, list[RecordWrite]]:
    """A write of 500 is still under way, held back from arriving by itself, and 700 is wanted by now."""
    made = house(2)
    made.walk().sync(yes=True)
    made.crm.put(Target.DEAL, "a1-0", amount="500")
    made.crm.delays[Target.ACCOUNT, "a1"] = 1
    assert made.walk().sync().figures["unsettled"] == 2
    late, made.crm.late = made.crm.late, []
    made.crm.put(Target.DEAL, "a1-0", amount="700")
    return made, late


def test_a_write_that_arrives_between_pull_and_write_is_ours_and_no_edit() -> None:
    made, late = house_with_a_late_write()

    def arrive() -> None:
        made.crm.late = late
        made.crm.arrive()

    made.crm.after_pull = arrive
    result = made.walk().sync()
    assert (result.outcome, result.figures["kept"]) == (RunOutcome.OK, 0)
    assert made.crm.holds(Target.ACCOUNT, "a1", "seg_revenue_12m") == "700"


@pytest.mark.parametrize(("hours", "kept"), [(0, 0), (2, 1)])
def test_a_write_that_arrives_after_a_later_run_wrote_there_is_ours_while_it_may_linger(hours: int, kept: int) -> None:
    made, late = house_with_a_late_write()
    assert made.walk().sync().figures["kept"] == 0
    assert made.crm.holds(Target.ACCOUNT, "a1", "seg_revenue_12m") == "700"
    made.clock.move(hours=hours)
    made.crm.late = late
    made.crm.arrive()
    assert made.crm.holds(Target.ACCOUNT, "a1", "seg_revenue_12m") == "500"
    assert made.walk().sync().figures["kept"] == kept
    assert made.crm.holds(Target.ACCOUNT, "a1", "seg_revenue_12m") == ("500" if kept else "700")


def test_a_refused_record_makes_the_run_partial_and_waits_until_its_next_try() -> None:
    made = house(4)
    made.crm.refuses[Target.ACCOUNT, "a2"] = "Industry: value Nuts is not allowed"
    result = made.walk().sync(yes=True)
    assert (result.outcome, result.exit_code) == (RunOutcome.PARTIAL, 4)
    assert (result.figures["refused"], result.figures["quarantined"]) == (4, 1)
    assert "Industry: value Nuts is not allowed" in result.reasons[0].message
    shown = [r for r in history.show(made.journal, result.run)["records"] if r["record"] == "a2"]
    assert {(r["outcome"], r["reason"]) for r in shown} == {("refused", "Industry: value Nuts is not allowed")}

    again = made.walk().sync()
    assert (again.outcome, again.figures["written"], again.figures["quarantined"]) == (RunOutcome.PARTIAL, 0, 1)
    assert made.crm.sent[Target.ACCOUNT, "a2", "seg_tier", "small"] == 1
    assert made.journal.last_written([(Target.ACCOUNT, "a2", "seg_tier")]) == {}
    (told,) = [reason.message for reason in again.reasons if reason.code == "QUARANTINED"]
    moment = made.journal.quarantined()[0].next_try.astimezone(ZoneInfo("Europe/Amsterdam"))
    assert told.startswith(f"1 record refused before, next try {moment:%Y-%m-%d %H:%M %Z}")
    assert "`tiersync status`" in told
    (aside,) = history.status(made.journal, now=made.clock())["quarantine"]
    words = {"object": "account", "record": "a2", "reason": "Industry: value Nuts is not allowed", "tries": 1}
    assert aside == words | {"since": "2026-04-02T06:00:00+00:00", "next_try": "2026-04-02T07:00:00+00:00"}


def test_the_wait_of_a_refused_record_grows() -> None:
    made = house(1)
    made.crm.refuses[Target.ACCOUNT, "a0"] = "no"
    tries = []
    for _ in range(3):
        made.walk().sync(yes=True)
        (row,) = made.journal.quarantined()
        tries.append(row.next_try - made.clock())
        made.clock.now = row.next_try
    assert tries == [timedelta(hours=1), timedelta(hours=4), timedelta(hours=16)]


def test_a_record_that_is_taken_after_all_leaves_quarantine() -> None:
    made = house(1)
    made.crm.refuses[Target.ACCOUNT, "a0"] = "no"
    made.walk().sync(yes=True)
    made.crm.refuses.clear()
    made.next_day()
    assert made.walk().sync().outcome is RunOutcome.OK
    assert not made.journal.quarantined()
    assert made.crm.holds(Target.ACCOUNT, "a0", "seg_tier") == "small"


def test_a_crm_that_rewrites_our_values_stops_the_run_after_the_first_batch() -> None:
    made = house(7)
    made.crm.rewrites["seg_tier", "small"] = "SMALL"
    result = made.walk().sync(yes=True)
    assert (result.outcome, [reason.code for reason in result.reasons]) == (RunOutcome.FAILED, ["REWRITTEN"])
    assert len([batch for batch in made.crm.batches if batch[0].target is Target.ACCOUNT]) == 1
    assert "workflow" in result.hint


def test_a_record_deleted_right_after_its_write_is_gone_and_no_rewriting_crm() -> None:
    made = house(2)

    def deleted(batch: Sequence[RecordWrite], write: Write) -> Sequence[Outcome]:
        outcomes = write(batch)
        made.crm.records[Target.ACCOUNT].pop("a0", None)
        return outcomes

    made.crm.around_write = deleted
    result = made.walk().sync(yes=True)
    assert result.outcome is RunOutcome.OK
    assert result.figures["gone"] == 1


def test_a_run_that_is_stopped_half_way_tells_what_was_refused_before() -> None:
    made = house(7)
    made.crm.refuses[Target.ACCOUNT, "a0"] = "locked by legal"
    calls = iter((False, True))

    def limited(batch: Sequence[RecordWrite], write: Write) -> Sequence[Outcome]:
        if next(calls, False):
            raise QuotaUsedUp("the day's calls are used up")
        return write(batch)

    made.crm.around_write = limited
    result = made.walk().sync(yes=True)
    assert result.outcome is RunOutcome.FAILED
    assert any("locked by legal" in reason.message for reason in result.reasons)
    assert result.reasons[-1].code == "QUOTA_USED_UP"


def test_each_kind_of_record_has_its_first_batch_verified() -> None:
    made = house(2)
    made.crm.rewrites["seg_account_tier", "small"] = "SMALL"
    result = made.walk().sync(yes=True)
    assert [reason.code for reason in result.reasons] == ["REWRITTEN"]
    assert "deal a0-0" in result.reasons[0].message


def test_a_value_somebody_set_after_the_pull_is_left_and_the_rest_of_its_record_is_written() -> None:
    made = house(2)
    made.crm.after_pull = lambda: made.crm.put(Target.ACCOUNT, "a0", seg_tier="typed")
    result = made.walk().sync(yes=True)
    assert (result.outcome, result.figures["kept"]) == (RunOutcome.OK, 1)
    assert made.crm.holds(Target.ACCOUNT, "a0", "seg_tier") == "typed"
    assert made.crm.holds(Target.ACCOUNT, "a0", "seg_revenue_12m") == "20"
    assert outcomes(made, result)["a0"] == {"kept", "written"}


def test_a_value_that_is_there_already_is_never_sent() -> None:
    made = house(2)
    made.crm.after_pull = lambda: made.crm.put(Target.ACCOUNT, "a0", seg_tier="small")
    made.walk().sync(yes=True)
    assert (Target.ACCOUNT, "a0", "seg_tier", "small") not in made.crm.sent


def test_a_record_that_vanished_after_the_pull_is_not_written() -> None:
    made = house(2)

    def delete() -> None:
        del made.crm.records[Target.ACCOUNT]["a0"]

    made.crm.after_pull = delete
    result = made.walk().sync(yes=True)
    assert (result.outcome, result.figures["gone"], outcomes(made, result)["a0"]) == (RunOutcome.OK, 1, {"gone"})


def test_a_stop_request_ends_the_run_after_the_batch_in_hand() -> None:
    made = house(7)
    stop = threading.Event()

    def note(step: str, done: int, total: int | None = None) -> None:
        if step == "write" and done != total:
            stop.set()

    result = replace(made.walk(), progress=note).sync(yes=True, stop=stop)
    assert (result.outcome, len(made.crm.batches)) == (RunOutcome.PARTIAL, 1)
    assert [reason.code for reason in result.reasons] == ["STOPPED"]
    assert result.figures["written"] == 12
    assert {frozenset(told) for told in outcomes(made, result).values()} == {
        frozenset({"written"}),
        frozenset({"skipped"}),
    }
    assert made.walk().sync().outcome is RunOutcome.OK
    assert made.walk().sync().figures["changes"] == 0


def test_a_quota_used_up_half_way_fails_the_run_and_the_next_one_goes_on() -> None:
    made = house(7)
    calls = iter((False, True))

    def limited(batch: Sequence[RecordWrite], write: Write) -> Sequence[Outcome]:
        if next(calls, False):
            raise QuotaUsedUp("the day's calls are used up")
        return write(batch)

    made.crm.around_write = limited
    result = made.walk().sync(yes=True)
    assert (result.exit_code, [reason.code for reason in result.reasons]) == (1, ["QUOTA_USED_UP"])
    assert result.figures["written"] == 12
    assert made.walk().sync().outcome is RunOutcome.OK
    assert made.walk().sync().figures["changes"] == 0


def test_only_what_is_written_is_checked_beforehand() -> None:
    made = house(1)
    made.walk().sync(yes=True)
    assert made.crm.preflights == [("seg_tier", "seg_say_no", "seg_revenue_12m", "seg_last_evaluated")]
    made.walk().sync()
    assert len(made.crm.preflights) == 1


def test_a_value_that_its_definition_rules_out_counts_as_refused_and_is_tried_again_at_once() -> None:
    made = house(2)
    ruled_out = Outcome(Target.ACCOUNT, "a1", Landed.SKIPPED, "NOT_ALLOWED", "'small' is none of the options")

    def limited(batch: Sequence[RecordWrite], write: Write) -> Sequence[Outcome]:
        told = write([one for one in batch if one.record != "a1"])
        return [*told, ruled_out] if len(told) < len(batch) else told

    made.crm.around_write = limited
    result = made.walk().sync(yes=True)
    assert (result.outcome, result.figures["refused"]) == (RunOutcome.PARTIAL, 4)
    assert "none of the options" in result.reasons[0].message
    made.crm.around_write = None
    assert made.walk().sync().outcome is RunOutcome.OK
    assert made.crm.holds(Target.ACCOUNT, "a1", "seg_tier") == "small"


@pytest.mark.parametrize(("policy", "told"), [(EditedValues.KEEP, "small"), (EditedValues.OVERWRITE, None)])
def test_a_write_says_what_was_there_before_only_where_edits_are_kept(policy: EditedValues, told: str | None) -> None:
    made = house(1)
    made.policy = replace(made.policy, edited_values=policy)
    made.walk().sync(yes=True)
    made.crm.batches.clear()
    made.account("a0", deals=[150])
    made.walk().sync()
    (write,) = (write for batch in made.crm.batches for write in batch if write.target is Target.ACCOUNT)
    assert dict(write.values)["seg_tier"] == "large"
    assert dict(write.before).get("seg_tier") == told


def lately(made: House, *records: str, minutes: int = 5) -> None:
    made.policy = replace(made.policy, quiet=timedelta(minutes=30))
    for record in records:
        made.crm.edits[Target.ACCOUNT, record] = made.clock() - timedelta(minutes=minutes)


def test_a_record_that_a_person_has_just_edited_waits_and_counts_as_neither_written_nor_partial() -> None:
    made = house(4)
    lately(made, "a1")
    result = made.walk().sync(yes=True)
    assert (result.outcome, [reason.code for reason in result.reasons]) == (RunOutcome.OK, ["EDITED_LATELY"])
    assert outcomes(made, result)["a1"] == {"skipped"}
    assert made.crm.holds(Target.ACCOUNT, "a1", "seg_tier") is None
    assert made.crm.holds(Target.ACCOUNT, "a2", "seg_tier") == "small"
    reasons = {row["reason"] for row in history.show(made.journal, result.run)["records"] if row["record"] == "a1"}
    assert reasons == {"waits, edited 5 minutes ago; a later run writes it"}
    made.clock.move(minutes=25)
    assert made.walk().sync().figures["changes"] > 0
    assert made.crm.holds(Target.ACCOUNT, "a1", "seg_tier") is None
    made.clock.move(minutes=1)
    made.walk().sync()
    assert made.crm.holds(Target.ACCOUNT, "a1", "seg_tier") == "small"


def test_nobody_looks_for_edits_where_no_record_is_to_rest() -> None:
    made, quiet = house(4), house(4)
    lately(quiet)
    for one in (made, quiet):
        one.walk().sync(yes=True)
    batches = len(made.crm.batches)
    assert quiet.crm.calls == made.crm.calls + batches


def test_what_was_left_for_a_later_run_keeps_its_cause() -> None:
    made = house(4)
    made.walk().sync(yes=True)
    lately(made, "a1", "a3")
    made.crm.refuses[Target.ACCOUNT, "a2"] = "no"
    for record in ("a1", "a2"):
        made.crm.put(Target.DEAL, f"{record}-more", account_id=record, amount="500")
    made.walk().sync()
    made.crm.refuses.clear()
    made.clock.move(hours=2)
    later = made.walk().sync()
    told = {(row["account"], row["cause"]) for row in history.show(made.journal, later.run)["records"]}
    assert told == {("a1", "own data changed"), ("a2", "own data changed")}


def test_an_undo_leaves_what_a_person_has_just_edited_and_says_how_it_comes_back() -> None:
    made = house(2)
    first = made.walk().sync(yes=True)
    lately(made, "a1")
    undone = made.walk().undo(first.run)
    assert (undone.outcome, [reason.code for reason in undone.reasons]) == (
        RunOutcome.PARTIAL,
        ["EDITED_LATELY", "UNDO_AGAIN"],
    )
    assert made.crm.holds(Target.ACCOUNT, "a1", "seg_tier") == "small"
    made.clock.move(minutes=31)
    made.walk().undo(first.run)
    assert made.crm.holds(Target.ACCOUNT, "a1", "seg_tier") is None


def write_one_batch_then(made: House, error: BaseException) -> None:
    """Break off in the middle of the second batch, which has landed in the CRM and not in the journal."""

    def breaks(batch: Sequence[RecordWrite], write: Write) -> list[Outcome]:
        outcomes = list(write(batch))
        if len(made.crm.batches) > 1:
            raise error
        return outcomes

    made.crm.around_write = breaks


def in_journal(made: House, run: str) -> int:
    return sum(change.landed is Landed.WRITTEN for change in made.journal.changes(run))


def test_a_run_interrupted_while_it_writes_keeps_the_figures_of_what_landed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = house(7)
    land = made.journal.land

    def then_stops(*arguments: Any, **named: Any) -> None:
        land(*arguments, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(made.journal, "land", then_stops)
    with pytest.raises(KeyboardInterrupt):
        made.walk().sync(yes=True)
    (row,) = made.journal.rows.values()
    assert row.figures["written"] == in_journal(made, row.run) > 0
    assert row.figures["changes"] > row.figures["written"]
    assert (row.reasons[-1].code, "`tiersync sync` goes on" in row.reasons[-1].message) == ("STOPPED", True)


def test_what_a_killed_run_wrote_is_counted_from_the_journal() -> None:
    made = house(7)
    write_one_batch_then(made, SystemExit())
    with pytest.raises(SystemExit):
        made.walk().sync(yes=True)
    (row,) = made.journal.rows.values()
    assert (row.outcome, "written" in row.figures) == (None, False)
    first = in_journal(made, row.run)
    assert history.show(made.journal, row.run)["written"] == history.runs(made.journal)[0]["written"] == first > 0
    made.crm.around_write = lambda batch, write: write(batch)
    assert made.walk().sync(yes=True).outcome is RunOutcome.OK
    assert made.journal.rows[row.run].figures["written"] == first
    assert history.show(made.journal, row.run)["written"] == in_journal(made, row.run) > first, "and what was settled"
