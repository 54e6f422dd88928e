"""The three-way compare: wanted by the rules, found in the CRM, last written by us.

A value may be written when the CRM still holds what we wrote last, or when we never wrote it and it is empty.
Anything else is a person's edit (also a value that was there before our first write): kept, or overwritten when
the policy says so. A value that is already the wanted one is no difference at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from connector.model.changes import Change, Target
from connector.planning.causes import causes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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


def key(item: Difference | Change) -> Key:
    """The name of the value that a difference or a change is about."""
    return item[1:4]


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
    told = zip(differences, causes(context, differences, before=before, now=now), strict=True)
    allowed: list[tuple[Difference, str]] = []
    edited: list[tuple[Difference, str]] = []
    for item, cause in told:
        free = edited_values is EditedValues.OVERWRITE or is_ours(item, ours)
        (allowed if free else edited).append((item, cause))
    written = {(item.target, item.record) for item, _ in allowed if not item.follows}
    return AccountPlan(
        context=context,
        changes=_as_changes(pair for pair in allowed if (pair[0].target, pair[0].record) in written),
        kept=_as_changes(pair for pair in edited if not pair[0].follows),
    )


def is_ours(item: Difference, ours: Mapping[Key, Sequence[str | None]]) -> bool:
    """Whether the found value may be replaced: we wrote it, or nobody wrote anything before us."""
    written = ours.get(key(item))
    return item.found is None if written is None else item.found in written


def _as_changes(told: Iterable[tuple[Difference, str]]) -> tuple[Change, ...]:
    changes = [Change(*item[:4], item.found, item.wanted, cause) for item, cause in told if item.found != item.wanted]
    return tuple(sorted(changes, key=key))
