"""Rank bands of the pyramid: cut-offs round up, ties stay together, lines lie halfway (ruleset.Ranking)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.rules.cells import UNKNOWN, Cell, compute, half_up
from connector.rules.tree import Op

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CENTS = 2
HUNDRED = 100


class Ranked(Struct, frozen=True):
    """A ranking: each subject's band and rank, and the line under each band but the last."""

    level: Mapping[str, str]
    rank: Mapping[str, int]
    count: int
    lines: Mapping[str, Cell]


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
    amounts = [value for _, value in ordered]
    lines = {word: _line(amounts, cut) for (word, _), cut in zip(bands, cuts, strict=False)}
    return Ranked(level, ranks, len(ordered) + more, lines)


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


def _line(amounts: Sequence[Decimal], cut: int) -> Cell:
    if not amounts or cut == 0:
        return UNKNOWN
    if cut >= len(amounts):
        return amounts[-1]
    return compute(Op.DIVIDE, amounts[cut - 1] + amounts[cut], Decimal(2))


def lines(amounts: Sequence[Decimal], bands: Sequence[tuple[str, Decimal | None]]) -> dict[str, Cell]:
    """The line under each band but the last, of amounts in ascending order."""
    cuts = _cuts(len(amounts), bands)
    return {word: _line(amounts[::-1], cut) for (word, _), cut in zip(bands, cuts, strict=False)}


def among(
    others: Sequence[Decimal], mine: Decimal, bands: Sequence[tuple[str, Decimal | None]]
) -> tuple[str, int, dict[str, Cell]]:
    """Place one value among others (rounded, ascending): its band, its rank, and the lines with it among them."""
    value = half_up(mine, CENTS)
    low, high = bisect_left(others, value), bisect_right(others, value)
    count, above = len(others) + 1, len(others) - high
    cuts = _cuts(count, bands)
    band = bands[_band(above + 1, above + high - low + 1, cuts)][0]

    def at(position: int) -> Decimal:
        """The value on a position from the top, from 1."""
        if position <= above:
            return others[-position]
        return value if position == above + 1 else others[count - position]

    lines: dict[str, Cell] = {}
    for (word, _), cut in zip(bands, cuts, strict=False):
        if cut == 0:
            lines[word] = UNKNOWN
        elif cut >= count:
            lines[word] = at(count)
        else:
            lines[word] = compute(Op.DIVIDE, at(cut) + at(cut + 1), Decimal(2))
    return band, above + 1, lines
