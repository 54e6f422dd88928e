"""What goes on when data seem to be missing, and what waits for a person: nobody falls because of a hole.

Where customers are missing every line moves, and where an input was emptied nobody can tell who lost it: then the whole
plan waits, as it does by default whenever something is missing. Where records about customers are missing and
`[limits] small_pull = "wait"`, an account goes on only when its own records changed, nothing about it gets worse or
unknown, and its say-no stays as it is.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, NamedTuple

from connector.model.outputs import SAY_NO, TIER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connector.model.changes import Change
    from connector.model.outputs import Output
    from connector.planning.compare import AccountPlan

UNKNOWN = "unknown"
"""The option that stands where something is not known (any more)."""


class Doubt(NamedTuple):
    """Why the pull is doubted; `whole` when nothing at all goes on."""

    code: str
    text: str
    whole: bool


def ranks(outputs: Iterable[Output]) -> dict[str, tuple[str, ...]]:
    """The options of the outputs that tell a rise from a fall, best first; an amount has none, and less is worse.

    Rules that do not rank the tier leave every change of it to a person.
    """
    return {output.name: tuple(output.options) for output in outputs if output.ranked or output.name == TIER}


def waits(plan: AccountPlan, *, ranks: Mapping[str, Sequence[str]]) -> bool:
    """Whether an account's changes wait: it gets worse, or only others moved; `ranks` is what `ranks()` tells."""
    return not plan.context.data_changed or any(_worse(change, ranks) for change in plan.changes)


def _worse(change: Change, ranks: Mapping[str, Sequence[str]]) -> bool:
    name, old, new = change.property, change.old, change.new
    if name == SAY_NO and new == "true":
        return True
    if old is None:
        return False
    if new is None or new == UNKNOWN or name == SAY_NO:
        return True
    return name in ranks and _falls(old, new, ranks[name])


def _falls(old: str, new: str, ranked: Sequence[str]) -> bool:
    """Whether the new option stands behind the old one; what has no place is taken for a fall."""
    if not ranked:
        return not _is_amount(old) or not _is_amount(new) or Decimal(new) < Decimal(old)
    return behind(old, new, ranked)


def behind(old: str | None, new: str | None, ranked: Sequence[str]) -> bool:
    """Whether the new option stands behind the old one; one without a place counts as behind."""
    return old not in ranked or new not in ranked or ranked.index(new) > ranked.index(old)


def _is_amount(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False
