from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from connector.errors import StopRun, UsageError
from connector.model.changes import Change, Landed, Outcome, Target
from connector.model.runs import Reason, RunOutcome
from connector.store import packs as packs_module
from connector.store.schema import changes, packs
from tests.store.conftest import START

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from connector.store import Store

TIER = (Target.ACCOUNT, "1", "seg_tier")


def change(record: str = "1", name: str = "seg_tier", new: str | None = "large", old: str | None = None) -> Change:
    return Change(account=record, target=Target.ACCOUNT, record=record, property=name, old=old, new=new)


def outcome(landed: Landed, record: str = "1", reason: str = "") -> Outcome:
    return Outcome(Target.ACCOUNT, record, landed, reason=reason)


@pytest.fixture
def held(store: Store) -> Iterator[Store]:
    """The state in the hands of a process that may write."""
    with store.lease.hold(wait_seconds=0):
        yield store


def begin(store: Store, run: str, intended: Sequence[Change], *, sent: bool = False) -> None:
    store.journal.start(run=run, command="sync", now=START)
    store.journal.intend(run, intended)
    if sent:
        store.journal.sending(run, [row.seq for row in store.journal.changes(run)])


def test_a_run_comes_back_as_it_was_noted(store: Store) -> None:
    journal = store.journal
    journal.start(run="r1", command="sync", now=START)
    journal.note("r1", snapshot="s1", as_of=date(2026, 3, 1), rule_version="abc", digest="d", applied=True)
    journal.note("r1", figures={"evaluated": 3}, details={"parameters": {"x": Decimal("1.50")}})
    journal.note("r1", figures={"changes": 2})
    journal.finish(
        "r1", outcome=RunOutcome.PARTIAL, now=START + timedelta(seconds=5), reasons=[Reason("REFUSED", "1 refused")]
    )
    run = journal.run("r1")
    assert run is not None
    assert (run.started, run.finished) == (START, START + timedelta(seconds=5))
    assert run.outcome is RunOutcome.PARTIAL
    assert (run.snapshot, run.as_of, run.rule_version, run.digest, run.applied) == (
        "s1",
        date(2026, 3, 1),
        "abc",
        "d",
        True,
    )
    assert run.figures == {"evaluated": 3, "changes": 2}
    assert run.details == {"parameters": {"x": "1.50"}}
    assert run.reasons == (Reason("REFUSED", "1 refused"),)


def test_a_run_that_died_is_recognised_by_its_missing_end(opened: Callable[[], Store]) -> None:
    opened().journal.start(run="r1", command="sync", now=START)
    run = opened().journal.run("r1")
    assert run is not None
    assert run.finished is None
    assert run.outcome is None


def test_runs_come_newest_first_also_when_the_clock_was_set_back(store: Store) -> None:
    for at, run in enumerate(["a", "b", "c"]):
        store.journal.start(run=run, command="sync", now=START - timedelta(hours=at))
    assert [row.run for row in store.journal.runs()] == ["c", "b", "a"]
    assert [row.run for row in store.journal.runs(limit=2)] == ["c", "b"]


def test_a_run_id_is_never_used_twice(store: Store) -> None:
    store.journal.start(run="r1", command="sync", now=START)
    with pytest.raises(StopRun, match="already holds a run r1"):
        store.journal.start(run="r1", command="sync", now=START)


def test_an_unknown_run_is_named(store: Store) -> None:
    assert store.journal.run("nope") is None
    with pytest.raises(UsageError, match="there is no run nope"):
        list(store.journal.changes("nope"))


def test_a_fact_that_no_run_has_is_refused(store: Store) -> None:
    store.journal.start(run="r1", command="sync", now=START)
    with pytest.raises(TypeError, match="colour"):
        store.journal.note("r1", colour="red")


def test_changes_come_back_in_plan_order(store: Store) -> None:
    planned = [change(str(i), new=f"v{i}") for i in range(4_500)]
    begin(store, "r1", planned[:3_000])
    store.journal.intend("r1", planned[3_000:])
    rows = list(store.journal.changes("r1"))
    assert [row.change for row in rows] == planned
    assert [row.seq for row in rows] == sorted({row.seq for row in rows})
    assert {(row.landed, row.tries) for row in rows} == {(None, 0)}


def test_a_property_is_planned_once_per_run(store: Store) -> None:
    with pytest.raises(StopRun):
        begin(store, "r1", [change(new="a"), change(new="b")])
    assert list(store.journal.changes("r1")) == []


@pytest.mark.parametrize("between", [0, packs_module.CHANGES_PER_PACK])
def test_a_value_that_comes_twice_in_a_plan_is_found_however_far_apart(store: Store, between: int) -> None:
    others = [change(record=str(number)) for number in range(100, 100 + between)]
    store.journal.start(run="r1", command="sync", now=START)
    with pytest.raises(StopRun, match="planned twice"):
        store.journal.intend("r1", [change(), *others, change(new="small")])


def test_a_value_that_comes_twice_in_two_parts_of_a_plan_is_never_sent_twice(held: Store) -> None:
    begin(held, "r1", [change()])
    held.journal.intend("r1", [change(new="small")])
    first, second = [row.seq for row in held.journal.changes("r1")]
    held.journal.sending("r1", [first])
    with pytest.raises(StopRun, match="planned twice"):
        held.journal.sending("r1", [second])


def test_a_plan_nobody_writes_costs_no_rows_and_a_fraction_of_its_text(store: Store) -> None:
    planned = [change(str(i), name=f"seg_property_{j}", new=f"value {j}") for i in range(1_000) for j in range(20)]
    begin(store, "r1", planned)
    with store.database.read() as connection:
        rows = connection.scalar(select(func.count()).select_from(changes))
        kept = connection.scalar(select(func.sum(func.length(packs.c.body))))
    assert rows == 0
    assert kept is not None
    assert kept < 10 * len(planned)
    assert [row.change for row in store.journal.changes("r1")] == planned


def test_what_is_sent_has_its_rows_before_and_leaves_the_rest_packed(held: Store) -> None:
    planned = [change(str(i)) for i in range(3 * packs_module.CHANGES_PER_PACK)]
    begin(held, "r1", planned)
    seqs = [row.seq for row in held.journal.changes("r1")]
    middle = packs_module.CHANGES_PER_PACK + 7
    held.journal.sending("r1", [seqs[middle]])
    with held.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(packs)) == 2
        assert connection.scalar(select(func.count()).select_from(changes)) == packs_module.CHANGES_PER_PACK
    rows = list(held.journal.changes("r1"))
    assert [row.change for row in rows] == planned
    assert [row.seq for row in rows] == seqs
    assert [at for at, row in enumerate(rows) if row.tries] == [middle]


def test_a_plan_packed_on_one_machine_is_written_on_another(opened: Callable[[], Store]) -> None:
    here, there = opened(), opened()
    begin(here, "r1", [change("1"), change("2")])
    with there.lease.hold(wait_seconds=0):
        there.journal.sending("r1", [row.seq for row in there.journal.changes("r1", only_open=True)])
        there.journal.land("r1", [outcome(Landed.WRITTEN, "1"), outcome(Landed.REFUSED, "2")], now=START)
    assert [row.landed for row in here.journal.changes("r1")] == ["written", "refused"]


def test_a_forgotten_account_leaves_no_trace_in_a_packed_plan(store: Store) -> None:
    deal = Change(account="1", target=Target.DEAL, record="d1", property="seg_deal_tier", old=None, new="large")
    begin(store, "r1", [change("1"), deal, change("2")])
    store.journal.forget(Target.ACCOUNT, ["1"])
    assert [row.change.record for row in store.journal.changes("r1")] == ["2"]


def test_with_an_account_what_was_written_on_its_deals_is_forgotten(held: Store) -> None:
    deal = Change(account="1", target=Target.DEAL, record="d1", property="seg_deal_tier", old=None, new="large")
    begin(held, "r1", [change("1"), deal, change("2")], sent=True)
    landed = [outcome(Landed.WRITTEN, "1"), Outcome(Target.DEAL, "d1", Landed.WRITTEN), outcome(Landed.WRITTEN, "2")]
    held.journal.land("r1", landed, now=START)
    held.journal.forget(Target.ACCOUNT, ["1"])
    assert [row.change.record for row in held.journal.changes("r1")] == ["2"]
    assert held.journal.last_written([(Target.DEAL, "d1", "seg_deal_tier")]) == {}


def test_only_open_changes_are_listed_when_asked(held: Store) -> None:
    begin(held, "r1", [change("1"), change("2")], sent=True)
    held.journal.intend("r1", [change("3")], landed=Landed.KEPT, reason="a person set it")
    held.journal.land("r1", [outcome(Landed.WRITTEN, "1")], now=START)
    assert [row.change.record for row in held.journal.changes("r1", only_open=True)] == ["2"]
    assert [row.landed for row in held.journal.changes("r1")] == ["written", None, "kept"]


def test_a_skipped_change_ends_without_a_send(held: Store) -> None:
    begin(held, "r1", [change()])
    held.journal.skip("r1", [1], landed=Landed.SKIPPED, reason="the run stopped first")
    (row,) = held.journal.changes("r1")
    assert (row.landed, row.reason, row.tries) == ("skipped", "the run stopped first", 0)
    assert held.journal.last_written([TIER]) == {}


def test_a_change_under_way_is_never_skipped(held: Store) -> None:
    begin(held, "r1", [change()], sent=True)
    with pytest.raises(StopRun, match="about to be skipped"):
        held.journal.skip("r1", [1], landed=Landed.SKIPPED, reason="stopped")
    assert held.journal.last_written([TIER]) == {TIER: ("large",)}


def test_an_acknowledged_value_is_ours(held: Store) -> None:
    begin(held, "r1", [change(), change(name="seg_level", new=None)], sent=True)
    held.journal.land("r1", [outcome(Landed.WRITTEN)], now=START)
    level = (Target.ACCOUNT, "1", "seg_level")
    assert held.journal.last_written([TIER, level, (Target.DEAL, "1", "seg_tier")]) == {
        TIER: ("large",),
        level: (None,),
    }
    assert held.journal.unsettled() == []


@pytest.mark.parametrize("landed", [Landed.REFUSED, Landed.GONE, Landed.SKIPPED])
def test_a_value_that_did_not_land_is_not_ours(held: Store, landed: Landed) -> None:
    begin(held, "r1", [change(new="small")], sent=True)
    held.journal.land("r1", [outcome(Landed.WRITTEN)], now=START)
    begin(held, "r2", [change(new="large")], sent=True)
    held.journal.land("r2", [outcome(landed, reason="no")], now=START)
    assert held.journal.last_written([TIER]) == {TIER: ("small",)}
    assert [(row.landed, row.reason) for row in held.journal.changes("r2")] == [(landed.value, "no")]


@pytest.mark.parametrize("answer", [None, Landed.UNSETTLED])
def test_a_value_under_way_may_be_ours_until_it_is_settled(held: Store, answer: Landed | None) -> None:
    begin(held, "r1", [change(new="small")], sent=True)
    held.journal.land("r1", [outcome(Landed.WRITTEN)], now=START)
    begin(held, "r2", [change(new="large")], sent=True)
    if answer is not None:
        held.journal.land("r2", [outcome(answer)], now=START)
    assert held.journal.last_written([TIER]) == {TIER: ("small", "large")}
    assert [(run, row.change.new) for run, row in held.journal.unsettled()] == [("r2", "large")]
    held.journal.land("r2", [outcome(Landed.WRITTEN)], now=START)
    assert held.journal.last_written([TIER]) == {TIER: ("large",)}
    assert held.journal.unsettled() == []


def test_an_intent_that_was_never_sent_is_not_ours(held: Store) -> None:
    begin(held, "r1", [change()])
    assert held.journal.last_written([TIER]) == {}
    held.journal.land("r1", [outcome(Landed.WRITTEN)], now=START)
    assert held.journal.last_written([TIER]) == {}


def test_a_later_write_settles_what_was_under_way_before_it(held: Store) -> None:
    begin(held, "r1", [change(new="small")], sent=True)
    begin(held, "r2", [change(new="large")], sent=True)
    held.journal.land("r2", [outcome(Landed.WRITTEN)], now=START)
    assert held.journal.last_written([TIER]) == {TIER: ("large",)}
    assert held.journal.unsettled() == []


def test_an_older_run_that_is_settled_late_does_not_replace_a_newer_value(held: Store) -> None:
    begin(held, "r1", [change(new="small")], sent=True)
    begin(held, "r2", [change(new="large")], sent=True)
    held.journal.land("r2", [outcome(Landed.WRITTEN)], now=START)
    held.journal.land("r1", [outcome(Landed.WRITTEN)], now=START)
    assert held.journal.last_written([TIER]) == {TIER: ("large",)}


def test_a_written_value_stays_written(held: Store) -> None:
    begin(held, "r1", [change()], sent=True)
    held.journal.land("r1", [outcome(Landed.WRITTEN)], now=START)
    held.journal.land("r1", [outcome(Landed.REFUSED)], now=START)
    assert [row.landed for row in held.journal.changes("r1")] == ["written"]
    with pytest.raises(StopRun, match="already written"):
        held.journal.sending("r1", [1])


def test_a_refused_change_may_be_sent_again(held: Store) -> None:
    begin(held, "r1", [change()], sent=True)
    held.journal.land("r1", [outcome(Landed.REFUSED, reason="row lock")], now=START)
    held.journal.sending("r1", [1])
    (row,) = held.journal.changes("r1", only_open=True)
    assert (row.tries, row.reason) == (2, "")


def test_an_unknown_change_is_never_sent(held: Store) -> None:
    begin(held, "r1", [change()])
    with pytest.raises(StopRun, match="unknown"):
        held.journal.sending("r1", [1, 2])
    assert [row.tries for row in held.journal.changes("r1")] == [0]


def test_an_outcome_nobody_asked_for_stops_the_run_and_loses_no_other(held: Store) -> None:
    begin(held, "r1", [change("1"), change("2")], sent=True)
    told = [outcome(Landed.WRITTEN, "1"), outcome(Landed.WRITTEN, "99"), outcome(Landed.WRITTEN, "2")]
    with pytest.raises(StopRun, match="99"):
        held.journal.land("r1", told, now=START)
    assert [row.landed for row in held.journal.changes("r1")] == ["written", "written"]


def test_a_refused_record_rests_longer_after_each_refusal_and_leaves_when_written(held: Store) -> None:
    delays = []
    for day in range(6):
        run, now = f"r{day}", START + timedelta(days=day)
        begin(held, run, [change()], sent=True)
        held.journal.land(run, [outcome(Landed.REFUSED, reason=f"locked\x00 by rule {day}")], now=now)
        (row,) = held.journal.quarantined()
        delays.append(row.next_try - now)
        assert (row.tries, row.since, row.reason) == (day + 1, START, f"locked by rule {day}")
    assert delays == [timedelta(hours=hours) for hours in (1, 4, 16, 64, 256, 720)]
    begin(held, "last", [change()], sent=True)
    held.journal.land("last", [outcome(Landed.WRITTEN)], now=START)
    assert held.journal.quarantined() == []


def test_a_record_that_is_gone_leaves_quarantine(held: Store) -> None:
    for run, landed in (("r1", Landed.REFUSED), ("r2", Landed.GONE)):
        begin(held, run, [change()], sent=True)
        held.journal.land(run, [outcome(landed)], now=START)
    assert held.journal.quarantined() == []


def test_a_forgotten_account_leaves_no_row(held: Store) -> None:
    deal = Change(account="1", target=Target.DEAL, record="d1", property="seg_deal_tier", old=None, new="large")
    begin(held, "r1", [change("1"), deal, change("2")], sent=True)
    held.journal.land("r1", [outcome(Landed.WRITTEN, "1"), outcome(Landed.WRITTEN, "2")], now=START)
    held.journal.forget(Target.ACCOUNT, ["1"])
    assert [row.change.record for row in held.journal.changes("r1")] == ["2"]
    assert held.journal.last_written([TIER, (Target.ACCOUNT, "2", "seg_tier")]) == {
        (Target.ACCOUNT, "2", "seg_tier"): ("large",)
    }


def test_a_small_fact_is_remembered_replaced_and_removed(opened: Callable[[], Store]) -> None:
    first, second = opened().journal, opened().journal
    assert second.recall("portal") is None
    first.remember("portal", "1")
    first.remember("portal", "2")
    assert second.recall("portal") == "2"
    first.remember("portal", None)
    assert second.recall("portal") is None


def test_nothing_is_marked_as_being_sent_without_the_lease(store: Store) -> None:
    begin(store, "r1", [change()])
    with pytest.raises(StopRun, match="lease") as caught:
        store.journal.sending("r1", [1])
    assert caught.value.code == "LEASE_LOST"
    assert [row.tries for row in store.journal.changes("r1")] == [0]
