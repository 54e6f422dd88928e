"""What the walk relies on in a journal: one suite for the real one and for the twin that tests walk on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from connector.model.changes import Change, Landed, Outcome, Target
from connector.model.runs import Reason, RunOutcome
from connector.store import open_store
from tests.twins import START, Clock, MemoryJournal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.ports import Journal

TIER = (Target.ACCOUNT, "1", "seg_tier")


@pytest.fixture(params=["twin", "sqlite"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    """A journal in the hands of a process that holds the lease."""
    if request.param == "twin":
        yield MemoryJournal()
        return
    store = open_store(f"sqlite:///{tmp_path}/state.db", tmp_path / "mirror", clock=lambda: datetime.now(UTC))
    with store.lease.hold(wait_seconds=0):
        yield store.journal
    store.close()


def change(name: str = "seg_tier", *, record: str = "1", old: str | None = None, new: str | None = "large") -> Change:
    return Change("1", Target.ACCOUNT, record, name, old, new)


def begin(journal: Journal, run: str, *changes: Change, sent: bool = True) -> list[int]:
    journal.start(run=run, command="sync", now=START)
    journal.intend(run, changes)
    seqs = [row.seq for row in journal.changes(run)]
    if sent:
        journal.sending(run, seqs)
    return seqs


def landed(journal: Journal, run: str) -> list[str | None]:
    return [row.landed for row in journal.changes(run)]


def test_the_parts_of_a_plan_come_back_in_order_with_numbers_that_go_on(journal: Journal) -> None:
    journal.start(run="r1", command="sync", now=START)
    journal.intend("r1", [change("a"), change("b")])
    journal.intend("r1", [change("c")], landed=Landed.KEPT, reason="a person's")
    journal.intend("r1", iter([change("d")]))
    rows = list(journal.changes("r1"))
    assert [row.change.property for row in rows] == ["a", "b", "c", "d"]
    assert len({row.seq for row in rows}) == 4
    assert [(row.landed, row.reason) for row in rows][2] == ("kept", "a person's")
    assert [row.change.property for row in journal.changes("r1", only_open=True)] == ["a", "b", "d"]


def test_changes_that_wait_for_a_person_are_open_once_they_are_released(journal: Journal) -> None:
    journal.start(run="r1", command="sync", now=START)
    journal.intend("r1", [change("a")])
    journal.intend("r1", [change("b"), change("c")], landed=Landed.WAITING, reason="missing")
    journal.intend("r1", [change("d")], landed=Landed.KEPT, reason="a person's")
    journal.sending("r1", [row.seq for row in journal.changes("r1", only_open=True)])
    journal.land("r1", [Outcome(Target.ACCOUNT, "1", Landed.WRITTEN)], now=START)
    assert landed(journal, "r1") == ["written", "waiting", "waiting", "kept"]
    journal.reopen("r1")
    assert landed(journal, "r1") == ["written", None, None, "kept"]
    seqs = [row.seq for row in journal.changes("r1", only_open=True)]
    journal.sending("r1", seqs)
    assert [row.reason for row in journal.changes("r1")] == ["", "", "", "a person's"]


def test_changes_may_end_while_they_are_read(journal: Journal) -> None:
    journal.start(run="r1", command="sync", now=START)
    journal.intend("r1", [change(record=str(number)) for number in range(5_000)])
    seen = 0
    for row in journal.changes("r1", only_open=True):
        seen += 1
        if seen % 500 == 0:
            journal.skip("r1", [row.seq], landed=Landed.SKIPPED, reason="x")
    assert seen == 5_000
    assert len(list(journal.changes("r1", only_open=True))) == 4_990


def test_a_plan_that_is_discarded_leaves_only_what_was_sent(journal: Journal) -> None:
    journal.start(run="r1", command="sync", now=START)
    journal.intend("r1", [change("a"), change("b"), change("c")])
    journal.sending("r1", [next(journal.changes("r1")).seq])
    journal.discard("r1")
    assert [row.change.property for row in journal.changes("r1")] == ["a"]
    assert len(journal.unsettled()) == 1


def test_what_was_never_sent_is_neither_unsettled_nor_ours(journal: Journal) -> None:
    begin(journal, "r1", change(), sent=False)
    assert not journal.unsettled()
    assert journal.last_written([TIER]) == {}


def test_a_journal_knows_whether_anything_is_ours(journal: Journal) -> None:
    seqs = begin(journal, "r1", change(), sent=False)
    assert not journal.has_written()
    journal.sending("r1", seqs)
    assert journal.has_written()
    journal.land("r1", [Outcome(Target.ACCOUNT, "1", Landed.REFUSED)], now=START)
    assert not journal.has_written()
    seqs = begin(journal, "r2", change())
    journal.land("r2", [Outcome(Target.ACCOUNT, "1", Landed.WRITTEN)], now=START)
    assert journal.has_written()


def test_what_was_sent_without_an_answer_is_unsettled_and_may_be_ours(journal: Journal) -> None:
    begin(journal, "r1", change())
    ((run, row),) = journal.unsettled()
    assert (run, row.change, row.tries) == ("r1", change(), 1)
    assert journal.last_written([TIER]) == {TIER: ("large",)}
    journal.land("r1", [Outcome(Target.ACCOUNT, "1", Landed.UNSETTLED)], now=START)
    assert len(journal.unsettled()) == 1
    assert journal.last_written([TIER]) == {TIER: ("large",)}


def test_what_a_later_run_wrote_over_may_still_arrive_for_as_long_as_is_asked_for(journal: Journal) -> None:
    begin(journal, "r1", change())
    assert journal.overtaken(since=START) == []
    begin(journal, "r2", change(new="small"))
    journal.land("r2", [Outcome(Target.ACCOUNT, "1", Landed.WRITTEN)], now=START)
    assert not journal.unsettled()
    assert journal.last_written([TIER]) == {TIER: ("small",)}
    assert journal.overtaken(since=START) == [change()]
    assert journal.overtaken(since=START + timedelta(seconds=1)) == []
    journal.finish("r1", outcome=RunOutcome.FAILED, now=START + timedelta(seconds=1))
    assert journal.overtaken(since=START + timedelta(seconds=1)) == [change()]
    journal.land("r1", [Outcome(Target.ACCOUNT, "1", Landed.SKIPPED)], now=START)
    assert journal.overtaken(since=START) == []


@pytest.mark.parametrize("first", [None, Landed.UNSETTLED])
def test_an_acknowledged_value_is_ours_alone(journal: Journal, first: Landed | None) -> None:
    begin(journal, "r1", change())
    if first:
        journal.land("r1", [Outcome(Target.ACCOUNT, "1", first)], now=START)
    journal.land("r1", [Outcome(Target.ACCOUNT, "1", Landed.WRITTEN)], now=START)
    assert landed(journal, "r1") == ["written"]
    assert not journal.unsettled()
    assert journal.last_written([TIER]) == {TIER: ("large",)}


def test_an_empty_value_that_was_written_is_ours(journal: Journal) -> None:
    begin(journal, "r1", change(old="large", new=None))
    journal.land("r1", [Outcome(Target.ACCOUNT, "1", Landed.WRITTEN)], now=START)
    assert journal.last_written([TIER]) == {TIER: (None,)}


@pytest.mark.parametrize("end", [Landed.REFUSED, Landed.SKIPPED, Landed.GONE])
def test_what_did_not_arrive_is_not_ours(journal: Journal, end: Landed) -> None:
    begin(journal, "r1", change())
    journal.land("r1", [Outcome(Target.ACCOUNT, "1", end, "C", "why")], now=START)
    assert [(row.landed, row.reason) for row in journal.changes("r1")] == [(end, "why")]
    assert not journal.unsettled()
    assert journal.last_written([TIER]) == {}


def test_an_outcome_reaches_only_what_was_sent(journal: Journal) -> None:
    journal.start(run="r1", command="sync", now=START)
    journal.intend("r1", [change("a"), change("b"), change("c")])
    first, second, _third = [row.seq for row in journal.changes("r1")]
    journal.skip("r1", [first], landed=Landed.KEPT, reason="a person's")
    journal.sending("r1", [second])
    journal.land("r1", [Outcome(Target.ACCOUNT, "1", Landed.WRITTEN)], now=START)
    assert landed(journal, "r1") == ["kept", "written", None]
    assert journal.last_written([(Target.ACCOUNT, "1", "a"), (Target.ACCOUNT, "1", "c")]) == {}


def test_a_change_is_sent_again_after_a_lost_answer(journal: Journal) -> None:
    seqs = begin(journal, "r1", change())
    journal.land("r1", [Outcome(Target.ACCOUNT, "1", Landed.UNSETTLED)], now=START)
    journal.sending("r1", seqs)
    (row,) = journal.changes("r1")
    assert (row.tries, row.landed) == (2, None)


def test_a_later_value_stays_the_last_written_one(journal: Journal) -> None:
    begin(journal, "r1", change(new="small"))
    begin(journal, "r2", change(new="large"))
    journal.land("r2", [Outcome(Target.ACCOUNT, "1", Landed.WRITTEN)], now=START)
    assert not journal.unsettled()
    journal.land("r1", [Outcome(Target.ACCOUNT, "1", Landed.WRITTEN)], now=START)
    assert journal.last_written([TIER]) == {TIER: ("large",)}


def test_a_refused_record_waits_longer_each_time_and_leaves_when_written(journal: Journal) -> None:
    waits = []
    for number in range(3):
        now = START + timedelta(days=number)
        begin(journal, f"r{number}", change())
        journal.land(f"r{number}", [Outcome(Target.ACCOUNT, "1", Landed.REFUSED, "C", "no")], now=now)
        (row,) = journal.quarantined()
        assert (row.target, row.record, row.reason, row.since) == (Target.ACCOUNT, "1", "no", START)
        waits.append(row.next_try - now)
    assert waits == [timedelta(hours=1), timedelta(hours=4), timedelta(hours=16)]
    begin(journal, "r9", change())
    journal.land("r9", [Outcome(Target.ACCOUNT, "1", Landed.WRITTEN)], now=START)
    assert not journal.quarantined()


def test_notes_add_up_and_an_end_can_be_taken_back(journal: Journal) -> None:
    journal.start(run="r1", command="sync", now=START)
    journal.note("r1", figures={"changes": 2}, details={"a": 1})
    journal.note("r1", figures={"written": 1}, details={"b": [{"code": "X"}]}, digest="d", applied=True)
    journal.finish("r1", outcome=RunOutcome.HELD, now=START, reasons=(Reason("X", "why"),))
    held = journal.run("r1")
    assert held is not None
    assert (held.figures, held.details) == ({"changes": 2, "written": 1}, {"a": 1, "b": [{"code": "X"}]})
    assert (held.outcome, held.finished, held.digest, held.applied) == (RunOutcome.HELD, START, "d", True)
    assert held.reasons == (Reason("X", "why"),)
    journal.note("r1", outcome=None, finished=None)
    going = journal.run("r1")
    assert going is not None
    assert (going.outcome, going.finished) == (None, None)
    assert journal.run("r2") is None


def test_runs_come_newest_first_and_facts_are_remembered(journal: Journal) -> None:
    for run in ("r1", "r2", "r3"):
        journal.start(run=run, command="sync", now=Clock()())
    assert [row.run for row in journal.runs()] == ["r3", "r2", "r1"]
    assert [row.run for row in journal.runs(limit=2)] == ["r3", "r2"]
    journal.remember("k", "v")
    assert journal.recall("k") == "v"
    journal.remember("k", None)
    assert journal.recall("k") is None


def ended(journal: Journal, run: str, at: datetime, *changes: Change) -> None:
    """A run that wrote these and ended."""
    begin(journal, run, *changes)
    journal.land(run, [Outcome(Target.ACCOUNT, change.record, Landed.WRITTEN) for change in changes], now=at)
    journal.finish(run, outcome=RunOutcome.OK, now=at)


def names(journal: Journal) -> list[str]:
    return [row.run for row in journal.runs()]


def test_old_runs_go_with_their_changes_and_what_was_last_written_stays(journal: Journal) -> None:
    for day in range(5):
        ended(journal, f"r{day}", START + timedelta(days=day), change(new=f"v{day}", record=str(day % 2)))
    assert journal.prune(before=START + timedelta(days=3), spare=["r1"], most=9) == 2
    assert names(journal) == ["r4", "r3", "r1"]
    keys = [(Target.ACCOUNT, record, "seg_tier") for record in "01"]
    assert journal.last_written(keys) == {keys[0]: ("v4",), keys[1]: ("v3",)}
    assert journal.prune(before=START + timedelta(days=9), spare=[], most=9) == 3
    assert journal.last_written(keys) == {keys[0]: ("v4",), keys[1]: ("v3",)}
    assert journal.run("r4") is None
    ended(journal, "r5", START, change(new="v5", record="0"))
    assert journal.last_written(keys[:1]) == {keys[0]: ("v5",)}


def test_only_so_many_old_runs_go_at_once_the_oldest_first(journal: Journal) -> None:
    for day in range(4):
        ended(journal, f"r{day}", START + timedelta(days=day))
    assert journal.prune(before=START + timedelta(days=9), spare=[], most=3) == 3
    assert names(journal) == ["r3"]


def test_a_run_that_goes_on_or_whose_write_is_open_stays_however_old_it_is(journal: Journal) -> None:
    begin(journal, "going")
    begin(journal, "open", change())
    journal.finish("open", outcome=RunOutcome.FAILED, now=START)
    assert journal.prune(before=START + timedelta(days=9), spare=[], most=9) == 0
    assert [run for run, _ in journal.unsettled()] == ["open"]
    journal.land("open", [Outcome(Target.ACCOUNT, "1", Landed.WRITTEN)], now=START)
    assert journal.prune(before=START + timedelta(days=9), spare=[], most=9) == 1
    assert journal.last_written([TIER]) == {TIER: ("large",)}


def test_forgetting_tells_how_much_was_known(journal: Journal) -> None:
    begin(journal, "r1", change())
    journal.land("r1", [Outcome(Target.ACCOUNT, "1", Landed.WRITTEN)], now=START)
    assert journal.forget(Target.ACCOUNT, ["2"]) == 0
    assert journal.forget(Target.ACCOUNT, ["1"]) > 0
    assert journal.last_written([TIER]) == {}
    assert journal.forget(Target.ACCOUNT, ["1"]) == 0


def test_it_is_known_since_when_a_value_stands(journal: Journal) -> None:
    begin(journal, "r1", change("seg_override_status", new="active"), change("seg_tier", new="active"))
    journal.land("r1", [Outcome(Target.ACCOUNT, "1", Landed.WRITTEN)], now=START)
    assert journal.written_at(Target.ACCOUNT, "seg_override_status", "active") == {"1": START}
    later = START + timedelta(days=1)
    begin(journal, "r2", change("seg_override_status", old="active", new="expired"))
    journal.land("r2", [Outcome(Target.ACCOUNT, "1", Landed.WRITTEN)], now=later)
    assert journal.written_at(Target.ACCOUNT, "seg_override_status", "active") == {}
    assert journal.written_at(Target.ACCOUNT, "seg_override_status", "expired") == {"1": later}


def test_a_journal_tells_what_stands_of_a_property_record_by_record(journal: Journal) -> None:
    assert list(journal.standing(Target.ACCOUNT, "seg_tier")) == []
    begin(journal, "r1", *(change(record=f"{number:05}") for number in range(4_500)), change("seg_say_no"))
    records = [f"{number:05}" for number in range(4_500)]
    journal.land("r1", [Outcome(Target.ACCOUNT, record, Landed.WRITTEN) for record in records], now=START)
    begin(journal, "r2", change(record="00003", old="large", new=None), change(record="00004", new="small"))
    journal.land("r2", [Outcome(Target.ACCOUNT, "00003", Landed.WRITTEN)], now=START)
    standing = list(journal.standing(Target.ACCOUNT, "seg_tier"))
    assert [record for record, _ in standing] == records
    assert standing[2:5] == [("00002", "large"), ("00003", None), ("00004", "large")]
    assert list(journal.standing(Target.DEAL, "seg_tier")) == []


def test_a_journal_tells_what_a_later_run_wrote_since(journal: Journal) -> None:
    begin(journal, "r1", change())
    journal.start(run="held", command="undo", now=START)
    keys = [TIER, (Target.ACCOUNT, "2", "seg_tier")]
    journal.land("r1", [Outcome(Target.ACCOUNT, "1", Landed.WRITTEN)], now=START)
    assert journal.replaced("held", keys) == set()
    begin(journal, "r3", change(), change(record="2"))
    assert journal.replaced("held", keys) == set()
    journal.land("r3", [Outcome(Target.ACCOUNT, "1", Landed.WRITTEN)], now=START)
    assert journal.replaced("held", keys) == {TIER}
    assert journal.replaced("held", []) == set()


def test_it_is_known_what_was_sent_since_a_moment(journal: Journal) -> None:
    later = START + timedelta(minutes=1)
    begin(journal, "early", change(record="1"))
    begin(journal, "late", change(record="2"), change("seg_reason", record="2"))
    begin(journal, "going", change(record="3"))
    begin(journal, "planned", change(record="4"), sent=False)
    for run in ("early", "late", "going", "planned"):
        journal.note(run, applied=True)
    journal.finish("early", outcome=RunOutcome.OK, now=START)
    for run in ("late", "planned"):
        journal.finish(run, outcome=RunOutcome.OK, now=later)
    assert journal.sent_since(START) == {Target.ACCOUNT: {"1", "2", "3"}}
    assert journal.sent_since(later) == {Target.ACCOUNT: {"2"}}
    assert journal.sent_since(later + timedelta(minutes=1)) == {}
