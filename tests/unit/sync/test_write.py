"""Writing: batches, each value once, the first batch verified, and only what is still as it was planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from connector.model.changes import Outcome, RecordWrite, Target
from connector.model.runs import RunOutcome
from connector.planning.compare import EditedValues
from tests.unit.sync.writing import house, outcomes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.twins.crm import Write


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


def test_only_what_is_written_is_checked_beforehand() -> None:
    made = house(1)
    made.walk().sync(yes=True)
    assert made.crm.preflights == [("seg_tier", "seg_say_no", "seg_revenue_12m", "seg_last_evaluated")]
    made.walk().sync()
    assert len(made.crm.preflights) == 1


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
