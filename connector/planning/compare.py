"""The three-way compare: wanted by the rules, found in the CRM, last written by us.

A value may be written when the CRM still holds what we wrote last, or when we never wrote it and it is empty.
Anything else is a person's edit (also a value that was there before our first write): kept, or overwritten when
the policy says so. A value that is already the wanted one is no difference at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from operator import itemgetter
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.model.changes import Cause, Change, Target
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


class AccountPlan(Struct, frozen=True):
    """What is written for one account, its open deals included, and what a person's edit keeps from being written."""

    context: AccountContext
    changes: tuple[Change, ...]
    kept: tuple[Change, ...]


key: Callable[[Difference | Change], Key] = itemgetter(slice(1, 4))
"""The name of the value that a difference or a change is about."""
_RECORD = itemgetter(1, 2)
_NOTHING: tuple[None] = (None,)
_NO_PROPERTY: Mapping[str, EditedValues] = {}
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
    on_edit: Mapping[str, EditedValues] = _NO_PROPERTY,
) -> AccountPlan:
    """Decide each difference of one account; changes come out sorted by target, record, property.

    `ours` holds, per value ever written or sent by us, everything that counts as ours. `on_edit` says for single
    properties what `edited_values` says for all others. Outputs that follow are written only on a record that is
    written anyway.
    """
    of_empty, of_other = causes(context, differences, before=before, now=now)
    changes: list[Change] = []
    following: list[Change] = []
    kept: list[Change] = []
    for account, target, record, name, wanted, found, follows in differences:
        if wanted == found:
            continue
        # ours: what we wrote, and what is empty where nobody wrote anything before us
        written = ours.get((target, record, name), _NOTHING) if ours else _NOTHING
        cause = of_empty if found is None else of_other
        if found not in written and wanted in written and wanted is not None:
            cause = Cause.EDITED
        change = _made(Change, (account, target, record, name, found, wanted, cause))
        if found in written or on_edit.get(name, edited_values) is EditedValues.OVERWRITE:
            (following if follows else changes).append(change)
        elif not follows:
            kept.append(change)
    if following:
        written_records = set(map(_RECORD, changes))
        changes += [change for change in following if _RECORD(change) in written_records]
    return AccountPlan(context, tuple(sorted(changes, key=key)), tuple(sorted(kept, key=key)))
