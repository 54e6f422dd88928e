"""What a change of rules does to a population: who moves, how much revenue moves along, and because of which edit."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct, field

from connector.model.outputs import REVENUE, SAY_NO, TIER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

PEERS = "others moved"
"""Nothing about the account itself came out differently: a line or a rank did."""


class Side(NamedTuple):
    """One account under one rule set."""

    account: str
    name: str | None
    group: int
    """Equal for the accounts of one group, whose revenue counts once."""
    outputs: Mapping[str, str | None]
    values: Mapping[str, str | None]
    """The columns that were edited, or stand behind one."""


class Move(NamedTuple):
    """One output of one account that comes out differently."""

    account: str
    name: str | None
    output: str
    before: str | None
    after: str | None
    revenue_cents: int
    because: tuple[str, ...]


class Impact(Struct):
    """Counts of everything that moves; `moves` lists each account whose tier or say-no does."""

    accounts: int = 0
    """Accounts compared."""
    moved: int = 0
    """Accounts of which anything comes out differently."""
    by_output: Counter[str] = field(default_factory=Counter)
    tiers: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    revenue_by_tier: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    newly_say_no: int = 0
    no_longer_say_no: int = 0
    by_cause: Counter[str] = field(default_factory=Counter)
    """Accounts whose tier or say-no moves, per edit; an account may count under several."""
    revenue_by_cause: Counter[str] = field(default_factory=Counter)
    revenue_cents: int = 0
    moves: list[Move] = field(default_factory=list)


def compare(
    before: Iterable[Side],
    after: Iterable[Side],
    *,
    causes: Callable[[str, Mapping[str, str | None], Mapping[str, str | None]], tuple[str, ...]],
    shown: frozenset[str],
) -> Impact:
    """Compare account by account, both sides ascending by id over the same accounts.

    `shown` are the outputs that both rule sets have and that never merely follow; `causes` names the edits behind an
    output, from the values of both sides.
    """
    impact, counted = Impact(), _Once()
    for old, new in zip(before, after, strict=True):
        impact.accounts += 1
        moved = sorted(name for name in shown if old.outputs.get(name) != new.outputs.get(name))
        impact.moved += bool(moved)
        impact.by_output.update(moved)
        behind: dict[str, None] = {}
        for name in moved:
            if name in {TIER, SAY_NO}:
                because = causes(name, old.values, new.values) or (PEERS,)
                states = (old.outputs.get(name), new.outputs.get(name))
                _take(impact, counted, old, Move(old.account, old.name, name, *states, _cents(old), because))
                behind |= dict.fromkeys(because)
        for cause in behind:
            impact.by_cause[cause] += 1
            impact.revenue_by_cause[cause] += counted.of(cause, old)
    return impact


class _Once:
    """Lets a group's revenue count once per question."""

    def __init__(self) -> None:
        self._seen: set[tuple[Any, int]] = set()

    def of(self, question: object, side: Side) -> int:
        """The group's revenue in cents when it is asked for the first time, else 0."""
        key = (question, side.group)
        if key in self._seen:
            return 0
        self._seen.add(key)
        return _cents(side)


def _take(impact: Impact, once: _Once, old: Side, move: Move) -> None:
    before, after = move.before, move.after
    impact.moves.append(move)
    if move.output == TIER:
        impact.tiers[before, after] += 1
        impact.revenue_by_tier[before, after] += once.of((before, after), old)
        impact.revenue_cents += once.of(TIER, old)
    else:
        impact.newly_say_no += after == "true"
        impact.no_longer_say_no += before == "true"


def _cents(side: Side) -> int:
    whole, _, rest = (side.outputs.get(REVENUE) or "0").partition(".")
    sign = -1 if whole.startswith("-") else 1
    return int(whole) * 100 + sign * int((rest + "00")[:2])
