"""A condition told with its opposite: `not (a < 5 and b)` is `a ≥ 5 or not b`, which a person need not turn around."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from connector.model.fields import Type
from connector.rules.ruleset import FormulaOf
from connector.rules.tree import And, Compare, In, KnownTest, Name, Not, Or, Test

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.rules.ruleset import Node
    from connector.rules.tree import Expression

OPPOSITE = {
    Test.EQ: Test.NE,
    Test.NE: Test.EQ,
    Test.LT: Test.GE,
    Test.GE: Test.LT,
    Test.GT: Test.LE,
    Test.LE: Test.GT,
}


def opposite(expression: Expression, nodes: Mapping[str, Node]) -> Expression:
    """Give the condition that holds where this one does not; what has no opposite of its own stays under `not`."""
    match expression:
        case Not():
            return expression.part
        case And():
            return Or(tuple(opposite(part, nodes) for part in expression.parts))
        case Or():
            return And(tuple(opposite(part, nodes) for part in expression.parts))
        case Compare():
            return replace(expression, test=OPPOSITE[expression.test])
        case In() | KnownTest():
            return replace(expression, negated=not expression.negated)
        case Name(type=Type.BOOLEAN):
            inside = _nameless(expression, nodes)
            return Not(expression) if inside is None else opposite(inside, nodes)
        case _:
            return Not(expression)


def _nameless(name: Name, nodes: Mapping[str, Node]) -> Expression | None:
    """What a name stands for that nobody gave a label: it is told by that alone."""
    node = nodes[name.name]
    if node.meaning or not isinstance(node.definition, FormulaOf):
        return None
    inside = node.definition.expression
    return inside if isinstance(inside, (And, Or, Not, Compare, In, Name)) else None
