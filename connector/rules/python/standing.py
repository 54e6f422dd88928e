"""What a whole population comes to: its figures and who is ranked by what, all that one account needs of others."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from connector.rules.cells import CENTS, UNKNOWN, Cell, compute, half_up
from connector.rules.python.aggregating import figure_value
from connector.rules.python.evaluate import Evaluator
from connector.rules.python.ranking import Board, Place
from connector.rules.ruleset import Figure, PopulationOf, RankOf
from connector.rules.tree import Op
from connector.rules.walk import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connector.rules.python.evaluate import Frame
    from connector.rules.ruleset import Node, Ranking
    from connector.rules.tree import Expression

FROM_TOTALS = frozenset({Figure.SUM, Figure.COUNT, Figure.MEAN})
"""Figures that a count and a total tell: a contribution can be taken out of them and another put in."""


class Tally(Struct, frozen=True):
    """A figure of one combination of keys, the number of values it is of, and their sum where they are numbers."""

    value: Cell
    count: int = 0
    total: Decimal = Decimal(0)

    def changed(self, value: Cell, figure: Figure, *, by: int) -> Tally:
        """The figure with one value more or less; only those of FROM_TOTALS can be told."""
        total = self.total + by * value if isinstance(value, Decimal) else self.total
        tally = replace(self, count=self.count + by, total=total)
        return replace(tally, value=tally.of(figure))

    def of(self, figure: Figure) -> Cell:
        """Work a figure of FROM_TOTALS out anew."""
        if figure is Figure.COUNT:
            return Decimal(self.count)
        if figure is Figure.SUM:
            return self.total
        return compute(Op.DIVIDE, self.total, Decimal(self.count)) if self.count else UNKNOWN


class Standing(Struct, frozen=True):
    """Per node its figure by the keys of whom it is of, and per ranking everybody's places."""

    figures: Mapping[str, Mapping[tuple[Cell, ...], Tally]] = field(default_factory=dict)
    ranked: Mapping[str, Board] = field(default_factory=dict)

    def tally(self, name: str, figure: Figure, keys: tuple[Cell, ...]) -> Tally:
        """The figure of those with these keys, who may be nobody."""
        found = self.figures[name].get(keys)
        return Tally(figure_value(figure, ())) if found is None else found


def operands(node: Node) -> tuple[Expression, ...]:
    """What a figure or a ranking asks of everybody."""
    of = node.definition
    if isinstance(of, PopulationOf):
        found: tuple[Expression | None, ...] = (of.value, of.among, *of.by)
    else:
        ranking = of.ranking if isinstance(of, RankOf) else None
        found = (ranking.by, ranking.among, ranking.last, ranking.counted) if ranking is not None else ()
    return tuple(expression for expression in found if expression is not None)


def over_everybody(nodes: Iterable[Node]) -> Iterator[Node]:
    """The nodes that ask something of everybody."""
    return (node for node in nodes if isinstance(node.definition, PopulationOf | RankOf))


def asked(nodes: Iterable[Node]) -> tuple[str, ...]:
    """The names that figures and rankings ask of everybody."""
    found = (name for node in over_everybody(nodes) for expression in operands(node) for name in names(expression))
    return tuple(dict.fromkeys(found))


def share_of(ranking: Ranking, evaluator: Evaluator) -> Place | bool:
    """What somebody is to a ranking: their place, True for who only counts in the number, False for who does not."""
    if not evaluator.holds(ranking.among):
        return ranking.counted is not None and evaluator.holds(ranking.counted)
    value = evaluator.value(ranking.by)
    sent_last = ranking.last is not None and evaluator.holds(ranking.last)
    return Place(not sent_last, half_up(value, CENTS)) if isinstance(value, Decimal) else False


def percents(ranking: Ranking, frame: Frame) -> list[tuple[str, Decimal | None]]:
    """The bands of a ranking with their percentages."""
    evaluator = Evaluator(frame, {})
    worked = ((band.then, None if band.percent is None else evaluator.value(band.percent)) for band in ranking.bands)
    return [(word, percent if isinstance(percent, Decimal) else None) for word, percent in worked]
