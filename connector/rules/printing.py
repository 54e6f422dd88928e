"""Formulas written back as a person would write them; parsing what is printed gives the same formula."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from connector.rules.tree import (
    And,
    Arithmetic,
    Between,
    Call,
    Case,
    Collect,
    Compare,
    In,
    InWindow,
    Known,
    KnownTest,
    Literal,
    Name,
    Not,
    Op,
    Or,
    Param,
    Say,
    State,
    Within,
)

if TYPE_CHECKING:
    from connector.rules.tree import Expression

OR, AND, NOT, TEST, SUM, PRODUCT, ATOM = range(7)
"""How tightly each kind of expression binds."""
STATES = {State.KNOWN: "known", State.UNKNOWN: "unknown", State.NOT_APPLICABLE: "applicable"}


def show(expression: Expression) -> str:
    """Write a formula."""
    return _show(expression, OR)


def _show(expression: Expression, outside: int) -> str:
    text, binds = _write(expression)
    return f"({text})" if binds < outside else text


def _write(expression: Expression) -> tuple[str, int]:
    match expression:
        case Arithmetic():
            return _arithmetic(expression)
        case And():
            return " and ".join(_show(part, NOT) for part in expression.parts), AND
        case Or():
            return " or ".join(_show(part, AND) for part in expression.parts), OR
        case Not():
            return f"not {_show(expression.part, NOT)}", NOT
        case Compare() | Between() | In() | Within() | InWindow() | KnownTest():
            return _test(expression), TEST
        case _:
            return _atom(expression), ATOM


def _atom(expression: Expression) -> str:
    match expression:
        case Literal():
            return _literal(expression)
        case Name():
            return expression.name
        case Param():
            return f"${expression.name}"
        case Known():
            return str(expression.given)
        case Call():
            return f"{expression.function}({', '.join(_show(a, OR) for a in expression.arguments)})"
        case Case():
            return _case(expression)
        case Collect():
            return "all of " + ", ".join(entry.code for entry in expression.entries)
        case _:
            return "a text" if isinstance(expression, Say) else "unknown"


def _test(expression: Compare | Between | In | Within | InWindow | KnownTest) -> str:
    if isinstance(expression, Compare):
        return f"{_show(expression.left, SUM)} {expression.test} {_show(expression.right, SUM)}"
    value = _show(expression.value, SUM)
    match expression:
        case Between():
            word = "not between" if expression.negated else "between"
            return f"{value} {word} {_show(expression.low, SUM)} and {_show(expression.high, SUM)}"
        case In():
            return f"{value} {'not in' if expression.negated else 'in'} {_options(expression)}"
        case Within():
            return f"{value} within {_show(expression.amount, SUM)} {expression.unit}"
        case InWindow():
            return f"{value} in window"
        case KnownTest():
            negated = expression.negated is not (expression.state is State.NOT_APPLICABLE)
            return f"{value} is {'not ' if negated else ''}{STATES[expression.state]}"


def _options(expression: In) -> str:
    first = expression.options[0] if expression.options else None
    if len(expression.options) == 1 and isinstance(first, Param):
        return _show(first, ATOM)
    return "[" + ", ".join(_show(option, SUM) for option in expression.options) + "]"


def _arithmetic(expression: Arithmetic) -> tuple[str, int]:
    if _is_negation(expression):
        return f"-{_show(expression.right, ATOM)}", PRODUCT
    binds = SUM if expression.op in {Op.ADD, Op.SUBTRACT} else PRODUCT
    return f"{_show(expression.left, binds)} {expression.op} {_show(expression.right, binds + 1)}", binds


def _is_negation(expression: Arithmetic) -> bool:
    """`-x` is read as `0 - x` with a zero that nobody wrote: both stand at the same place."""
    left = expression.left
    return expression.op is Op.SUBTRACT and isinstance(left, Literal) and left.value == 0 and left.at == expression.at


def _literal(literal: Literal) -> str:
    value = literal.value
    if value is None:
        return "not_applicable"
    if isinstance(value, tuple):
        return "[" + ", ".join(_constant(item) for item in value) + "]"
    return _constant(value)


def _constant(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else "'" + str(value).replace("'", "''") + "'"


def _case(case: Case) -> str:
    branches = "; ".join(f"{show(branch.then)} when {show(branch.when)}" for branch in case.branches)
    return f"first of ({branches}; otherwise {show(case.otherwise)})"
