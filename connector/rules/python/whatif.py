"""What one more won deal would do to an account: its tier worked out anew, everybody else as they are.

Facts are brought up to date by what the deal adds to them, rankings by the account's new place among the others;
figures of the whole population stay. That makes a try cheap enough for a search; whoever says the answer aloud
first applies it to the population.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from connector.model.fields import CATALOGUE, Table, Type
from connector.rules.cells import IDLE, UNKNOWN, Cell, is_known
from connector.rules.columns import EXTRA_DEAL_COLUMNS
from connector.rules.python.evaluate import Evaluator
from connector.rules.python.ranking import Board, Place, among
from connector.rules.python.standing import percents, share_of
from connector.rules.ruleset import Aggregate, FactOf, FormulaOf, Part, RankOf, Relation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.rules.python.evaluate import Frame
    from connector.rules.ruleset import Definition, Node, RuleSet

CENT = Decimal("0.01")
MOST = Decimal(10_000_000_000)
"""A search ends here: nobody wins a deal of ten billion."""


class WhatIf(Struct):
    """One account of an evaluation; `others` are the places of everybody else, per ranking."""

    rules: RuleSet
    frame: Frame
    cells: Mapping[str, Cell]
    others: Mapping[str, Board]
    tier: str
    """The node that is asked for."""
    _nodes: list[tuple[Node, frozenset[str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Keep the nodes behind the tier, in order, each with the names that move it."""
        behind = {self.tier}
        for node in reversed(self.rules.nodes):
            if node.name in behind:
                behind.update(node.depends)
        nodes = [node for node in self.rules.nodes if node.name in behind]
        self._nodes = [(node, frozenset(node.depends)) for node in nodes]

    def after(self, amount: Decimal) -> Cell:
        """The tier with one more deal of this amount (a credit note when negative), won on the day itself."""
        row, cells = self._deal(amount), dict(self.cells)
        changed: set[str] = set()
        for node, movers in self._nodes:
            if movers.isdisjoint(changed) and not isinstance(node.definition, FactOf):
                continue
            new = self._anew(node, node.definition, cells, row, changed)
            if new != cells.get(node.name):
                cells[node.name] = new
                changed.add(node.name)
        return cells[self.tier]

    def least(self, *, up: bool) -> Decimal | None:
        """The smallest amount to the cent that gives another known tier, None when none does."""
        now, sign = self.cells[self.tier], 1 if up else -1
        low, high = Decimal(0), Decimal(1)
        while not self._moves(sign * high, now):
            low, high = high, high * 2
            if high > MOST:
                return None
        while high - low > CENT:
            middle = ((low + high) / 2).quantize(CENT)
            if middle in {low, high}:
                break
            low, high = (low, middle) if self._moves(sign * middle, now) else (middle, high)
        return sign * high

    def _moves(self, amount: Decimal, now: Cell) -> bool:
        found = self.after(amount)
        return is_known(found) and found != now

    def _deal(self, amount: Decimal) -> dict[str, Cell]:
        row: dict[str, Cell] = {c.name: False if c.type is Type.BOOLEAN else UNKNOWN for c in CATALOGUE[Table.DEALS]}
        row |= dict.fromkeys(EXTRA_DEAL_COLUMNS, False)
        day = self.frame.as_of
        return row | {"amount": amount, "is_won": True, "is_closed": True, "close_date": day, "created_at": day}

    def _anew(
        self, node: Node, definition: Definition, cells: dict[str, Cell], row: dict[str, Cell], changed: set[str]
    ) -> Cell:
        old = cells.get(node.name, UNKNOWN)
        if isinstance(definition, FactOf):
            return self._fact(definition, old, cells, row, changed)
        if isinstance(definition, FormulaOf):
            return Evaluator(self.frame, cells).value(definition.expression)
        return self._place(definition, old, cells) if isinstance(definition, RankOf) else old

    def _fact(self, fact: FactOf, old: Cell, cells: dict[str, Cell], row: dict[str, Cell], changed: set[str]) -> Cell:
        if fact.gaps:
            return old
        if fact.relation == Relation.DEALS:
            return _added(fact.aggregate, old, None, self._share(fact, cells, row))
        if fact.relation == Relation.MEMBERS and changed:
            before = self._share(fact, self.cells, self.cells)
            return _added(fact.aggregate, old, before, self._share(fact, cells, cells))
        return old

    def _share(self, fact: FactOf, cells: Mapping[str, Cell], row: Mapping[str, Cell]) -> Cell:
        """What one record adds to a fact; IDLE when it does not count."""
        evaluator = Evaluator(self.frame, cells, row)
        counts = True if fact.where is None else evaluator.value(fact.where)
        if counts is not True:
            return UNKNOWN if counts is UNKNOWN else IDLE
        return True if fact.value is None else evaluator.value(fact.value)

    def _place(self, definition: RankOf, old: Cell, cells: Mapping[str, Cell]) -> Cell:
        ranking = definition.ranking
        evaluator = Evaluator(self.frame, cells)
        mine = share_of(ranking, evaluator)
        if definition.part is Part.COUNT or not isinstance(mine, Place):
            return old
        level, rank, lines = among(self.others.get(ranking.name, Board()), mine, percents(ranking, self.frame))
        if definition.part is Part.LINE:
            return lines.get(definition.band, old)
        return Decimal(rank) if definition.part is Part.RANK else level


def _added(verb: Aggregate, old: Cell, before: Cell | None, now: Cell) -> Cell:
    """A fact of one record more, or of one whose share was `before`; what cannot be told stays as it was."""
    if now == before or (now is IDLE and before in {None, IDLE}):
        return old
    if now is UNKNOWN or before is UNKNOWN:
        return UNKNOWN if now is UNKNOWN else old
    new: Any = None if now is IDLE else now
    gone: Any = None if before in {None, IDLE} else before
    match verb:
        case Aggregate.SUM if isinstance(old, Decimal):
            return old + (new or 0) - (gone or 0)
        case Aggregate.COUNT if isinstance(old, Decimal):
            return old + (new is not None) - (gone is not None)
        case Aggregate.ANY if isinstance(old, bool):
            return old or bool(new)
        case Aggregate.ALL if isinstance(old, bool):
            return old and (new is None or bool(new))
        case Aggregate.MAX if new is not None:
            return _either(max, old, new)
        case Aggregate.MIN if new is not None:
            return _either(min, old, new)
    return old


def _either(choose: Any, old: Cell, new: Cell) -> Cell:
    """The greater or lesser of two; the new one where there was none."""
    chosen: Cell = choose(old, new) if is_known(old) else new
    return chosen
