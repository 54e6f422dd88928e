"""The rules for one account, in plain Python: what `explain` and the examples use, and the oracle of the engine.

An `Account` knows its cells by node name; `Evaluator` computes one expression over them. The
semantics are those of tree.py, to the letter.
"""

from __future__ import annotations

import re
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from connector.rules import calendar_days as days
from connector.rules.calendar_days import add_months, window_start
from connector.rules.cells import (
    IDLE,
    UNKNOWN,
    Cell,
    all_of,
    any_of,
    compare,
    compute,
    half_up,
    is_known,
    negate,
    strict,
)
from connector.rules.python.telling import tell
from connector.rules.tree import (
    And,
    Arithmetic,
    Between,
    Call,
    Case,
    Collect,
    Compare,
    Function,
    Given,
    In,
    InWindow,
    Known,
    KnownTest,
    Literal,
    Name,
    Not,
    Or,
    Param,
    Say,
    Scope,
    State,
    Test,
    Unknown,
    Within,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from connector.rules.ruleset import Parameter
    from connector.rules.tree import Expression

DIVISION = re.compile(r"\s*[A-Za-z]?\s*(\d\d)")


class Frame(Struct, frozen=True):
    """What is the same for everybody in one evaluation."""

    as_of: date
    parameters: Mapping[str, Parameter]
    language: str = "en"
    home_currency: str = "EUR"
    rule_version: str = ""

    def given(self, which: Given) -> Cell:
        """Give one of the givens."""
        if which is Given.AS_OF:
            return self.as_of
        if which is Given.WINDOW_START:
            return window_start(self.as_of, self.parameters)
        return self.rule_version if which is Given.RULE_VERSION else self.home_currency


class Evaluator(Struct, frozen=True):
    """Computes expressions over the cells of one account, and inside facts over those of one related record."""

    frame: Frame
    cells: Mapping[str, Cell]
    row: Mapping[str, Cell] = field(default_factory=dict)

    def value(self, expression: Expression) -> Cell:
        """Compute an expression."""
        return _COMPUTE[type(expression)](self, expression)

    def values(self, expressions: tuple[Expression, ...]) -> list[Cell]:
        """Compute several."""
        return [self.value(expression) for expression in expressions]

    def holds(self, expression: Expression | None) -> bool:
        """Tell whether a condition is surely true; no condition is."""
        return expression is None or self.value(expression) is True


def _literal(_: Evaluator, e: Literal) -> Cell:
    return IDLE if e.value is None else e.value


def _name(evaluator: Evaluator, e: Name) -> Cell:
    return (evaluator.row if e.scope is Scope.ROW else evaluator.cells)[e.name]


def _param(evaluator: Evaluator, e: Param) -> Cell:
    value = evaluator.frame.parameters[e.name].value
    return IDLE if value is None else value


def _between(evaluator: Evaluator, e: Between) -> Cell:
    value, low, high = evaluator.values((e.value, e.low, e.high))
    if strict((value, low, high)) is IDLE:
        return e.negated
    found = all_of((compare(Test.GE, value, low, fold=False), compare(Test.LE, value, high, fold=False)))
    return negate(found) if e.negated else found


def _in(evaluator: Evaluator, e: In) -> Cell:
    value = evaluator.value(e.value)
    if value is IDLE:
        return e.negated
    options: list[Cell] = []
    for option in evaluator.values(e.options):
        options += list(option) if isinstance(option, tuple) else [option]
    found = any_of(compare(Test.EQ, value, option, fold=e.fold) for option in options if option is not IDLE)
    return negate(found) if e.negated else found


def _within(evaluator: Evaluator, e: Within) -> Cell:
    value, amount = evaluator.value(e.value), evaluator.value(e.amount)
    state = strict((value, amount))
    if state is not None:
        return False if state is IDLE else UNKNOWN
    first = days.before(evaluator.frame.as_of, int(amount), e.unit)  # type: ignore[arg-type]
    return first < value <= evaluator.frame.as_of  # type: ignore[operator]


def _in_window(evaluator: Evaluator, e: InWindow) -> Cell:
    value = evaluator.value(e.value)
    if not is_known(value):
        return False if value is IDLE else UNKNOWN
    start = evaluator.frame.given(Given.WINDOW_START)
    return start <= value <= evaluator.frame.as_of  # type: ignore[operator]


def _known_test(evaluator: Evaluator, e: KnownTest) -> Cell:
    value = evaluator.value(e.value)
    state = value if value is UNKNOWN or value is IDLE else State.KNOWN
    return (state is e.state) is not e.negated


def _case(evaluator: Evaluator, e: Case) -> Cell:
    for branch in e.branches:
        when = evaluator.value(branch.when)
        if when is True:
            return evaluator.value(branch.then)
        if when is UNKNOWN and e.strict:
            return UNKNOWN
    return evaluator.value(e.otherwise)


def _collect(evaluator: Evaluator, e: Collect) -> Cell:
    return tuple(entry.code for entry in e.entries if evaluator.value(entry.when) is True)


def _say(evaluator: Evaluator, e: Say) -> Cell:
    return tell(e, evaluator)


# ── functions ──


def _call(evaluator: Evaluator, e: Call) -> Cell:
    if e.function is Function.COALESCE:
        return _coalesce(evaluator.values(e.arguments))
    if e.function is Function.IF:
        return _if(evaluator, e)
    cells = evaluator.values(e.arguments)
    state = strict(cells)
    if state is not None:
        return False if state is IDLE and e.function in _TESTS else state
    return _FUNCTIONS[e.function](evaluator.frame, e, *cells)


def _coalesce(cells: list[Cell]) -> Cell:
    for cell in cells:
        if is_known(cell):
            return cell
    return UNKNOWN if any(cell is UNKNOWN for cell in cells) else IDLE


def _if(evaluator: Evaluator, e: Call) -> Cell:
    when = evaluator.value(e.arguments[0])
    if when is UNKNOWN:
        return UNKNOWN
    return evaluator.value(e.arguments[1 if when is True else 2])


def _texts(part: Any) -> list[str]:
    return [str(item) for item in part] if isinstance(part, tuple) else [str(part)]


def _contains(_: Frame, e: Call, text: Any, part: Any) -> Cell:
    folded = text.lower() if e.fold else text
    return any((option.lower() if e.fold else option) in folded for option in _texts(part))


def _starts_with(_: Frame, e: Call, text: Any, part: Any) -> Cell:
    folded = text.lower() if e.fold else text
    return any(folded.startswith(option.lower() if e.fold else option) for option in _texts(part))


def _division(_: Frame, __: Call, text: Any) -> Cell:
    match = DIVISION.match(text)
    return Decimal(match[1]) if match else UNKNOWN


def _round(_: Frame, __: Call, number: Any, decimals: Any = 0) -> Cell:
    return half_up(number, int(decimals))


_TESTS = frozenset({Function.CONTAINS, Function.STARTS_WITH, Function.HAS})
_FUNCTIONS: dict[Function, Callable[..., Cell]] = {
    Function.LEAST: lambda _f, _e, *cells: min(cells),
    Function.GREATEST: lambda _f, _e, *cells: max(cells),
    Function.ABS: lambda _f, _e, number: abs(number),
    Function.ROUND: _round,
    Function.FLOOR: lambda _f, _e, number: number.to_integral_value(rounding=ROUND_FLOOR),
    Function.DAYS_SINCE: lambda frame, _e, day: Decimal((frame.as_of - day).days),
    Function.MONTHS_BETWEEN: lambda _f, _e, first, last: Decimal(days.months_between(first, last)),
    Function.ADD_MONTHS: lambda _f, _e, day, months: add_months(day, int(months)),
    Function.QUARTER: lambda _f, _e, day: Decimal(days.quarter(day)),
    Function.DIVISION: _division,
    Function.CONTAINS: _contains,
    Function.STARTS_WITH: _starts_with,
    Function.HAS: lambda _f, _e, codes, code: code in codes,
}

_COMPUTE: dict[type, Callable[[Evaluator, Any], Cell]] = {
    Literal: _literal,
    Unknown: lambda _ev, _e: UNKNOWN,
    Name: _name,
    Param: _param,
    Known: lambda ev, e: ev.frame.given(e.given),
    Arithmetic: lambda ev, e: compute(e.op, ev.value(e.left), ev.value(e.right)),
    Compare: lambda ev, e: compare(e.test, ev.value(e.left), ev.value(e.right), fold=e.fold),
    Between: _between,
    In: _in,
    Within: _within,
    InWindow: _in_window,
    KnownTest: _known_test,
    And: lambda ev, e: all_of(ev.values(e.parts)),
    Or: lambda ev, e: any_of(ev.values(e.parts)),
    Not: lambda ev, e: negate(ev.value(e.part)),
    Call: _call,
    Case: _case,
    Collect: _collect,
    Say: _say,
}
