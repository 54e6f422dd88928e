"""Facts and figures: many cells become one; the semantics of ruleset.FactOf and PopulationOf in plain Python."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, Any

from connector.rules.cells import IDLE, UNKNOWN, Cell, all_of, any_of, compute, is_known
from connector.rules.python.evaluate import Evaluator
from connector.rules.python.reading import LOST
from connector.rules.ruleset import Aggregate, Figure
from connector.rules.tree import Op

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from connector.rules.python.evaluate import Frame
    from connector.rules.ruleset import FactOf

ZERO = Decimal(0)


def fact_value(
    fact: FactOf,
    rows: Iterable[tuple[Mapping[str, Cell], Mapping[str, Cell]]],
    frame: Frame,
    groups: Iterable[str] = (),
) -> Cell:
    """Compute a fact over records, each with its account's cells; `groups` are theirs where a group counts once."""
    found: list[Cell] = []
    counted: set[str | None] = set()
    for (row, cells), group in zip_longest(rows, groups):
        if group is not None and group in counted:
            continue
        if LOST in row:
            found.append(UNKNOWN)
            continue
        evaluator = Evaluator(frame, cells, row)
        counts = True if fact.where is None else evaluator.value(fact.where)
        if counts is UNKNOWN:
            found.append(UNKNOWN)
        elif counts is True:
            counted.add(group)
            found.append(True if fact.value is None else evaluator.value(fact.value))
    return aggregate(fact.aggregate, [cell for cell in found if cell is not IDLE], gaps=fact.gaps)


def aggregate(verb: Aggregate, cells: Sequence[Cell], *, gaps: bool = False) -> Cell:
    """Make one value of many; one unknown makes it unknown, but for `any` with a true and `all` with a false."""
    if verb is Aggregate.ANY:
        return any_of(cells)
    if verb is Aggregate.ALL:
        return all_of(cells)
    if any(cell is UNKNOWN for cell in cells):
        return UNKNOWN
    values: list[Any] = _gaps(cells) if gaps else list(cells)
    if verb is Aggregate.COUNT:
        return Decimal(len(values))
    if verb is Aggregate.DISTINCT:
        return Decimal(len(set(values)))
    if verb is Aggregate.SUM:
        return sum(values, ZERO)
    if verb in {Aggregate.FIRST, Aggregate.PARENT}:
        return values[0] if values else UNKNOWN
    return _OVER_SOME[verb](values) if values else UNKNOWN


def _gaps(cells: Sequence[Cell]) -> list[Decimal]:
    days = sorted(cell for cell in cells if isinstance(cell, date))
    return [Decimal((later - earlier).days) for earlier, later in pairwise(days)]


def _mean(values: list[Any]) -> Cell:
    return compute(Op.DIVIDE, sum(values, ZERO), Decimal(len(values)))


def _median(values: list[Any]) -> Cell:
    ordered, middle = sorted(values), len(values) // 2
    upper: Cell = ordered[middle]
    return upper if len(ordered) % 2 else compute(Op.DIVIDE, ordered[middle - 1] + ordered[middle], Decimal(2))


def _variance(values: list[Any]) -> Cell:
    count = Decimal(len(values))
    spread = count * sum((value * value for value in values), ZERO) - sum(values, ZERO) ** 2
    return compute(Op.DIVIDE, spread, count * count)


_OVER_SOME: dict[Aggregate, Callable[[list[Any]], Cell]] = {
    Aggregate.MIN: min,
    Aggregate.MAX: max,
    Aggregate.MEAN: _mean,
    Aggregate.MEDIAN: _median,
    Aggregate.VARIANCE: _variance,
}


def figure_value(figure: Figure, cells: Iterable[Cell]) -> Cell:
    """Compute a figure of a population; what is not known is left out."""
    values: list[Any] = [cell for cell in cells if is_known(cell)]
    if figure is Figure.COUNT:
        return Decimal(len(values))
    if figure is Figure.SUM:
        return sum(values, ZERO)
    if not values:
        return UNKNOWN
    if figure is Figure.GINI:
        return _gini(values)
    ways: Mapping[Figure, Callable[[list[Any]], Cell]] = {Figure.MEAN: _mean, Figure.MIN: min, Figure.MAX: max}
    return ways[figure](values)


def _gini(values: list[Decimal]) -> Cell:
    ordered = sorted(values)
    count, total = Decimal(len(ordered)), sum(ordered, ZERO)
    weighted = sum((place * value for place, value in enumerate(ordered, start=1)), ZERO)
    share = compute(Op.DIVIDE, 2 * weighted, count * total)
    return compute(Op.SUBTRACT, share, compute(Op.DIVIDE, count + 1, count))
