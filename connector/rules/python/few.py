"""A few accounts in plain Python, with the whole population told by what it comes to (standing.Standing).

One account is worked out whole. Of the others, its group and those it referred, only what somebody asks of them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import field

from connector.rules.cells import IDLE, UNKNOWN, Cell, is_known
from connector.rules.python.evaluate import Evaluator
from connector.rules.python.population import Population, is_ours
from connector.rules.python.ranking import Board, Place, among, lines
from connector.rules.python.reading import Unreadable, read_cell
from connector.rules.python.standing import (
    FROM_TOTALS,
    Standing,
    Tally,
    asked,
    over_everybody,
    percents,
    share_of,
)
from connector.rules.ruleset import FactOf, FieldOf, Of, Part, PopulationOf, RankOf, Relation, needed
from connector.rules.tree import Scope
from connector.rules.walk import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from connector.rules.python.reading import Records
    from connector.rules.ruleset import Node, Ranking


def asked_of_others(nodes: Sequence[Node]) -> frozenset[str]:
    """The names an account may ask of its group: what facts over accounts gather, and what the population asks."""
    found = {*asked(nodes), *_gathered(nodes, Relation.MEMBERS), *_gathered(nodes, Relation.REFERRED)}
    return frozenset(node.name for node in needed(nodes, found))


def asked_of_referred(nodes: Sequence[Node]) -> frozenset[str]:
    """The names an account may ask of those it referred, and these of their groups and of whom they referred."""
    return frozenset(node.name for node in needed(nodes, _gathered(nodes, Relation.REFERRED)))


def _gathered(nodes: Iterable[Node], relation: Relation) -> Iterator[str]:
    for node in nodes:
        if isinstance(node.definition, FactOf) and node.definition.relation == relation:
            for expression in (node.definition.value, node.definition.where):
                yield from names(expression, Scope.ROW) if expression is not None else ()


class Few(Population):
    """Some accounts that are closed under what `account` asks of others."""

    account: str = ""
    standing: Standing = field(default_factory=Standing)

    def work_out(self, nodes: Sequence[Node]) -> dict[str, Cell]:
        """Compute nodes of the account; those of others as far as they are asked for. Returns the account's cells."""
        of_group, of_referred = asked_of_others(nodes), asked_of_referred(nodes)
        for node in nodes:
            if node.name in of_referred:
                self.add(node)
            elif node.of is Of.GROUP:
                self._of_group(node)
            else:
                for member in self.group if node.name in of_group else [self.account]:
                    self.cells[member][node.name] = self._one(node, member, [member])
        return self.cells[self.account]

    @property
    def group(self) -> list[str]:
        """The accounts of the account's group."""
        return self.groups[self.records.root[self.account]]

    def _of_group(self, node: Node) -> None:
        value = self._one(node, self.group[0], self.group, self.records.root[self.account])
        for member in self.group:
            self.cells[member][node.name] = value

    # ── everybody together ──

    def _figure(self, node: Node, definition: PopulationOf, subject: str) -> Cell:
        keys = tuple(Evaluator(self.frame, self.cells[subject]).values(definition.by))
        if any(not is_known(key) for key in keys):
            return IDLE if any(key is IDLE for key in keys) else UNKNOWN
        return self._tally(node, definition, keys).value

    def _tally(self, node: Node, definition: PopulationOf, keys: tuple[Cell, ...]) -> Tally:
        return self.standing.tally(node.name, definition.figure, keys)

    def _rank(self, node: Node, definition: RankOf, subject: str) -> Cell:
        ranking, board = definition.ranking, self.board(node, definition.ranking)
        bands = percents(ranking, self.frame)
        if definition.part is Part.COUNT:
            return Decimal(len(board.places) + board.more)
        if definition.part is Part.LINE:
            return lines(board, bands)[definition.band]
        mine = share_of(ranking, Evaluator(self.frame, self.cells[subject]))
        if not isinstance(mine, Place):
            return self._unranked(ranking, subject)
        level, rank, _ = among(board.without([mine]), mine, bands)
        return Decimal(rank) if definition.part is Part.RANK else level

    def board(self, _: Node, ranking: Ranking) -> Board:
        """Everybody's places."""
        return self.standing.ranked[ranking.name]

    def mine(self, node: Node) -> list[str]:
        """Who of the account's group counts in a population: every account, or the group once."""
        return self.group if node.of is Of.ACCOUNT else self.group[:1]


def note_unreadable(records: Records, nodes: Iterable[Node]) -> None:
    """Mark the accounts with a cell that a field cannot read, whoever asks for it."""
    fields = {(n.definition.column, n.type) for n in nodes if isinstance(n.definition, FieldOf)}
    for account, row in records.accounts.items():
        for column, kind in fields:
            try:
                read_cell(row.get(column), kind, time_zone=records.time_zone)
            except Unreadable:
                if not is_ours(column):
                    records.unreadable.add(account)


class CannotTellError(Exception):
    """Others would move along, so that only the whole population can tell."""


class Moved(Few):
    """The same accounts after something happened to one group: the population is told anew from what it contributes."""

    before: Few | None = None

    def _tally(self, node: Node, definition: PopulationOf, keys: tuple[Cell, ...]) -> Tally:
        tally = self.standing.tally(node.name, definition.figure, keys)
        if self.before is None:
            return tally
        gone, come = ([*_values(few, node, definition, keys)] for few in (self.before, self))
        if gone == come:
            return tally
        if definition.figure not in FROM_TOTALS:
            raise CannotTellError(node.name)
        for values, by in ((gone, -1), (come, 1)):
            for value in values:
                tally = tally.changed(value, definition.figure, by=by)
        return tally

    def board(self, node: Node, ranking: Ranking) -> Board:
        """Everybody's places, with the group's new ones for its old ones."""
        board = self.standing.ranked[ranking.name]
        if self.before is None:
            return board
        gone, come = ([*_shares(few, node, ranking)] for few in (self.before, self))
        return board if gone == come else board.without(gone).together(come)


def _values(few: Few, node: Node, definition: PopulationOf, keys: tuple[Cell, ...]) -> Iterator[Cell]:
    """What the group contributes to a figure of these keys."""
    for subject in few.mine(node):
        evaluator = Evaluator(few.frame, few.cells[subject])
        if evaluator.holds(definition.among) and tuple(evaluator.values(definition.by)) == keys:
            value: Cell = True if definition.value is None else evaluator.value(definition.value)
            if is_known(value):
                yield value


def _shares(few: Few, node: Node, ranking: Ranking) -> Iterator[Place | bool]:
    for subject in few.mine(node):
        yield share_of(ranking, Evaluator(few.frame, few.cells[subject]))


def others_stay(nodes: Sequence[Node], *, was_referred: bool) -> bool:
    """Whether what happens to one group leaves what all others contribute to the population as it is.

    It does when no figure or ranking stands on another, or on facts about those a group referred while this one
    was referred itself.
    """
    behind = needed(nodes, asked(nodes))
    if next(over_everybody(behind), None) is not None:
        return False
    return not was_referred or not any(
        isinstance(node.definition, FactOf) and node.definition.relation == Relation.REFERRED for node in behind
    )
