"""The three-way compare: wanted by the rules, found in the CRM, last written by us.

A value may be written when the CRM still holds what we wrote last, or when we never wrote it and it is empty.
Anything else is a person's edit (also a value that was there before our first write): kept, or overwritten when
the policy says so. A value that is already the wanted one is no difference at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter
from typing import TYPE_CHECKING

from connector.model.changes import Change, Target
from connector.planning.causes import causes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.model.verdicts import AccountContext, Difference
    from connector.planning.causes import Basis

Key = tuple[Target, str, str]
"""Target, record, property: what names one value in the CRM."""

Holds = Mapping[tuple[Target, str], Mapping[str, str | None] | None]
"""What the CRM holds now, per target and record; None for a record that is gone."""


class EditedValues(StrEnum):
    """What becomes of a value of ours that a person changed."""

    KEEP = "keep"
    OVERWRITE = "overwrite"


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """What is written for one account, its open deals included, and what a person's edit keeps from being written."""

    context: AccountContext
    changes: tuple[Change, ...]
    kept: tuple[Change, ...]


key: Callable[[Difference | Change], Key] = itemgetter(slice(1, 4))
"""The name of the value that a difference or a change is about."""
_made = tuple.__new__
"""A change as its class makes it, without the call of its own: a first run makes hundreds of thousands."""


def plan_account(
    context: AccountContext,
    differences: Sequence[Difference],
    *,
    ours: Mapping[Key, Sequence[str | None]],
    edited_values: EditedValues,
    before: Basis | None,
    now: Basis,
) -> AccountPlan:
    """Decide each difference of one account; changes come out sorted by target, record, property.

    `ours` holds, per value ever written or sent by us, everything that counts as ours. Outputs that follow are
    written only on a record that is written anyway.
    """
    told = causes(context, differences, before=before, now=now)
    overwrite = edited_values is EditedValues.OVERWRITE
    changes: list[Change] = []
    following: list[Change] = []
    kept: list[Change] = []
    for item, cause in zip(differences, told, strict=True):
        account, target, record, name, wanted, found, follows = item
        if wanted == found:
            continue
        change = _made(Change, (account, target, record, name, found, wanted, cause))
        if overwrite or _is_ours(found, ours.get((target, record, name))):
            (following if follows else changes).append(change)
        elif not follows:
            kept.append(change)
    if following:
        written = {(change.target, change.record) for change in changes}
        changes += [change for change in following if (change.target, change.record) in written]
    return AccountPlan(context, tuple(sorted(changes, key=key)), tuple(sorted(kept, key=key)))


def _is_ours(found: str | None, written: Sequence[str | None] | None) -> bool:
    """Whether the found value may be replaced: we wrote it, or nobody wrote anything before us."""
    return found is None if written is None else found in written
