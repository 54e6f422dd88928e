"""Runs leave the journal when they are old; what later runs ask for does not."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from connector.model.changes import Target
from connector.model.runs import RunOutcome
from tests.twins import House, open_limits


def house(*, keep_days: int) -> House:
    made = House()
    made.policy = replace(made.policy, limits=open_limits(), keep_runs=timedelta(days=keep_days))
    made.account("a", deals=[20])
    return made


def test_a_journal_stops_growing_and_nothing_becomes_a_persons() -> None:
    made = house(keep_days=10)
    made.walk().sync(yes=True)
    for day in range(60):
        made.next_day()
        made.crm.put(Target.DEAL, "a-0", amount=str(30 + 90 * (day % 2)))
        result = made.walk().sync()
        assert (result.outcome, result.figures["kept"]) == (RunOutcome.OK, 0)
        assert len(made.journal.rows) <= 13
    assert made.crm.holds(Target.ACCOUNT, "a", "seg_revenue_12m") == "120"


def test_a_value_written_long_ago_is_still_ours() -> None:
    made = house(keep_days=1)
    made.walk().sync(yes=True)
    for _ in range(20):
        made.next_day()
        made.walk().sync()
    made.crm.put(Target.DEAL, "a-0", amount="500")
    result = made.walk().sync()
    assert result.figures["kept"] == 0
    assert made.crm.holds(Target.ACCOUNT, "a", "seg_tier") == "large"


def test_the_last_good_run_the_held_one_and_undone_values_stay() -> None:
    made = house(keep_days=1)
    made.walk().sync(yes=True)
    made.crm.put(Target.DEAL, "a-0", amount="500")
    good = made.walk().sync().run
    undo = made.walk().undo(good).run
    for _ in range(5):
        made.next_day()
        assert made.walk().sync().outcome is RunOutcome.HELD
    held = made.walk().sync().run
    assert {good, undo, held} <= set(made.journal.rows)
    assert made.walk().approve(held, reason="it was right").outcome is RunOutcome.OK


def test_without_a_term_every_run_stays() -> None:
    made = House()
    for _ in range(3):
        made.walk().sync(yes=True)
        made.clock.move(days=4_000)
    assert len(made.journal.rows) == 3
