"""Where a value comes from: the columns of accounts and of related records at its root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from connector.model.outputs import OURS
from connector.rules.printing import show
from connector.rules.ruleset import OVER_ACCOUNTS, FactOf, FieldOf, FormulaOf, RankOf, Relation
from connector.rules.tree import Call, Case, Compare, Function, Literal, Name, Param, Scope, Test
from connector.rules.walk import parts, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connector.rules.ruleset import Node, Parameter
    from connector.rules.tree import Expression

MOST = 4
"""Columns looked for; who names fewer knows by the last that there are more."""
ACCOUNT = "account"
"""What is at the root of a field, as a rule file calls it."""


class Origin(Struct, frozen=True):
    """Columns of one kind of records that a value is made of, and which of those records count."""

    over: str
    """`account`, or what a fact is over."""
    columns: tuple[str, ...]
    where: str = ""
    """The condition as a rule file would have it; empty where every record counts, and for fields."""


def origins(nodes: Mapping[str, Node], name: str, chosen: Callable[[str], object]) -> tuple[str, ...]:
    """Name the columns a node is made of, nearest first, at most four; `chosen` gives a parameter's value."""
    found: dict[str, None] = {}
    for root in _Roots(nodes, chosen).of(name):
        for column in _named(root):
            found[column] = None
            if len(found) == MOST:
                return tuple(found)
    return tuple(found)


def sources(nodes: Mapping[str, Node], name: str, chosen: Callable[[str], object]) -> tuple[Origin, ...]:
    """Tell everything a node is made of, our own earlier values too: one origin per kind of records and condition."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for root in _Roots(nodes, chosen, whole=True).of(name):
        if isinstance(root, FieldOf):
            found.setdefault((ACCOUNT, ""), {})[root.column] = None
            continue
        where = "" if root.where is None else show(root.where)
        columns = [column for part in (root.value, root.where) for column in _columns(part)]
        found.setdefault((str(root.relation), where), {}).update(dict.fromkeys(columns))
    return tuple(Origin(over, tuple(columns), where) for (over, where), columns in found.items())


def stands_for(nodes: Mapping[str, Node], name: str, chosen: Callable[[str], object]) -> Node:
    """Give the node that a parameter makes a nameless one stand for; a node that has a label, or is more, is itself."""
    node = nodes[name]
    found = node.definition.expression if isinstance(node.definition, FormulaOf) and not node.meaning else None
    while isinstance(found, Call) and found.function is Function.IF:
        found = _way(found, chosen)
    return stands_for(nodes, found.name, chosen) if isinstance(found, Name) else node


def _way(call: Call, chosen: Callable[[str], object]) -> Expression | None:
    """The branch of an `if` that a word of a parameter chooses; None where something else does."""
    when, then, otherwise = call.arguments
    match when:
        case Compare(Test.EQ | Test.NE, (Param() | Literal()) as this, (Param() | Literal()) as that):
            one, other = (chosen(part.name) if isinstance(part, Param) else part.value for part in (this, that))
            return then if (one == other) is (when.test is Test.EQ) else otherwise
        case _:
            return None


def _named(root: FieldOf | FactOf) -> Iterator[str]:
    """The columns of one root with what they are of; of a count the records themselves."""
    if isinstance(root, FieldOf):
        yield f"{ACCOUNT}.{root.column}"
        return
    columns = list(_columns(root.value))
    yield from (f"{root.relation}.{column}" for column in columns)
    if not columns:
        yield root.relation


def _columns(expression: Expression | None) -> Iterator[str]:
    for part in () if expression is None else walk(expression):
        if isinstance(part, Name) and part.scope is Scope.ROW:
            yield part.name


def parameter_of(parameters: Mapping[str, Parameter]) -> Callable[[str], object]:
    """Give a parameter's value in force by its name."""
    return lambda name: parameters[name].value if name in parameters else None


class _Roots:
    """Walks down from a name to fields and to facts over records; each name once."""

    def __init__(self, nodes: Mapping[str, Node], chosen: Callable[[str], object], *, whole: bool = False) -> None:
        self.nodes, self.chosen, self.seen = nodes, chosen, set[str]()
        self.whole = whole
        """Our own earlier values too; a count of members by what it asks of them; referred accounts as they are."""

    def of(self, name: str) -> Iterator[FieldOf | FactOf]:
        node = self.nodes.get(name)
        if node is None or name in self.seen:
            return
        self.seen.add(name)
        match node.definition:
            case FieldOf() as field:
                if self.whole or not field.column.startswith(OURS):
                    yield field
            case FactOf() as fact:
                yield from self._fact(fact)
            case FormulaOf(expression=expression):
                yield from self._within(expression)
            case RankOf(ranking=ranking):
                yield from self._within(ranking.by)

    def _fact(self, fact: FactOf) -> Iterator[FieldOf | FactOf]:
        if fact.relation not in OVER_ACCOUNTS or (self.whole and fact.relation == Relation.REFERRED):
            yield fact
            return
        asked = fact.where if self.whole and fact.value is None else fact.value
        for part in () if asked is None else walk(asked):
            if isinstance(part, Name) and part.scope is Scope.ROW:
                yield from self.of(part.name)

    def _within(self, expression: Expression) -> Iterator[FieldOf | FactOf]:
        if isinstance(expression, Name):
            yield from self.of(expression.name)
        elif isinstance(expression, Call) and expression.function is Function.IF:
            yield from self._if(expression)
        elif isinstance(expression, Case):
            yield from self._case(expression)
        else:
            for part in parts(expression):
                yield from self._within(part)

    def _if(self, call: Call) -> Iterator[FieldOf | FactOf]:
        """The branch a word of a parameter chooses, else both."""
        way = _way(call, self.chosen)
        for part in call.arguments[1:] if way is None else (way,):
            yield from self._within(part)

    def _case(self, case: Case) -> Iterator[FieldOf | FactOf]:
        """What its answers are made of; where they are only words, what its conditions look at."""
        found = False
        for answer in (*(branch.then for branch in case.branches), case.otherwise):
            for root in self._within(answer):
                found = True
                yield root
        for branch in () if found else case.branches:
            if branch.label != "not applicable":
                yield from self._within(branch.when)
