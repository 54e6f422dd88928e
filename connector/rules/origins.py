"""Where a value comes from: the columns of accounts and of related records at its root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model.outputs import OURS
from connector.rules.facts import OVER_ACCOUNTS
from connector.rules.ruleset import FactOf, FieldOf, FormulaOf, RankOf
from connector.rules.tree import Call, Case, Function, Literal, Name, Param, Scope
from connector.rules.walk import parts, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connector.rules.ruleset import Node, Parameter
    from connector.rules.tree import Expression

MOST = 4
"""Columns looked for; who names fewer knows by the last that there are more."""


def origins(nodes: Mapping[str, Node], name: str, chosen: Callable[[str], object]) -> tuple[str, ...]:
    """Name the columns a node is made of, nearest first, at most four; `chosen` gives a parameter's value."""
    found: dict[str, None] = {}
    for column in _Roots(nodes, chosen).of(name):
        found[column] = None
        if len(found) == MOST:
            break
    return tuple(found)


def parameter_of(parameters: Mapping[str, Parameter]) -> Callable[[str], object]:
    """Give a parameter's value in force by its name."""
    return lambda name: parameters[name].value if name in parameters else None


class _Roots:
    """Walks down from a name; each name once."""

    def __init__(self, nodes: Mapping[str, Node], chosen: Callable[[str], object]) -> None:
        self.nodes, self.chosen, self.seen = nodes, chosen, set[str]()

    def of(self, name: str) -> Iterator[str]:
        node = self.nodes.get(name)
        if node is None or name in self.seen:
            return
        self.seen.add(name)
        match node.definition:
            case FieldOf(column=column):
                if not column.startswith(OURS):
                    yield f"account.{column}"
            case FactOf() as fact:
                yield from self._fact(fact)
            case FormulaOf(expression=expression):
                yield from self._within(expression)
            case RankOf(ranking=ranking):
                yield from self._within(ranking.by)

    def _fact(self, fact: FactOf) -> Iterator[str]:
        if fact.relation in OVER_ACCOUNTS:
            for part in () if fact.value is None else walk(fact.value):
                if isinstance(part, Name) and part.scope is Scope.ROW:
                    yield from self.of(part.name)
            return
        named = [part.name for part in walk(fact.value) if isinstance(part, Name)] if fact.value is not None else []
        rows = [name for name in named if name not in self.nodes]
        yield from (f"{fact.relation}.{name}" for name in rows)
        if not rows:
            yield fact.relation

    def _within(self, expression: Expression) -> Iterator[str]:
        if isinstance(expression, Name):
            yield from self.of(expression.name)
        elif isinstance(expression, Call) and expression.function is Function.IF:
            yield from self._if(expression)
        elif isinstance(expression, Case):
            yield from self._case(expression)
        else:
            for part in parts(expression):
                yield from self._within(part)

    def _if(self, call: Call) -> Iterator[str]:
        """The branch a word of a parameter chooses, else both."""
        when, then, otherwise = call.arguments
        choice = [part for part in parts(when) if isinstance(part, (Param, Literal))]
        values = [self.chosen(p.name) if isinstance(p, Param) else p.value for p in choice]
        if len(values) == len(parts(when)) == 2 and any(isinstance(part, Param) for part in choice):  # noqa: PLR2004 - both sides
            yield from self._within(then if values[0] == values[1] else otherwise)
            return
        yield from self._within(then)
        yield from self._within(otherwise)

    def _case(self, case: Case) -> Iterator[str]:
        """What its answers are made of; where they are only words, what its conditions look at."""
        found = False
        for answer in (*(branch.then for branch in case.branches), case.otherwise):
            for column in self._within(answer):
                found = True
                yield column
        for branch in () if found else case.branches:
            if branch.label != "not applicable":
                yield from self._within(branch.when)
