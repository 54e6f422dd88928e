"""A plan record by record: who would move from where to where, with how much revenue, and why."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from connector.model.changes import Target
from connector.model.numbers import exact
from connector.model.outputs import SAY_NO, TIER
from connector.planning.tally import CAUSE, COUNTED, RECORD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.model.changes import Change
    from connector.planning.compare import AccountPlan


def listed(plan: AccountPlan) -> Iterator[dict[str, Any]]:
    """Yield an entry for each record of an account that changes: the account itself, and open deals.

    Name, owner, tier and say-no are the account's on all of them. Its revenue moves once, with the account, and only
    from a tier it had; None where it is unknown.
    """
    context = plan.context
    moved = {each.property: each for each in plan.changes if each.property in COUNTED and each.target is Target.ACCOUNT}
    shared = {
        "name": context.name,
        "owner": context.owner,
        "tier": _move(moved, TIER, context.tier_before),
        "say_no": _move(moved, SAY_NO, context.say_no_before),
    }
    for (target, record), changes in groupby(plan.changes, key=RECORD):
        causes = [*map(CAUSE, changes)]
        yield {
            "account": context.account,
            "object": target.value,
            "record": record,
            **shared,
            "revenue_moved": _revenue(plan, moved) if target is Target.ACCOUNT else "0.00",
            "changes": len(causes),
            "causes": sorted(set(causes)),
        }


def _move(moved: Mapping[str, Change], name: str, held: object) -> dict[str, object]:
    """What it is and what it becomes; what does not change stays as it is."""
    change = moved.get(name)
    if change is None:
        return {"old": held, "new": held}
    if name == SAY_NO:
        return {"old": change.old and change.old == "true", "new": change.new and change.new == "true"}
    return {"old": change.old, "new": change.new}


def _revenue(plan: AccountPlan, moved: Mapping[str, Change]) -> str | None:
    change, cents = moved.get(TIER), plan.context.revenue_cents
    if change is None or change.old is None:
        return "0.00"
    return None if cents is None else exact(max(cents, 0))
