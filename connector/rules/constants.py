"""Numbers that are known without any data: literals, parameters, and arithmetic on them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from connector.rules.tree import Arithmetic, Literal, Op, Param

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.rules.ruleset import Parameter
    from connector.rules.tree import Expression


def constant(expression: Expression, parameters: Mapping[str, Parameter]) -> Decimal | None:
    """Give the number an expression always has, or None."""
    match expression:
        case Literal(value=Decimal() as value):
            return value
        case Param() if expression.name in parameters:
            value_in_force = parameters[expression.name].value
            return value_in_force if isinstance(value_in_force, Decimal) else None
        case Arithmetic():
            left, right = constant(expression.left, parameters), constant(expression.right, parameters)
            return None if left is None or right is None else _compute(expression.op, left, right)
        case _:
            return None


def _compute(op: Op, left: Decimal, right: Decimal) -> Decimal | None:
    if op is Op.ADD:
        return left + right
    if op is Op.SUBTRACT:
        return left - right
    if op is Op.MULTIPLY:
        return left * right
    return left / right if right else None
