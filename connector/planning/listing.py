"""A plan record by record: who would move from where to where, with how much revenue, and why."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from connector.model.changes import Target
from connector.model.numbers import exact
from connector.model.outputs import SAY_NO, TIER
from connector.planning.tally import CAUSE, RECORD, moved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from connector.model.changes import Change
    from connector.planning.compare import AccountPlan


def listed(plan: AccountPlan) -> Iterator[dict[str, Any]]:
    """Yield an entry for each record of an account that changes: the account itself, and open deals.

    Name, owner, tier and say-no are the account's on all of them. Its revenue moves once, with the account, and only
    from a tier it had; None where it is unknown.
    """
    context = plan.context
    own = {change.property: change for change in moved(plan)}
    shared = {
        "name": context.name,
        "owner": context.owner,
        "tier": _move(own, TIER, context.tier_before),
        "say_no": _move(own, SAY_NO, context.say_no_before),
    }
    for (target, record), changes in _by_record(plan.changes):
        causes = [*map(CAUSE, changes)]
        yield {
            "account": context.account,
            "object": target.value,
            "record": record,
            **shared,
            "revenue_moved": _revenue(plan, own) if target is Target.ACCOUNT else "0.00",
            "changes": len(causes),
            "causes": sorted(set(causes)),
        }


def _by_record(changes: Sequence[Change]) -> Iterable[tuple[tuple[Target, str], Iterable[Change]]]:
    """Give the changes record by record; most accounts have those of their own only."""
    if changes and RECORD(changes[0]) == RECORD(changes[-1]):
        return [(RECORD(changes[0]), changes)]
    return groupby(changes, key=RECORD)


def _move(own: Mapping[str, Change], name: str, held: object) -> dict[str, object]:
    """What it is and what it becomes; what does not change stays as it is."""
    change = own.get(name)
    if change is None:
        return {"old": held, "new": held}
    if name == SAY_NO:
        return {"old": change.old and change.old == "true", "new": change.new and change.new == "true"}
    return {"old": change.old, "new": change.new}


def _revenue(plan: AccountPlan, own: Mapping[str, Change]) -> str | None:
    change, cents = own.get(TIER), plan.context.revenue_cents
    if change is None or change.old is None:
        return "0.00"
    return None if cents is None else exact(max(cents, 0))
