"""What goes on when data seem to be missing, and what waits for a person: nobody falls because of a hole.

Where customers are missing every line moves, and where an input was emptied nobody can tell who lost it: then the whole
plan waits, as it does by default whenever something is missing. Where records about customers are missing and
`[limits] small_pull = "wait"`, an account goes on only when its own records changed, nothing about it gets worse or
unknown, and its say-no stays as it is.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from connector.model.outputs import LADDER_STEP, LEVEL, REVENUE, SAY_NO, TIER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.model.changes import Change
    from connector.planning.compare import AccountPlan

RANKED = frozenset({TIER, "seg_tier_computed", LEVEL, "seg_customer_type", LADDER_STEP})
"""Outputs whose options stand in order, the best one first."""
AMOUNTS = frozenset({REVENUE, "seg_customer_value"})
"""Outputs of which less is worse."""
UNKNOWN = "unknown"
"""The option that stands where something is not known (any more)."""


class Doubt(NamedTuple):
    """Why the pull is doubted; `whole` when nothing at all goes on."""

    code: str
    text: str
    whole: bool


def waits(plan: AccountPlan, *, ranks: Mapping[str, Sequence[str]]) -> bool:
    """Whether an account's changes wait: it gets worse, or only others moved; `ranks` are the options of RANKED."""
    return not plan.context.data_changed or any(_worse(change, ranks) for change in plan.changes)


def _worse(change: Change, ranks: Mapping[str, Sequence[str]]) -> bool:
    name, old, new = change.property, change.old, change.new
    if name == SAY_NO and new == "true":
        return True
    if old is None:
        return False
    if new is None or new == UNKNOWN or name == SAY_NO:
        return True
    if name in RANKED:
        return _falls(old, new, ranks.get(name, ()))
    return name in AMOUNTS and Decimal(new) < Decimal(old)


def _falls(old: str, new: str, ranked: Sequence[str]) -> bool:
    """Whether the new option stands behind the old one; what has no place is taken for a fall."""
    return old not in ranked or new not in ranked or ranked.index(new) > ranked.index(old)
