"""Days and months as the domain counts them: calendar months, clamped to the month's last day (domain.md 2.2)."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from connector.rules.tree import Unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.rules.ruleset import Parameter

MONTHS = 12
QUARTERS = 4


@lru_cache(maxsize=4096)
def add_months(day: date, months: int) -> date:
    """Move by calendar months: 29 February minus 12 months is 28 February.

    The answer is remembered: every record of an account is asked whether it lies within the same months.
    """
    years, month = divmod(day.year * MONTHS + day.month - 1 + months, MONTHS)
    return date(years, month + 1, min(day.day, monthrange(years, month + 1)[1]))


def months_between(first: date, last: date) -> int:
    """Give the largest k with first + k months <= last; negative the other way round."""
    if last < first:
        return -months_between(last, first)
    months = (last.year - first.year) * MONTHS + last.month - first.month
    return months if add_months(first, months) <= last else months - 1


def quarter(day: date) -> int:
    """Give the number of the day's quarter; equal numbers mean the same quarter."""
    return day.year * QUARTERS + (day.month - 1) // 3 + 1


def before(as_of: date, amount: int, unit: Unit) -> date:
    """Give the day that lies `amount` units before `as_of`; days after it are within."""
    if unit is Unit.DAYS:
        return as_of - timedelta(days=amount)
    return add_months(as_of, -amount * (MONTHS if unit is Unit.YEARS else 1))


def window_start(as_of: date, parameters: Mapping[str, Parameter]) -> date:
    """Give the first day of the window named by the parameter `window`; trailing 12 months without one."""
    window = parameters["window"].value if "window" in parameters else "trailing_12_months"
    if window == "calendar_year":
        return date(as_of.year, 1, 1)
    if window == "fiscal_year":
        month = int(str(parameters["fiscal_year_start_month"].value))
        return date(as_of.year - (1 if as_of.month < month else 0), month, 1)
    return add_months(as_of, -MONTHS) + timedelta(days=1)
