"""Accounts that were merged: the survivor holds what we wrote on the others, often under an id of its own."""

from __future__ import annotations

import pytest

from connector.model.changes import Target
from connector.model.runs import RunOutcome
from tests.twins import House


def merged(*, name: str, **values: str | None) -> House:
    """Two small accounts were merged into a third id, which took the values of the first."""
    made = House()
    made.account("a", deals=[20])
    made.account("b", deals=[90])
    assert made.walk().sync(yes=True).outcome is RunOutcome.OK
    kept = dict(made.crm.records[Target.ACCOUNT]["a"])
    for old in ("a", "b"):
        del made.crm.records[Target.ACCOUNT][old]
        made.crm.put(Target.DEAL, f"{old}-0", account_id=name)
    made.crm.put(Target.ACCOUNT, name, **{**kept, **values, "name": name, "merged_ids": "a;b"})
    made.next_day()
    made.limits(max_population_drop_pct=100, max_rows_drop_pct=100, max_tier_change_pct=100)
    return made


def test_the_survivor_of_a_merge_is_tiered_anew() -> None:
    made = merged(name="c")
    result = made.walk().sync()
    assert (result.outcome, result.figures["kept"]) == (RunOutcome.OK, 0)
    assert made.crm.holds(Target.ACCOUNT, "c", "seg_tier") == "large"
    assert made.walk().sync().figures["changes"] == 0


@pytest.mark.parametrize(("found", "tier", "kept"), [("typed", "typed", 1), (None, "large", 0)])
def test_what_a_person_set_before_the_merge_stays_and_what_is_empty_is_filled(
    found: str | None, tier: str, kept: int
) -> None:
    made = merged(name="c", seg_tier=found)
    result = made.walk().sync()
    assert result.figures["kept"] == kept
    assert made.crm.holds(Target.ACCOUNT, "c", "seg_tier") == tier


def test_what_we_wrote_on_the_survivor_itself_counts_before_what_it_inherited() -> None:
    made = merged(name="c")
    made.walk().sync()
    made.crm.put(Target.ACCOUNT, "c", seg_tier="small")  # a person goes back to what was written on a
    made.account("c", deals=[1], merged_ids="a;b")
    assert made.walk().sync().figures["kept"] == 1
