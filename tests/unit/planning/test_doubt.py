"""What waits while data seem to be missing, change by change."""

from __future__ import annotations

import pytest

from connector.model.changes import Change, Target
from connector.model.fields import Type
from connector.model.outputs import Output
from connector.model.verdicts import AccountContext
from connector.planning.compare import AccountPlan
from connector.planning.doubt import ranks, waits

TIERS: dict[str, dict[str, str]] = {name: {} for name in ("strategic", "large", "regular", "transactional", "unknown")}
RANKED = ranks(
    [
        Output("seg_tier", Type.TEXT, {}, options=TIERS, ranked=True),
        Output("seg_pyramid_level", Type.TEXT, {}, options=TIERS, ranked=True),
        Output("seg_potential", Type.TEXT, {}, options={"high": {}, "low": {}}),
        Output("seg_revenue_12m", Type.MONEY, {}, ranked=True),
        Output("seg_upside", Type.MONEY, {}),
    ]
)


def plan(name: str, old: str | None, new: str | None, *, own: bool | None = True) -> AccountPlan:
    context = AccountContext(
        account="1",
        name=None,
        owner=None,
        revenue_cents=None,
        tier_before=None,
        tier_wanted=None,
        say_no_before=None,
        say_no_wanted=None,
        data_changed=own,
    )
    return AccountPlan(context, (Change("1", Target.ACCOUNT, "1", name, old, new),), ())


@pytest.mark.parametrize(
    ("name", "old", "new", "waiting"),
    [
        ("seg_tier", "regular", "large", False),
        ("seg_tier", "large", "regular", True),
        ("seg_tier", "large", "unknown", True),
        ("seg_tier", "large", None, True),
        ("seg_tier", "large", "never heard of", True),
        ("seg_tier", "never heard of", "large", True),
        ("seg_tier", None, "transactional", False),
        ("seg_pyramid_level", "large", "regular", True),
        ("seg_say_no", "false", "true", True),
        ("seg_say_no", None, "true", True),
        ("seg_say_no", None, "false", False),
        ("seg_say_no", "true", "false", True),
        ("seg_revenue_12m", "100", "99.99", True),
        ("seg_revenue_12m", "99.99", "100", False),
        ("seg_revenue_12m", "-5", "3", False),
        ("seg_potential", "high", "unknown", True),
        ("seg_potential", "unknown", "high", False),
        ("seg_potential", "high", "low", False),
        ("seg_upside", "100", "99", False),
        ("seg_reason", "one", "another", False),
    ],
)
def test_what_gets_worse_waits(name: str, old: str | None, new: str | None, *, waiting: bool) -> None:
    assert waits(plan(name, old, new), ranks=RANKED) is waiting


@pytest.mark.parametrize("own", [False, None])
def test_who_moves_only_because_others_do_waits(*, own: bool | None) -> None:
    assert waits(plan("seg_tier", "regular", "large", own=own), ranks=RANKED)


def test_a_tier_that_the_rules_do_not_rank_waits_whatever_it_becomes() -> None:
    told = ranks([Output("seg_tier", Type.TEXT, {}), Output("seg_potential", Type.TEXT, {}, options={"high": {}})])
    assert told == {"seg_tier": ()}
    assert waits(plan("seg_tier", "regular", "large"), ranks=told)
