"""Tests in SQL: comparisons and their kin, which are never "not applicable" themselves (tree.py)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from connector.rules.sql import dates, logic
from connector.rules.sql import words as w
from connector.rules.sql.words import Constant, Rendered, Sql
from connector.rules.tree import Function, Param, State, Test
from connector.rules.walk import type_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.rules.sql.render import Renderer
    from connector.rules.tree import Between, Call, Compare, Expression, In, InWindow, KnownTest, Within


def tested(parts: Sequence[Rendered], value: Sql, *, off: bool) -> Rendered:
    """A test: `off` is its answer where a part is not applicable; NULL where one is unknown."""
    return Rendered(logic.applied(logic.off_of(parts), value, otherwise=off), sure=all(part.sure for part in parts))


def compare(render: Renderer, node: Compare) -> Rendered:
    """= <> < <= > >=, text without case when it is folded."""
    left, right = render(node.left), render(node.right)
    one, other = w.alike((left, right), type_of(node.left))
    if node.fold:
        one, other = w.lower(one), w.lower(other)
    if node.test is Test.EQ:
        return tested((left, right), w.equal(one, other), off=False)
    return tested((left, right), w.two(one, w.signed(node.test), other), off=node.test is Test.NE)


def between(render: Renderer, node: Between) -> Rendered:
    """Low <= value <= high."""
    value, low, high = render(node.value), render(node.low), render(node.high)
    here, lowest, highest = w.alike((value, low, high), type_of(node.value))
    inside = logic.all_of([w.two(here, ">=", lowest), w.two(here, "<=", highest)])
    return tested((value, low, high), logic.negation(inside) if node.negated else inside, off=node.negated)


def is_in(render: Renderer, node: In) -> Rendered:
    """True as soon as one option is equal, whatever the others; an option that is not applicable is none."""
    value = render(node.value)
    options = [option for part in node.options for option in _options(render, part)]
    here, *others = w.alike((value, *options), type_of(node.value))
    if node.fold:
        here, others = w.lower(here), [w.lower(other) for other in others]
    found = _one_of(here, options, others)
    sure = value.sure and all(option.sure for option in options)
    answer = tested((value,), logic.negation(found) if node.negated else found, off=node.negated)
    return Rendered(answer.value, sure=sure)


def _one_of(here: Sql, options: Sequence[Rendered], others: Sequence[Sql]) -> Sql:
    if len(others) > 1 and not isinstance(here, Constant) and all(isinstance(other, Constant) for other in others):
        return w.among(here, others)
    equal = [tested((option,), w.equal(here, other), off=False) for option, other in zip(options, others, strict=True)]
    return logic.any_of([one.value for one in equal])


def _options(render: Renderer, part: Expression) -> list[Rendered]:
    listed = render.givens.parameters[part.name].value if isinstance(part, Param) else getattr(part, "value", None)
    if isinstance(listed, tuple):
        return [Rendered(w.literal(option), scale=w.scale_of(option), sure=True) for option in listed]
    return [render(part)]


def known_test(render: Renderer, node: KnownTest) -> Rendered:
    """Which state a value is in: always true or false."""
    part = render(node.value)
    match node.state:
        case State.KNOWN:
            value = logic.is_known(part.value)
        case State.UNKNOWN:
            here = [logic.negation(part.off)] if part.off is not None else []
            value = logic.all_of([logic.is_null(part.value), *here])
        case State.NOT_APPLICABLE:
            value = part.off if part.off is not None else w.false()
    return Rendered(logic.negation(value) if node.negated else value, sure=True)


def occurs(render: Renderer, node: Call) -> Rendered:
    """Whether a text contains, or starts with, a part or any of several."""
    value = render(node.arguments[0])
    parts = _options(render, node.arguments[1])
    name = "CONTAINS" if node.function is Function.CONTAINS else "STARTS_WITH"
    fold = w.lower if node.fold else (lambda sql: sql)
    found = [w.call(name, fold(value.value), fold(part.value)) for part in parts]
    return tested((value, *parts), logic.any_of(found), off=False)


def within(render: Renderer, node: Within) -> Rendered:
    """as_of - amount units < value <= as_of; an amount nobody knows leaves it open whatever the value."""
    value, amount = render(node.value), render(node.amount)
    start = dates.before(render.givens.as_of, node.unit, amount, _constant_of(render, node.amount))
    inside = logic.all_of([w.two(value.value, ">", start), w.two(value.value, "<=", w.day(render.givens.as_of))])
    if not amount.sure:
        inside = logic.cases([(logic.is_known(amount.value), inside)], None)
    return tested((value, amount), inside, off=False)


def _constant_of(render: Renderer, node: Expression) -> Decimal | None:
    value = render.givens.parameters[node.name].value if isinstance(node, Param) else getattr(node, "value", None)
    return value if isinstance(value, Decimal) else None


def in_window(render: Renderer, node: InWindow) -> Rendered:
    """Inside the revenue window."""
    value, givens = render(node.value), render.givens
    first, last = w.day(givens.window_start), w.day(givens.as_of)
    inside = [w.two(value.value, ">=", first), w.two(value.value, "<=", last)]
    return tested((value,), logic.all_of(inside), off=False)
