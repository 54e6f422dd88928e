"""A write whose answer was lost may have landed: it is looked for, and sent again at most twice."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from connector.model.changes import RecordWrite, Target
from connector.model.runs import RunOutcome
from tests.unit.sync.writing import house, outcomes

if TYPE_CHECKING:
    from tests.twins import House


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
