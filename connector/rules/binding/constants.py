"""What is known without any data: formulas over parameters alone, and what must hold between them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from connector.rules.binding.names import Names
from connector.rules.binding.resolve import Resolver
from connector.rules.cells import UNKNOWN
from connector.rules.python.evaluate import Evaluator, Frame
from connector.rules.tree import And, Known, Name, Param
from connector.rules.walk import POISON, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.rules.cells import Cell
    from connector.rules.ruleset import Parameter
    from connector.rules.syntax.forms import Form
    from connector.rules.tree import Expression


def constant(expression: Expression, parameters: Mapping[str, Parameter]) -> Decimal | None:
    """Give the number an expression always has, or None."""
    value = _value(expression, parameters)
    return value if isinstance(value, Decimal) else None


def switched_off(condition: Expression, parameters: Mapping[str, Parameter]) -> bool:
    """Tell whether parameters alone keep a condition from ever holding."""
    asked = condition.parts if isinstance(condition, And) else (condition,)
    return any(_value(part, parameters) is False for part in asked)


def check_parameters(form: Form, names: Names) -> None:
    """Note every line of `checks` that does not hold for the parameters in force; of a broken one nothing is said."""
    for check in form.list_forms("checks"):
        formula, say = check.formula("that"), check.text("say")
        if formula is None:
            continue
        noted = len(names.problems.found)
        only = Names(names.problems, parameters=names.parameters)
        condition = Resolver(formula.leaf, only).condition(formula.term)
        broken = any(isinstance(part, Param) and f"${part.name}" in names.broken for part in walk(condition))
        if broken or len(names.problems.found) > noted:
            continue
        if _value(condition, names.parameters) is not True:
            names.problems.add(formula.leaf.at, say or "this check does not hold")


def _value(expression: Expression, parameters: Mapping[str, Parameter]) -> Cell:
    if any(isinstance(part, (Name, Known)) or part is POISON for part in walk(expression)):
        return UNKNOWN
    return Evaluator(Frame(date.min, parameters), {}).value(expression)
