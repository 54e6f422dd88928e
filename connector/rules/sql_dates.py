"""Days in SQL: no times, no time zones, calendar months clamped to the month's last day (tree.py)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connector.rules import sql_words as w
from connector.rules.calendar import MONTHS, add_months
from connector.rules.sql_words import Rendered
from connector.rules.tree import Function, Op, Unit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal

    from sqlglot.expressions import Expr as Sql


def arithmetic(op: Op, left: Rendered, right: Rendered, *, between: bool) -> Rendered:
    """Count the days between two dates, or give the date some days away."""
    off, sure = w.off_of((left, right)), left.sure and right.sure
    if between:
        return Rendered(w.cast(w.two(left.value, "-", right.value), "BIGINT"), off, 0, sure)
    days = w.cast(w.call("FLOOR", right.value) if right.scale else right.value, "INT")
    return Rendered(w.two(left.value, w.signed(op), days), off, 0, sure)


def function(name: Function, arguments: Sequence[Rendered], as_of: Sql) -> Rendered:
    """days_since, months_between, add_months, quarter."""
    off, sure = w.off_of(arguments), all(argument.sure for argument in arguments)
    values = [argument.value for argument in arguments]
    match name:
        case Function.DAYS_SINCE:
            value = w.cast(w.two(as_of, "-", values[0]), "BIGINT")
        case Function.ADD_MONTHS:
            value = w.call("MONTHS_LATER", values[0], w.cast(values[1], "INT"))
        case Function.MONTHS_BETWEEN:
            value = w.call("WHOLE_MONTHS", *values)
        case _:
            value = w.call("QUARTER_NUMBER", values[0])
    return Rendered(value, off, 0, sure)


def before(as_of: date, unit: Unit, amount: Sql, known: Decimal | None) -> Sql:
    """The last day outside `within amount units`: as_of - amount units; worked out here when the amount is known."""
    months = {Unit.MONTHS: 1, Unit.YEARS: MONTHS}.get(unit)
    if months is None:
        return w.day(as_of - timedelta(days=int(known))) if known is not None else _minus(w.day(as_of), amount)
    if known is not None:
        return w.day(add_months(as_of, -int(known) * months))
    return w.call("MONTHS_LATER", w.day(as_of), w.cast(w.two(amount, "*", w.number(-months)), "INT"))


def _minus(day: Sql, days: Sql) -> Sql:
    return w.two(day, "-", w.cast(days, "INT"))
