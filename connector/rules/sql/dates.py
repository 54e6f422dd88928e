"""Days in SQL: no times, no time zones, calendar months clamped to the month's last day (tree.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.rules.calendar_days import before as day_before
from connector.rules.sql import logic
from connector.rules.sql import words as w
from connector.rules.sql.words import Rendered, Sql
from connector.rules.tree import Function, Op, Unit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal


def arithmetic(op: Op, left: Rendered, right: Rendered, *, between: bool) -> Rendered:
    """Count the days between two dates, or give the date some days away."""
    off, sure = logic.off_of((left, right)), left.sure and right.sure
    if between:
        return Rendered(w.cast(w.two(left.value, "-", right.value), "BIGINT"), off, 0, sure)
    return Rendered(w.call("WITHIN_CALENDAR", w.two(left.value, w.signed(op), _whole(right))), off, 0, sure)


def function(name: Function, arguments: Sequence[Rendered], as_of: Sql) -> Rendered:
    """days_since, months_between, add_months, quarter."""
    off, sure = logic.off_of(arguments), all(argument.sure for argument in arguments)
    values = [argument.value for argument in arguments]
    match name:
        case Function.DAYS_SINCE:
            value = w.cast(w.two(as_of, "-", values[0]), "BIGINT")
        case Function.ADD_MONTHS:
            value = w.call("MONTHS_LATER", values[0], _whole(arguments[1]))
        case Function.MONTHS_BETWEEN:
            value = w.call("WHOLE_MONTHS", *values)
        case _:
            value = w.call("QUARTER_NUMBER", values[0])
    return Rendered(value, off, 0, sure)


def before(as_of: date, unit: Unit, amount: Rendered, known: Decimal | None) -> Sql:
    """The last day outside `within amount units`: as_of - amount units; worked out here when the amount is known."""
    if known is not None:
        return w.day(day_before(as_of, int(known), unit))
    if unit is Unit.DAYS:
        return w.call("WITHIN_CALENDAR", w.two(w.day(as_of), "-", _whole(amount)))
    months = 12 if unit is Unit.YEARS else 1
    return w.call("MONTHS_LATER", w.day(as_of), w.two(_whole(amount), "*", w.number(-months)))


def _whole(number: Rendered) -> Sql:
    """A number of days or months: what follows the point is left out, and what is beyond the calendar."""
    return w.call("WHOLE_NUMBER", number.value)
