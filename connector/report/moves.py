"""The plan's changes: who gets another tier or say-no flag, and why.

The stream is read once: totals are over all of it, rows are only the moves that matter most. Whoever wants
every row looks along while the stream passes (report.files writes them out).
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from heapq import nsmallest
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.model.changes import Cause, Target
from connector.model.outputs import SAY_NO, TIER
from connector.report import measures
from connector.report.source import NAMELESS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from connector.model.changes import Change
    from connector.report.source import PlannedAccount

WEIGHTY = frozenset({TIER, SAY_NO})


class MoveView(Struct, frozen=True):
    """One account that changes, old and new, and why."""

    account: str
    name: str | None
    owner: str | None
    tier_before: str | None
    tier_after: str | None
    say_no_before: bool | None
    say_no_after: bool | None
    revenue: Decimal | None
    cause: str
    values: int
    """How many values change on the account and its deals."""
    properties: tuple[str, ...]
    """The account's own properties among them."""

    @property
    def moves(self) -> bool:
        """Whether its tier or its say-no flag changes, not only what hangs on them."""
        return (self.tier_before, self.say_no_before) != (self.tier_after, self.say_no_after)


class ChangesView(Struct, frozen=True):
    """What the plan changes, with the moves of most revenue."""

    accounts: int
    values: int
    moves: int
    tier_changes: int
    """Accounts that had a tier and get another one."""
    first: int
    """Accounts that get a tier for the first time: not a change."""
    newly_say_no: int
    no_longer_say_no: int
    moved_revenue: Decimal
    causes: tuple[tuple[str, int], ...]
    """Moves by cause, most frequent first."""
    rows: tuple[MoveView, ...]


def view_changes(moves: Iterable[MoveView], *, keep: int) -> ChangesView:
    """Return the totals of the plan and the `keep` moves of most revenue; reads the stream once."""
    tally: Counter[str] = Counter()
    causes: Counter[str] = Counter()
    rows = nsmallest(keep, _counted(moves, tally, causes), key=_most_revenue)
    return ChangesView(
        accounts=tally["accounts"],
        values=tally["values"],
        moves=tally["moves"],
        tier_changes=tally["tier_changes"],
        first=tally["first"],
        newly_say_no=tally["newly_say_no"],
        no_longer_say_no=tally["no_longer_say_no"],
        moved_revenue=measures.amount(tally["moved_cents"]),
        causes=tuple(causes.most_common()),
        rows=tuple(rows),
    )


def _counted(moves: Iterable[MoveView], tally: Counter[str], causes: Counter[str]) -> Iterator[MoveView]:
    """Give the accounts whose tier or say-no flag changes, counting all that passes."""
    for one in moves:
        tally["accounts"] += 1
        tally["values"] += one.values
        if one.moves:
            causes[one.cause] += 1
            tally.update(_marks(one))
            yield one


def _marks(one: MoveView) -> dict[str, int]:
    retiered = one.tier_before is not None and one.tier_before != one.tier_after
    return {
        "moves": 1,
        "tier_changes": int(retiered),
        "moved_cents": int((one.revenue or Decimal(0)).scaleb(2)) if retiered else 0,
        "first": int(one.tier_before is None and one.tier_after is not None),
        "newly_say_no": int(one.say_no_after is True and one.say_no_before is not True),
        "no_longer_say_no": int(one.say_no_before is True and one.say_no_after is not True),
    }


def view_move(one: PlannedAccount, *, owners: Mapping[str, str] = NAMELESS) -> MoveView:
    """Return what changes of one account; every value of it stands in the plan."""
    about = one.context
    return MoveView(
        account=about.account,
        name=about.name,
        owner=owners.get(about.owner or "", about.owner),
        tier_before=about.tier_before,
        tier_after=about.tier_wanted,
        say_no_before=about.say_no_before,
        say_no_after=about.say_no_wanted,
        revenue=measures.known_amount(about.revenue_cents),
        cause=main_cause(one.changes),
        values=len(one.changes),
        properties=tuple(change.property for change in one.changes if change.target == Target.ACCOUNT),
    )


def main_cause(changes: Sequence[Change]) -> str:
    """Return why the account moves: the cause of its tier, else of its say-no flag, else of its first change."""
    causes = {change.property: change.cause for change in changes if change.property in WEIGHTY}
    first = changes[0].cause if changes else Cause.UNKNOWN
    return str(causes.get(TIER) or causes.get(SAY_NO) or first)


def _most_revenue(move: MoveView) -> tuple[bool, Decimal, str]:
    return (move.tier_before is None, -(move.revenue or Decimal(0)), move.account)
