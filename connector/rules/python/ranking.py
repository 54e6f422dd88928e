"""Rank bands of the pyramid: cut-offs round up, ties stay together, lines lie halfway (ruleset.Ranking)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from connector.rules.cells import CENTS, UNKNOWN, Cell, compute, half_up
from connector.rules.tree import Op

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

HUNDRED = 100


class Ranked(Struct, frozen=True):
    """A ranking: each subject's band and rank, and the line under each band but the last."""

    level: Mapping[str, str]
    rank: Mapping[str, int]
    count: int
    lines: Mapping[str, Cell]


class Place(NamedTuple):
    """Where somebody stands among those ranked: who is sent last (`ahead` is false) comes behind all others."""

    ahead: bool
    amount: Decimal
    """Rounded to cents."""


class Board(Struct, frozen=True):
    """Everybody's places, ascending, and how many more count in the number without being ranked."""

    places: Sequence[Place] = ()
    more: int = 0

    def without(self, gone: Iterable[Place | bool]) -> Board:
        """The board without these, True for one who only counts; raises ValueError for a place nobody has."""
        places, more = list(self.places), self.more
        for one in gone:
            if isinstance(one, Place):
                at = bisect_left(places, one)
                if places[at : at + 1] != [one]:
                    raise ValueError(f"{one.amount} is not among those ranked")
                del places[at]
            else:
                more -= one
        return Board(places, more)

    def together(self, come: Iterable[Place | bool]) -> Board:
        """The board with these besides, True for one who only counts."""
        places, more = list(self.places), self.more
        for one in come:
            if isinstance(one, Place):
                insort(places, one)
            else:
                more += one
        return Board(places, more)


def rank(
    values: Mapping[str, Decimal],
    bands: Sequence[tuple[str, Decimal | None]],
    last: frozenset[str],
    more: int = 0,
) -> Ranked:
    """Rank subjects by value; `bands` are (answer, percent of the number), the last with None.

    The number is of those ranked and `more`; those in `last` rank behind all others.
    """
    ordered = [
        *sorted((item for item in values.items() if item[0] not in last), key=_from_the_highest),
        *sorted((item for item in values.items() if item[0] in last), key=_from_the_highest),
    ]
    ahead = len(values.keys() - last)
    cuts = _cuts(len(ordered) + more, bands)
    level, ranks = {}, {}
    start = 0
    while start < len(ordered):
        end = _end_of_block(ordered[:ahead] if start < ahead else ordered, start)
        word = bands[_band(start + 1, end, cuts)][0]
        for subject, _ in ordered[start:end]:
            level[subject] = bands[-1][0] if subject in last else word
            ranks[subject] = start + 1
        start = end
    drawn = _lines(lambda position: ordered[position - 1][1], len(ordered), cuts, bands)
    return Ranked(level, ranks, len(ordered) + more, drawn)


def _from_the_highest(item: tuple[str, Decimal]) -> tuple[Decimal, str]:
    return -item[1], item[0]


def _cuts(count: int, bands: Sequence[tuple[str, Decimal | None]]) -> list[int]:
    """Give ceil(n * p / 100) for each cumulative percentage p, in whole numbers."""
    cuts, total = [], Decimal(0)
    for _, percent in bands:
        if percent is not None:
            total += percent
            numerator, denominator = (total * count).as_integer_ratio()
            cuts.append(-(-numerator // (denominator * HUNDRED)))
    return cuts


def _end_of_block(ordered: Sequence[tuple[str, Decimal]], start: int) -> int:
    end = start
    while end < len(ordered) and half_up(ordered[end][1], CENTS) == half_up(ordered[start][1], CENTS):
        end += 1
    return end


def _band(first: int, last: int, cuts: Sequence[int]) -> int:
    """Place the tied block on positions first..last."""
    for band, cut in enumerate(cuts):
        if first > cut:
            continue
        if last <= cut + (max(1, cut // 10) if last > cut else 0):
            return band
    return len(cuts)


def _lines(
    at: Callable[[int], Decimal], count: int, cuts: Sequence[int], bands: Sequence[tuple[str, Decimal | None]]
) -> dict[str, Cell]:
    """The line under each band but the last, of `count` amounts that `at` tells by their position from the top."""
    return {word: _line(at, count, cut) for (word, _), cut in zip(bands, cuts, strict=False)}


def _line(at: Callable[[int], Decimal], count: int, cut: int) -> Cell:
    if not count or cut == 0:
        return UNKNOWN
    if cut >= count:
        return at(count)
    return compute(Op.DIVIDE, at(cut) + at(cut + 1), Decimal(2))


def lines(board: Board, bands: Sequence[tuple[str, Decimal | None]]) -> dict[str, Cell]:
    """The line under each band but the last."""
    places = board.places
    cuts = _cuts(len(places) + board.more, bands)
    return _lines(lambda position: places[-position].amount, len(places), cuts, bands)


def among(others: Board, mine: Place, bands: Sequence[tuple[str, Decimal | None]]) -> tuple[str, int, dict[str, Cell]]:
    """Put one among others: the band, the rank, and the lines with it among them."""
    places = others.places
    low, high = bisect_left(places, mine), bisect_right(places, mine)
    count, above = len(places) + 1, len(places) - high
    cuts = _cuts(count + others.more, bands)
    band = bands[_band(above + 1, above + high - low + 1, cuts)][0] if mine.ahead else bands[-1][0]

    def at(position: int) -> Decimal:
        """The amount on a position from the top, from 1."""
        if position <= above:
            return places[-position].amount
        return mine.amount if position == above + 1 else places[count - position].amount

    return band, above + 1, _lines(at, count, cuts, bands)
