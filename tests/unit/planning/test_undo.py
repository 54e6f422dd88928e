"""The way back: only where the CRM holds what we wrote; and nothing undone comes again unasked."""

from __future__ import annotations

import pytest

from connector.model.changes import Cause, Change, Target
from connector.model.verdicts import AccountContext
from connector.planning.compare import AccountPlan
from connector.planning.undo import Undone, undo

WRITTEN = Change("a", Target.ACCOUNT, "a", "seg_tier", "small", "large")
PLACE = (Target.ACCOUNT, "a")


def test_a_value_we_wrote_goes_back() -> None:
    (change,) = undo([WRITTEN], {PLACE: {"seg_tier": "large"}}).changes
    assert (change.old, change.new, change.cause) == ("large", "small", Cause.UNDO)


def test_a_value_that_changed_since_stays() -> None:
    made = undo([WRITTEN], {PLACE: {"seg_tier": "typed"}})
    assert (made.changes, [kept.old for kept in made.kept]) == ((), ["typed"])


@pytest.mark.parametrize("holds", [None, {"seg_tier": "small"}])
def test_a_value_that_is_back_or_gone_needs_nothing(holds: dict[str, str | None] | None) -> None:
    made = undo([WRITTEN], {PLACE: holds})
    assert (made.changes, made.kept) == ((), ())


def waiting(*more: Change) -> Undone:
    made = Undone()
    for change in (Change("a", Target.ACCOUNT, "a", "seg_tier", "large", "small", Cause.UNDO), *more):
        made.add(change)
    return made


def planned(*changes: Change, data_changed: bool | None = None) -> AccountPlan:
    return AccountPlan(AccountContext("a", None, None, None, None, None, None, None, data_changed), changes, ())


AGAIN = Change("a", Target.ACCOUNT, "a", "seg_tier", "small", "large")
REVENUE_UNDONE = Change("a", Target.ACCOUNT, "a", "seg_revenue_12m", "150", "20", Cause.UNDO)
REVENUE_AGAIN = Change("a", Target.ACCOUNT, "a", "seg_revenue_12m", "20", "150")
REVENUE_NEW = Change("a", Target.ACCOUNT, "a", "seg_revenue_12m", "20", "160")
NONE: frozenset[str] = frozenset()


def test_an_undone_value_that_would_come_again_is_noticed() -> None:
    assert waiting().rewritten(planned(AGAIN), follows=NONE)
    assert waiting(REVENUE_UNDONE).rewritten(planned(AGAIN, REVENUE_AGAIN), follows=NONE)


def test_another_value_than_the_undone_one_is_no_repetition() -> None:
    other = Change("a", Target.ACCOUNT, "a", "seg_tier", "small", "medium")
    assert not waiting().rewritten(planned(other), follows=NONE)


def test_an_account_whose_inputs_changed_may_get_its_value_again() -> None:
    assert not waiting().rewritten(planned(AGAIN, data_changed=True), follows=NONE)
    assert not waiting(REVENUE_UNDONE).rewritten(planned(AGAIN, REVENUE_NEW), follows=NONE)
    assert waiting(REVENUE_UNDONE).rewritten(planned(AGAIN, REVENUE_NEW, data_changed=False), follows=NONE)


def test_outputs_that_follow_say_nothing_about_inputs() -> None:
    stamp = Change("a", Target.ACCOUNT, "a", "seg_last_evaluated", "2026-04-02", "2026-04-01", Cause.UNDO)
    again = Change("a", Target.ACCOUNT, "a", "seg_last_evaluated", "2026-04-01", "2026-04-03")
    assert waiting(stamp).rewritten(planned(AGAIN, again), follows=frozenset({"seg_last_evaluated"}))
