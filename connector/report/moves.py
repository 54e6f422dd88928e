"""The plan's changes: who gets another tier or say-no flag, and why.

The stream is read once: totals are over all of it, rows are only the moves that matter most. Whoever wants
every row looks along while the stream passes (report.files writes them out).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from heapq import nsmallest
from typing import TYPE_CHECKING

from connector.model.changes import Cause
from connector.report import measures

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.model.changes import Change
    from connector.report.source import PlannedAccount


@dataclass(frozen=True, slots=True)
class MoveView:
    """One account whose tier or say-no flag changes, and why."""

    account: str
    name: str | None
    owner: str | None
    tier_before: str | None
    tier_after: str | None
    say_no_before: bool | None
    say_no_after: bool | None
    revenue: Decimal | None
    cause: str
    properties: int
    """How many properties change on the account and its deals."""


@dataclass(frozen=True, slots=True)
class ChangesView:
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


def view_changes(planned: Iterable[PlannedAccount], *, keep: int) -> ChangesView:
    """Return the totals of the plan and the `keep` moves of most revenue; reads the stream once."""
    tally: Counter[str] = Counter()
    causes: Counter[str] = Counter()
    rows = nsmallest(keep, _counted(planned, tally, causes), key=_most_revenue)
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


def _counted(planned: Iterable[PlannedAccount], tally: Counter[str], causes: Counter[str]) -> Iterator[MoveView]:
    """Give every move of the stream, counting all that passes."""
    for one in planned:
        tally["accounts"] += 1
        tally["values"] += len(one.changes)
        move = view_move(one)
        if move is not None:
            causes[move.cause] += 1
            tally.update(_marks(move, one.context.revenue_cents or 0))
            yield move


def _marks(move: MoveView, cents: int) -> dict[str, int]:
    retiered = move.tier_before is not None and move.tier_before != move.tier_after
    return {
        "moves": 1,
        "tier_changes": int(retiered),
        "moved_cents": cents if retiered else 0,
        "first": int(move.tier_before is None and move.tier_after is not None),
        "newly_say_no": int(move.say_no_after is True and move.say_no_before is not True),
        "no_longer_say_no": int(move.say_no_before is True and move.say_no_after is not True),
    }


def view_move(one: PlannedAccount) -> MoveView | None:
    """Return the account's move, or None when neither its tier nor its say-no flag changes."""
    about = one.context
    if (about.tier_before, about.say_no_before) == (about.tier_wanted, about.say_no_wanted):
        return None
    return MoveView(
        account=about.account,
        name=about.name,
        owner=about.owner,
        tier_before=about.tier_before,
        tier_after=about.tier_wanted,
        say_no_before=about.say_no_before,
        say_no_after=about.say_no_wanted,
        revenue=measures.known_amount(about.revenue_cents),
        cause=main_cause(one.changes),
        properties=len(one.changes),
    )


def main_cause(changes: Iterable[Change]) -> str:
    """Return why the account moves: the cause of its tier, else of its say-no flag, else of its first change."""
    causes = {change.property: change.cause for change in reversed(list(changes))}
    named = (causes.get(name) for name in ("seg_tier", "seg_say_no"))
    return next((cause for cause in named if cause), next(iter(reversed(causes.values())), str(Cause.UNKNOWN)))


def _most_revenue(move: MoveView) -> tuple[bool, Decimal, str]:
    return (move.tier_before is None, -(move.revenue or Decimal(0)), move.account)
