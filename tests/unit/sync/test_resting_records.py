"""A record that a person has just edited is left for a later run."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from connector.model.changes import Target
from connector.model.runs import RunOutcome
from connector.sync import history
from tests.unit.sync.writing import house, outcomes

if TYPE_CHECKING:
    from tests.twins import House


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
