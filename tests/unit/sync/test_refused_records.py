"""A record that the CRM refuses waits and is tried again; the others are written."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connector.model.changes import Landed, Outcome, RecordWrite, Target
from connector.model.runs import RunOutcome
from connector.sync import history
from tests.unit.sync.writing import house, uses_up_the_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.twins.crm import Write


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


def test_a_run_that_is_stopped_half_way_tells_what_was_refused_before() -> None:
    made = house(7)
    made.crm.refuses[Target.ACCOUNT, "a0"] = "locked by legal"
    uses_up_the_day(made)
    result = made.walk().sync(yes=True)
    assert result.outcome is RunOutcome.FAILED
    assert any("locked by legal" in reason.message for reason in result.reasons)
    assert result.reasons[-1].code == "QUOTA_USED_UP"


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
