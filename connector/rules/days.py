"""Days and months as the domain counts them: calendar months, clamped to the month's last day (domain.md 2.2)."""

from __future__ import annotations

from datetime import date, timedelta

from connector.rules.calendar import MONTHS, add_months
from connector.rules.tree import Unit

QUARTERS = 4


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
