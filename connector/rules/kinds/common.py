"""What the kinds share: answers, limits on who a model applies to, and conditions that never stay undecided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model.fields import Type
from connector.rules.fold import FALSE, TRUE
from connector.rules.tree import Branch, Case, KnownTest, Literal, Name, Not, State, Unknown
from connector.rules.walk import type_of

if TYPE_CHECKING:
    from connector.rules.binding.names import Names
    from connector.rules.tree import Expression, Position


def answer(word: str, at: Position, kind: Type = Type.TEXT) -> Expression:
    """Turn an answer into an expression; `unknown` and `not_applicable` are states, not texts."""
    if word == "unknown":
        return Unknown(kind, at)
    return Literal(None if word == "not_applicable" else word, kind, at)


def limited(expression: Expression, applies: Expression | None) -> Expression:
    """Make an expression not applicable wherever `applies` is false, and unknown where it is unknown."""
    if applies is None:
        return expression
    idle = Branch(Not(applies), Literal(None, type_of(expression)), "not applicable")
    if isinstance(expression, Case) and expression.strict:
        return Case((idle, *expression.branches), expression.otherwise, expression.type, at=expression.at)
    return Case((idle,), expression, type_of(expression))


def sure(condition: Expression) -> Expression:
    """Make a condition that is false where it cannot be decided."""
    return Case((Branch(condition, TRUE),), FALSE, Type.BOOLEAN, strict=False)


def sure_name(name: str, names: Names) -> Expression:
    """Give a boolean node as a condition that is false where it cannot be decided."""
    found = Name(name, Type.BOOLEAN)
    return sure(found) if names.nodes[name].may_be_unknown else found


def is_known(expression: Expression) -> Expression:
    """Test that a value is known."""
    return KnownTest(expression, State.KNOWN)


def is_unknown(expression: Expression) -> Expression:
    """Test that a value is unknown (not: not applicable)."""
    return KnownTest(expression, State.UNKNOWN)
