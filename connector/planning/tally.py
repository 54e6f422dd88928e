"""What a plan amounts to, folded account by account: counts for people, figures for the guards."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.model.changes import Change, Target
from connector.model.outputs import SAY_NO, TIER
from connector.planning.doubt import behind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.model.verdicts import AccountContext
    from connector.planning.compare import AccountPlan

COUNTED = frozenset({TIER, SAY_NO})
RECORD, PROPERTY, CAUSE = itemgetter(1, 2), itemgetter(3), itemgetter(6)
"""Of a change, by place: a first run asks hundreds of thousands, in half the time that their names take."""
DOWN = "down"
NOBODY = ""
"""Stands for an account without an owner."""


def moved(plan: AccountPlan) -> list[Change]:
    """The changes of the account's own tier and say-no."""
    return [change for change in plan.changes if change[3] in COUNTED and change.target is Target.ACCOUNT]


class Move(Struct, frozen=True):
    """From one tier to another, None for no tier: one cell of the migration matrix."""

    before: str | None
    after: str | None


class Tally(Struct):
    """The sums of a plan; flat in memory but for the names of the groups that move."""

    accounts: int = 0
    changes: int = 0
    kept: int = 0
    set_aside: int = 0
    """Records that wait in quarantine although they would change."""
    emptied: set[str] = field(default_factory=set)
    """Properties that hold nothing where we wrote something: somebody took it away, or the CRM hides it from us."""
    by_property: Counter[str] = field(default_factory=Counter)
    by_cause: Counter[str] = field(default_factory=Counter)
    records: Counter[Target] = field(default_factory=Counter)
    moves: Counter[Move] = field(default_factory=Counter)
    """Tiers that will be written, kept edits not among them."""
    revenue_by_move: Counter[Move] = field(default_factory=Counter)
    """Cents, those of a group once per move."""
    revenue_moved_cents: int = 0
    """Revenue of the accounts that had a tier and get another, that of a group once."""
    revenue_moved_down_cents: int = 0
    """The part of it that goes to a tier behind the one before."""
    best_first: Sequence[str] = ()
    """The tiers in their order; a move from or to one without a place counts as one down."""
    _groups: set[tuple[str, Move | str | None]] = field(default_factory=set)
    """Groups whose revenue is in: of a move, of all, and of all that fall."""
    moved_by_owner: Counter[str] = field(default_factory=Counter)
    """Accounts that had a tier and get another."""
    newly_say_no: int = 0
    first_say_no: int = 0
    """Those of them that had no tier yet."""
    no_longer_say_no: int = 0
    undone_again: int = 0
    """Accounts on which a value that was undone would be written again."""

    @property
    def tiers_changed(self) -> int:
        """Accounts that had a tier and get another; a first assignment is no change."""
        return sum(count for move, count in self.moves.items() if move.before is not None)

    def add(self, *plans: AccountPlan) -> None:
        """Count the plans of some accounts; of many at once in a fraction of the time."""
        changes = [*chain.from_iterable(plan.changes for plan in plans)]
        self.accounts += sum(bool(plan.changes) for plan in plans)
        self.changes += len(changes)
        self.by_property.update(map(PROPERTY, changes))
        self.by_cause.update(map(CAUSE, changes))
        self.records.update(target for target, _ in set(map(RECORD, changes)))
        for plan in plans:
            for change in moved(plan):
                self._count(change, plan.context)
        kept = [*chain.from_iterable(plan.kept for plan in plans)]
        self.kept += len(kept)
        self.emptied.update(change.property for change in kept if change.old is None)

    def _count(self, change: Change, context: AccountContext) -> None:
        if change.property == TIER:
            self._count_move(Move(change.old, change.new), context)
        elif change.property == SAY_NO and change.new == "true":
            self.newly_say_no += 1
            self.first_say_no += context.tier_before is None
        elif change.property == SAY_NO and change.old == "true":
            self.no_longer_say_no += 1

    def _count_move(self, move: Move, context: AccountContext) -> None:
        self.moves[move] += 1
        cents = max(context.revenue_cents or 0, 0)
        self.revenue_by_move[move] += cents if self._is_first(context.group, move) else 0
        if move.before is not None:
            self.moved_by_owner[context.owner or NOBODY] += 1
            self.revenue_moved_cents += cents if self._is_first(context.group, None) else 0
            if behind(move.before, move.after, self.best_first):
                self.revenue_moved_down_cents += cents if self._is_first(context.group, DOWN) else 0

    def _is_first(self, group: str | None, move: Move | str | None) -> bool:
        """Whether no other member of the group was counted here; an account without others always is the first."""
        if group is None:
            return True
        known = len(self._groups)
        self._groups.add((group, move))
        return len(self._groups) > known
