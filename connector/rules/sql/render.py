"""The rule tree as SQL: one sqlglot expression for the value, one for "not applicable" where that can be.

A value is NULL when it is unknown and when it is not applicable; the second expression tells the two apart.
Numbers carry their scale: all are exact decimals (tree.py), so the scale of a product is known before the data
is. Functions SQL lacks are called by name and defined by the engine (engine/functions.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from connector.model.fields import Type
from connector.rules.sql import comparisons, dates, logic, numbers, texts
from connector.rules.sql import words as w
from connector.rules.sql.words import Rendered, Sql
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
    Unknown,
    Within,
)
from connector.rules.walk import NUMERIC, type_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from connector.rules.ruleset import Parameter
    from connector.rules.tree import Expression

DATES = frozenset({Type.DATE, Type.TIMESTAMP})
SQL_TYPES = {Type.BOOLEAN: "BOOLEAN", Type.DATE: "DATE", Type.TIMESTAMP: "DATE"}


class Givens(Struct, frozen=True):
    """What is the same for everybody in one evaluation."""

    as_of: date
    window_start: date
    rule_version: str
    home_currency: str
    language: str
    parameters: Mapping[str, Parameter]


class Renderer(Struct, frozen=True):
    """Renders expressions; `column` answers for names."""

    givens: Givens
    column: Callable[[Name], Rendered]

    def __call__(self, expression: Expression) -> Rendered:
        """SQL of an expression; see tree.py for what it means."""
        return RENDER[type(expression)](self, expression)

    def truth(self, condition: Expression | None) -> Sql:
        """SQL of a condition in three values; none at all is TRUE."""
        return w.true() if condition is None else logic.truth(self(condition))


def _constant(value: object, kind: Type) -> Rendered:
    if value is None:
        return Rendered(_typed_null(kind), off=w.true())
    return Rendered(w.literal(value), scale=w.scale_of(value), sure=True)


def _typed_null(kind: Type) -> Sql:
    if kind in NUMERIC:
        return w.exact(w.null(), 0)
    return w.cast(w.null(), SQL_TYPES.get(kind, "VARCHAR"))


def _literal(_: Renderer, node: Literal) -> Rendered:
    return _constant(node.value, node.type)


def _param(render: Renderer, node: Param) -> Rendered:
    return _constant(render.givens.parameters[node.name].value, node.type)


def _name(render: Renderer, node: Name) -> Rendered:
    return render.column(node)


def _given(render: Renderer, node: Known) -> Rendered:
    givens = render.givens
    value = {
        Given.AS_OF: givens.as_of,
        Given.WINDOW_START: givens.window_start,
        Given.RULE_VERSION: givens.rule_version,
        Given.HOME_CURRENCY: givens.home_currency,
    }[node.given]
    return Rendered(w.literal(value), sure=True)


def _unknown(_: Renderer, node: Unknown) -> Rendered:
    return Rendered(_typed_null(node.type))


def _and(render: Renderer, node: And) -> Rendered:
    parts = [render(part) for part in node.parts]
    return Rendered(logic.all_of([logic.truth(part) for part in parts]), sure=all(part.sure for part in parts))


def _or(render: Renderer, node: Or) -> Rendered:
    parts = [render(part) for part in node.parts]
    return Rendered(logic.any_of([logic.truth(part) for part in parts]), sure=all(part.sure for part in parts))


def _not(render: Renderer, node: Not) -> Rendered:
    part = render(node.part)
    return Rendered(logic.negation(logic.truth(part)), sure=part.sure)


def _case(render: Renderer, node: Case) -> Rendered:
    whens = [render(branch.when) for branch in node.branches]
    if _asks(node):
        return (
            Rendered(logic.truth(whens[0]), sure=whens[0].sure)
            if node.strict
            else Rendered(logic.surely(whens[0]), sure=True)
        )
    thens = [render(branch.then) for branch in node.branches]
    last = render(node.otherwise)
    *values, otherwise = w.alike((*thens, last), node.type)
    off = None
    if any(part.off is not None for part in (*thens, last)):
        off = _first(whens, [t.off or w.false() for t in thens], last.off, strict=node.strict, lost=False)
    return Rendered(
        _first(whens, values, otherwise, strict=node.strict),
        off=off,
        scale=max(part.scale for part in (*thens, last)),
        sure=last.sure and all(t.sure for t in thens) and (not node.strict or all(when.sure for when in whens)),
    )


def _asks(node: Case) -> bool:
    """Tell a case that only says yes or no, which is its condition itself."""
    thens = [getattr(part, "value", None) for part in (*(branch.then for branch in node.branches), node.otherwise)]
    return thens == [True, False] and node.type is Type.BOOLEAN


def _first(
    whens: Sequence[Rendered], thens: Sequence[Sql], last: Sql | None, *, strict: bool, lost: bool | None = None
) -> Sql:
    """The first true branch; a strict case is lost (NULL, or the answer given) at a condition that is unknown."""
    nothing = w.null() if lost is None else w.literal(lost)
    truths = [logic.known_truth(then) for then in (*thens, last or nothing)]
    if truths[0] and whens[0].sure and not any(truth is not False for truth in truths[1:]):
        return logic.truth(whens[0])
    branches = []
    for when, then in zip(whens, thens, strict=True):
        condition = logic.truth(when)
        branches.append((condition, then))
        if strict and not when.sure:
            branches.append((logic.is_null(condition), nothing))
    return logic.cases(branches, last if last is not None else nothing)


def _collect(render: Renderer, node: Collect) -> Rendered:
    codes = [logic.cases([(render.truth(entry.when), w.text(entry.code))], None) for entry in node.entries]
    return Rendered(w.call("CONCAT_WS", w.text(";"), *codes) if codes else w.text(""), sure=True)


def _arithmetic(render: Renderer, node: Arithmetic) -> Rendered:
    left, right = render(node.left), render(node.right)
    if type_of(node.left) in DATES:
        return dates.arithmetic(node.op, left, right, between=type_of(node.right) in DATES)
    return numbers.arithmetic(node.op, left, right)


def _call(render: Renderer, node: Call) -> Rendered:
    if node.function in (Function.CONTAINS, Function.STARTS_WITH):
        return comparisons.occurs(render, node)
    arguments = [render(argument) for argument in node.arguments]
    match node.function:
        case Function.IF:
            return _if(*arguments, kind=node.type)
        case Function.COALESCE:
            return numbers.coalesce(arguments, node.type)
        case Function.DIVISION:
            return Rendered(w.call("DIVISION_OF", arguments[0].value), logic.off_of(arguments))
        case Function.HAS:
            return comparisons.tested(arguments, texts.has(arguments[0].value, arguments[1].value), off=False)
        case Function.DAYS_SINCE | Function.MONTHS_BETWEEN | Function.ADD_MONTHS | Function.QUARTER:
            return dates.function(node.function, arguments, w.day(render.givens.as_of))
        case _:
            return numbers.function(node, arguments)


def _if(condition: Rendered, then: Rendered, otherwise: Rendered, *, kind: Type) -> Rendered:
    whens = [condition, Rendered(w.true() if condition.sure else logic.negation(logic.truth(condition)), sure=True)]
    offs = [then.off or w.false(), otherwise.off or w.false()]
    here = then.off is not None or otherwise.off is not None
    return Rendered(
        _first(whens, w.alike((then, otherwise), kind), None, strict=False),
        off=_first(whens, offs, None, strict=False, lost=False) if here else None,
        scale=max(then.scale, otherwise.scale),
        sure=condition.sure and then.sure and otherwise.sure,
    )


def _say(render: Renderer, node: Say) -> Rendered:
    return Rendered(texts.say(render, node), sure=True)


RENDER: dict[type, Callable[[Renderer, Any], Rendered]] = {
    Literal: _literal,
    Name: _name,
    Param: _param,
    Known: _given,
    Arithmetic: _arithmetic,
    Compare: comparisons.compare,
    Between: comparisons.between,
    In: comparisons.is_in,
    Within: comparisons.within,
    InWindow: comparisons.in_window,
    KnownTest: comparisons.known_test,
    And: _and,
    Or: _or,
    Not: _not,
    Call: _call,
    Case: _case,
    Unknown: _unknown,
    Collect: _collect,
    Say: _say,
}
