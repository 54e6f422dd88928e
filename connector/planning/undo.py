"""Undo: old values come back where the CRM still holds ours; and what was undone is not written again unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from connector.model.changes import Cause, Change
from connector.planning.compare import key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from connector.planning.compare import AccountPlan, Holds, Key


class Undoing(Struct, frozen=True):
    """What an undo does with some written changes."""

    changes: tuple[Change, ...]
    """Back to the old values."""
    kept: tuple[Change, ...]
    """Changed since by somebody else: left as they are; `old` is what the CRM holds."""


def undo(written: Iterable[Change], holds: Holds) -> Undoing:
    """Decide on written changes; a value that is back already, or whose record is gone, needs nothing."""
    changes: list[Change] = []
    kept: list[Change] = []
    for change in written:
        record = holds.get((change.target, change.record))
        if record is None or record.get(change.property) == change.old:
            continue
        held = record.get(change.property)
        back = change._replace(old=held, new=change.old, cause=Cause.UNDO)
        (changes if held == change.new else kept).append(back)
    return Undoing(tuple(changes), tuple(kept))


class Undone(Struct):
    """Values that were undone and not released since: per account, per value, what was undone and what came back."""

    accounts: dict[str, dict[Key, tuple[str | None, str | None]]] = field(default_factory=dict)

    def add(self, change: Change) -> None:
        """Take in one landed change of an undo run: its old value was undone, its new one came back."""
        self.accounts.setdefault(change.account, {})[key(change)] = (change.old, change.new)

    def named(self, plan: AccountPlan, *, follows: AbstractSet[str]) -> AccountPlan:
        """Name what would write an undone value again for what it is, not peers or time.

        Own data that changed is the truer cause. Outputs in `follows` share the cause of their account.
        """
        undone = self.accounts.get(plan.context.account)
        if not undone or plan.context.data_changed:
            return plan
        again = {key(c) for c in plan.changes if undone.get(key(c)) == (c.new, c.old) and c.property not in follows}
        if not again:
            return plan
        again.update(name for name in undone if name[2] in follows)
        told = (change._replace(cause=Cause.UNDONE) if key(change) in again else change for change in plan.changes)
        return replace(plan, changes=tuple(told))

    def rewritten(self, plan: AccountPlan, *, follows: AbstractSet[str]) -> bool:
        """Whether the plan writes an undone value again although the account's own inputs are the same.

        Where nobody compared the inputs, an account that now wants something else for one of its undone values
        shows that they changed. Outputs in `follows` tell nothing.
        """
        undone = self.accounts.get(plan.context.account)
        if not undone or plan.context.data_changed:
            return False
        wanted = {key(change): change.new for change in (*plan.changes, *plan.kept)}
        again = any(
            undone.get(key(change)) == (change.new, change.old)
            for change in plan.changes
            if change.property not in follows
        )
        return again and (plan.context.data_changed is False or _nothing_else(undone, wanted, follows))


def _nothing_else(
    undone: Mapping[Key, tuple[str | None, str | None]],
    wanted: Mapping[Key, str | None],
    follows: AbstractSet[str],
) -> bool:
    return all(wanted.get(name, back) == value for name, (value, back) in undone.items() if name[2] not in follows)
