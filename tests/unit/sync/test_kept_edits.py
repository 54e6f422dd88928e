"""A person's value is kept, and told with its way back, unless the settings say otherwise."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from connector.model.changes import Target
from connector.model.runs import RunOutcome
from connector.planning.compare import EditedValues
from connector.sync import history
from tests.unit.sync.walking import applied


def test_a_kept_edit_is_listed_and_does_not_make_the_run_partial() -> None:
    made = applied()
    made.crm.put(Target.ACCOUNT, "b", seg_tier="typed")
    made.crm.put(Target.DEAL, "b-1", account_id="b", amount="500")
    result = made.walk().sync()
    assert (result.outcome, result.figures["kept"]) == (RunOutcome.OK, 1)
    assert made.crm.holds(Target.ACCOUNT, "b", "seg_tier") == "typed"
    assert made.crm.holds(Target.ACCOUNT, "b", "seg_revenue_12m") == "520"
    (kept,) = [r for r in history.show(made.journal, result.run)["records"] if r["outcome"] == "kept"]
    assert (kept["account"], kept["property"], kept["old"], kept["new"]) == ("b", "seg_tier", "typed", "large")
    assert "put back 'small'" in kept["reason"]
    assert '[run.on_edit] seg_tier = "overwrite"' in kept["reason"]


@pytest.mark.parametrize("way", ["put back", "on_edit"])
def test_the_way_back_that_is_told_hands_the_value_back_to_the_rules(way: str) -> None:
    made = applied()
    made.limits(max_tier_change_pct=100)
    made.crm.put(Target.ACCOUNT, "b", seg_tier="typed")
    made.crm.put(Target.DEAL, "b-1", account_id="b", amount="500")
    made.walk().sync()
    if way == "put back":
        made.crm.put(Target.ACCOUNT, "b", seg_tier="small")
    else:
        made.policy = replace(made.policy, on_edit={"seg_tier": EditedValues.OVERWRITE})
    assert made.walk().sync().figures["written"] == 1
    assert made.crm.holds(Target.ACCOUNT, "b", "seg_tier") == "large"


def test_a_persons_value_is_told_with_its_way_back_whatever_words_the_journal_keeps() -> None:
    made = applied()
    made.crm.put(Target.ACCOUNT, "b", seg_tier="typed")
    run = made.walk().sync().run
    (kept,) = [item for item in made.journal.planned[run] if item.row.landed == "kept"]
    kept.row = replace(kept.row, reason="words of an older version")
    (told,) = [row["reason"] for row in history.show(made.journal, run)["records"] if row["outcome"] == "kept"]
    assert told.startswith("words of an older version; to hand it back: put back 'small'")


def test_an_undo_tells_no_way_back_of_what_a_later_run_may_have_written() -> None:
    made = applied()
    made.limits(max_tier_change_pct=100)
    made.crm.put(Target.DEAL, "more", account_id="b", amount="500")
    run = made.walk().sync().run
    made.crm.put(Target.ACCOUNT, "b", seg_tier="typed")
    undone = made.walk().undo(run).run
    (told,) = [row["reason"] for row in history.show(made.journal, undone)["records"] if row["outcome"] == "kept"]
    assert "hand it back" not in told


def test_what_is_said_of_one_property_wins_over_what_is_said_of_all() -> None:
    made = applied()
    made.limits(max_tier_change_pct=100)
    kept = {"seg_tier": EditedValues.KEEP}
    made.policy = replace(made.policy, edited_values=EditedValues.OVERWRITE, on_edit=kept)
    made.crm.put(Target.ACCOUNT, "b", seg_tier="typed", seg_revenue_12m="7")
    made.crm.after_pull = lambda: made.crm.put(Target.ACCOUNT, "b", seg_tier="typed again", seg_revenue_12m="8")
    assert made.walk().sync().figures["written"] == 1
    assert made.crm.holds(Target.ACCOUNT, "b", "seg_tier") == "typed again"
    assert made.crm.holds(Target.ACCOUNT, "b", "seg_revenue_12m") == "20"


def test_an_edited_value_is_overwritten_when_the_settings_say_so() -> None:
    made = applied()
    made.crm.put(Target.ACCOUNT, "b", seg_tier="typed")
    made.policy = replace(made.policy, edited_values=made.policy.edited_values.OVERWRITE)
    made.limits(max_tier_change_pct=100)
    assert made.walk().sync().figures["written"] == 1
    assert made.crm.holds(Target.ACCOUNT, "b", "seg_tier") == "small"
