"""Domain 2.1, 2.2 and 11.10: days, calendar months and windows, with no clock."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


def add_months(day: date, months: int) -> date:
    """Domain 2.2: calendar months; a day the month lacks becomes its last day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def full_months(since: date, until: date) -> int:
    """Domain 11.10: the largest k with `since + k months <= until`."""
    months = (until.year - since.year) * 12 + until.month - since.month
    while add_months(since, months) > until:
        months -= 1
    while add_months(since, months + 1) <= until:
        months += 1
    return months


def in_months(day: date | None, as_of: date, months: int) -> bool:
    """Domain 11.10: `as_of - N months < day <= as_of`."""
    return day is not None and add_months(as_of, -months) < day <= as_of


def in_days(day: date | None, as_of: date, days: int) -> bool:
    """Domain 11.10: `as_of - N days < day <= as_of`."""
    return day is not None and as_of - timedelta(days=days) < day <= as_of


def window_start(window: str, as_of: date, fiscal_month: int) -> date:
    """Domain 2.2 and 11.10: the first day inside the window."""
    if window == "calendar_year":
        return date(as_of.year, 1, 1)
    if window == "fiscal_year":
        year = as_of.year if as_of.month >= fiscal_month else as_of.year - 1
        return date(year, fiscal_month, 1)
    return add_months(as_of, -12) + timedelta(days=1)


def quarter(day: date) -> tuple[int, int]:
    """Domain 11.4: year and quarter."""
    return day.year, (day.month - 1) // 3


def read_day(text: str, zone: str) -> date:
    """Domain 2.2: a date as it stands; a timestamp in the business time zone first. Raises ValueError."""
    if len(text) == len("2026-04-02"):
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(ZoneInfo(zone)).date()
