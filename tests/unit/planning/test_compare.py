"""Wanted, found, last written: what is written and what is a person's."""

from __future__ import annotations

from datetime import date

import pytest

from connector.model.changes import Cause, Target
from connector.model.verdicts import AccountContext, Difference
from connector.planning.causes import PEERS_OR_TIME, Basis
from connector.planning.compare import AccountPlan, EditedValues, plan_account

KEY = (Target.ACCOUNT, "a", "seg_tier")
BASIS = Basis(rule_version="r1", as_of=date(2026, 4, 2), home_currency="EUR", parameters={"p": "1"})


def differs(
    prop: str = "seg_tier",
    *,
    wanted: str | None = "large",
    found: str | None = None,
    follows: bool = False,
    deal: str | None = None,
) -> Difference:
    target, record = (Target.DEAL, deal) if deal else (Target.ACCOUNT, "a")
    return Difference("a", target, record, prop, wanted, found, follows)


def context(
    *, tier: str | None = "small", data_changed: bool | None = None, group_changed: bool = False
) -> AccountContext:
    return AccountContext("a", "A", None, None, tier, "large", None, None, data_changed, group_changed=group_changed)


def plan(
    *differences: Difference,
    ours: dict[tuple[Target, str, str], tuple[str | None, ...]] | None = None,
    edited: EditedValues = EditedValues.KEEP,
    about: AccountContext | None = None,
    before: Basis | None = BASIS,
    now: Basis = BASIS,
) -> AccountPlan:
    return plan_account(about or context(), differences, ours=ours or {}, edited_values=edited, before=before, now=now)


def test_an_empty_property_that_we_never_wrote_is_filled() -> None:
    (change,) = plan(differs()).changes
    assert (change.old, change.new) == (None, "large")


def test_a_value_we_wrote_is_replaced() -> None:
    (change,) = plan(differs(found="small"), ours={KEY: ("small",)}).changes
    assert (change.old, change.new) == ("small", "large")


@pytest.mark.parametrize("edited", EditedValues)
def test_a_value_that_is_wanted_as_it_was_written_was_changed_in_the_crm(edited: EditedValues) -> None:
    made = plan(differs(found="typed"), differs("seg_reason", found="typed"), ours={KEY: ("large",)}, edited=edited)
    found = {change.property: change.cause for change in (*made.changes, *made.kept)}
    assert found["seg_tier"] == Cause.EDITED
    assert found["seg_reason"] != Cause.EDITED


def test_a_value_of_a_write_that_is_still_open_is_ours() -> None:
    assert plan(differs(found="medium"), ours={KEY: ("small", "medium")}).changes


@pytest.mark.parametrize("found", ["typed", None])
def test_a_value_that_a_person_changed_or_emptied_is_kept(found: str | None) -> None:
    made = plan(differs(found=found), ours={KEY: ("small",)})
    assert made.changes == ()
    assert [(kept.old, kept.new) for kept in made.kept] == [(found, "large")]


def test_a_value_that_was_there_before_our_first_write_is_a_persons() -> None:
    made = plan(differs(found="vip"))
    assert (made.changes, len(made.kept)) == ((), 1)


def test_edited_values_are_overwritten_when_the_policy_says_so() -> None:
    made = plan(differs(found="typed"), ours={KEY: ("small",)}, edited=EditedValues.OVERWRITE)
    assert (len(made.changes), made.kept) == (1, ())


def test_an_equal_value_is_never_a_change() -> None:
    assert plan(differs(found="large")).changes == ()


def test_an_output_that_follows_is_written_only_beside_another_change_of_its_record() -> None:
    follows = differs("seg_last_evaluated", wanted="2026-04-02", follows=True)
    assert len(plan(differs(), follows).changes) == 2
    kept = plan(differs(found="typed"), follows, differs("seg_account_tier", deal="d1"))
    assert [change.property for change in kept.changes] == ["seg_account_tier"]


def test_changes_are_sorted_by_target_record_and_property() -> None:
    given = [differs("b"), differs("t", deal="d2"), differs("t", deal="d1"), differs("a")]
    made = plan(*given).changes
    assert [(c.target, c.record, c.property) for c in made] == [
        (Target.ACCOUNT, "a", "a"),
        (Target.ACCOUNT, "a", "b"),
        (Target.DEAL, "d1", "t"),
        (Target.DEAL, "d2", "t"),
    ]
    assert plan(*reversed(given)).changes == made


OTHER_RULES = Basis(rule_version="r2", as_of=BASIS.as_of, home_currency="EUR", parameters={"p": "1", "q": "2"})
OTHER_VALUE = Basis(rule_version="r2", as_of=BASIS.as_of, home_currency="EUR", parameters={"p": "2"})
OTHER_MONEY = Basis(rule_version="r1", as_of=BASIS.as_of, home_currency="USD", parameters={"p": "1"})
DUTCH = Basis(rule_version="r1", as_of=BASIS.as_of, home_currency="EUR", language="nl", parameters={"p": "1"})
ENGLISH = Basis(rule_version="r1", as_of=BASIS.as_of, home_currency="EUR", language="en", parameters={"p": "1"})
LATER = Basis(rule_version="r1", as_of=date(2026, 4, 3), home_currency="EUR", parameters={"p": "1"})


@pytest.mark.parametrize(
    ("before", "now", "data_changed", "cause"),
    [
        (BASIS, OTHER_RULES, None, Cause.RULES),
        (BASIS, OTHER_VALUE, True, Cause.PARAMETERS),
        (BASIS, OTHER_MONEY, None, Cause.CURRENCY),
        (BASIS, BASIS, True, Cause.DATA),
        (BASIS, BASIS, False, Cause.PEERS),
        (BASIS, LATER, False, PEERS_OR_TIME),
        (BASIS, BASIS, None, Cause.UNKNOWN),
        (None, BASIS, True, Cause.UNKNOWN),
    ],
)
def test_the_cause_is_what_changed_since_the_last_good_run(
    *, before: Basis | None, now: Basis, data_changed: bool | None, cause: str
) -> None:
    made = plan(
        differs(found="small"),
        ours={KEY: ("small",)},
        about=context(data_changed=data_changed),
        before=before,
        now=now,
    )
    assert [change.cause for change in made.changes] == [cause]


@pytest.mark.parametrize(
    ("before", "tier", "data_changed", "cause"),
    [
        (ENGLISH, "large", False, Cause.LANGUAGE),
        (ENGLISH, "small", False, Cause.PEERS),
        (ENGLISH, "large", True, Cause.DATA),
        (ENGLISH, "large", None, Cause.UNKNOWN),
        (BASIS, "large", False, Cause.PEERS),
        (DUTCH, "large", False, Cause.PEERS),
    ],
)
def test_another_language_is_the_cause_where_nothing_else_changed_and_the_tier_stays(
    *, before: Basis, tier: str, data_changed: bool | None, cause: str
) -> None:
    about = context(tier=tier, data_changed=data_changed)
    made = plan(
        differs("seg_reason", found="small"),
        ours={(Target.ACCOUNT, "a", "seg_reason"): ("small",)},
        about=about,
        before=before,
        now=DUTCH,
    )
    assert [change.cause for change in made.changes] == [cause]


def test_an_account_without_a_tier_gets_its_first_assignment() -> None:
    assert [c.cause for c in plan(differs(), about=context(tier=None), now=OTHER_RULES).changes] == [Cause.FIRST]


def test_a_group_that_changed_is_named_before_the_own_data_it_changed_by() -> None:
    regrouped = context(data_changed=True, group_changed=True)
    (change,) = plan(differs(found="small"), ours={KEY: ("small",)}, about=regrouped).changes
    assert change.cause == Cause.HIERARCHY


def test_an_override_that_changes_is_named_before_anything_else() -> None:
    status = differs("seg_override_status", wanted="active", found="none")
    made = plan(
        differs(found="small"),
        status,
        ours={KEY: ("small",), (Target.ACCOUNT, "a", "seg_override_status"): ("none",)},
        now=OTHER_RULES,
    )
    assert {change.cause for change in made.changes} == {Cause.OVERRIDE}
