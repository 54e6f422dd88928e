"""Declarations: what a section defines, which names it needs, and how it becomes nodes once those exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.rules.binding.resolve import Resolver
from connector.rules.ruleset import FormulaOf, Node, Of
from connector.rules.states import states
from connector.rules.walk import POISON, type_of, walk
from connector.rules.walk import names as names_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from connector.model.fields import Type
    from connector.rules.binding.names import Names
    from connector.rules.syntax.forms import Formula
    from connector.rules.tree import Expression, Position


class Declaration(Struct, frozen=True):
    """Some names that are defined together. `build` runs when every name in `uses` is built, and gives their nodes."""

    names: tuple[str, ...]
    section: str
    at: Position
    uses: frozenset[str]
    build: Callable[[Names], list[Node]]
    kind: str = ""
    label: Mapping[str, str] = field(default_factory=dict)
    column: str = ""
    """Of a field: the account's column it reads."""


def uses_of(*formulas: Formula | None) -> frozenset[str]:
    """Collect the names that formulas of the account use."""
    return frozenset().union(*(formula.uses() for formula in formulas if formula is not None))


def resolve(formula: Formula | None, names: Names, wanted: str = "") -> Expression:
    """Type a formula of the account; `wanted` is "condition", "number" or nothing. POISON when it is broken."""
    if formula is None:
        return POISON
    resolver = Resolver(formula.leaf, names)
    if wanted == "condition":
        return resolver.condition(formula.term)
    return resolver.number(formula.term) if wanted == "number" else resolver.expression(formula.term)


def formula_node(
    names: Names,
    name: str,
    expression: Expression,
    *,
    at: Position,
    model: str = "",
    kind: Type | None = None,
    options: Iterable[str] = (),
    label: Mapping[str, str] | None = None,
    of: Of | None = None,
) -> list[Node]:
    """Make the node of a formula; none when it is broken, and the name is then known to be."""
    used = names_in(expression)
    broken = any(part is POISON for part in walk(expression))
    if broken or any(named not in names.nodes for named in used):  # what it names broke before it
        names.broken.add(name)
        return []
    unknown, idle = states(expression, names.nodes, names.parameters)
    return [
        Node(
            name=name,
            type=kind or type_of(expression),
            of=of or names.asks(used),
            definition=FormulaOf(expression),
            depends=used,
            model=model,
            options=tuple(options) or names.options(expression),
            may_be_unknown=unknown,
            may_not_apply=idle,
            meaning=label or {},
            at=at,
        )
    ]


def add(names: Names, nodes: list[Node]) -> list[Node]:
    """Make nodes known at once, for declarations whose nodes name each other."""
    names.nodes.update({node.name: node for node in nodes})
    return nodes
