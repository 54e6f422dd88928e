"""Calendar of the rules: whole months clamped to the month's last day, and the revenue window (domain.md 2.2)."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.rules.ruleset import Parameter

MONTHS = 12


def add_months(day: date, months: int) -> date:
    """The same day `months` later (or earlier), or that month's last day: 29 February - 12 months = 28 February."""
    index = day.year * MONTHS + day.month - 1 + months
    year, month = index // MONTHS, index % MONTHS + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def window_start(window: str, as_of: date, *, fiscal_year_start_month: int = 1) -> date:
    """First day that counts; the last one is `as_of`. Raises ValueError for a window that does not exist."""
    match window:
        case "trailing_12_months":
            return add_months(as_of, -MONTHS) + timedelta(days=1)
        case "calendar_year":
            return date(as_of.year, 1, 1)
        case "fiscal_year":
            year = as_of.year if as_of.month >= fiscal_year_start_month else as_of.year - 1
            return date(year, fiscal_year_start_month, 1)
        case _:
            raise ValueError(window)


def window_of(parameters: Mapping[str, Parameter], as_of: date) -> tuple[str, date]:
    """The window in force (`$window`, `$fiscal_year_start_month`) and its first day."""
    window, month = parameters.get("window"), parameters.get("fiscal_year_start_month")
    name = str(window.value) if window else "trailing_12_months"
    return name, window_start(name, as_of, fiscal_year_start_month=int(str(month.value)) if month else 1)
