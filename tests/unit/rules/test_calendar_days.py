"""Days and months within the calendar: somebody's 9999-12-31 means never, and breaks nothing."""

from datetime import date
from decimal import Decimal

import pytest

from connector.rules.calendar_days import add_days, add_months, months_between
from connector.rules.cells import compute
from connector.rules.tree import Op


@pytest.mark.parametrize(
    ("day", "months", "moved"),
    [
        (date(2024, 2, 29), -12, date(2023, 2, 28)),
        (date(9999, 12, 31), 1, date.max),
        (date(9999, 11, 30), 1, date(9999, 12, 30)),
        (date(1, 1, 31), -1, date.min),
        (date(2026, 5, 5), 10**12, date.max),
        (date(2026, 5, 5), -(10**12), date.min),
    ],
)
def test_months_end_with_the_calendar(day: date, months: int, moved: date) -> None:
    assert add_months(day, months) == moved


@pytest.mark.parametrize(
    ("day", "days", "moved"),
    [
        (date(2024, 2, 28), 2, date(2024, 3, 1)),
        (date(9999, 12, 31), 90, date.max),
        (date(1, 1, 1), -1, date.min),
        (date(2026, 5, 5), 10**12, date.max),
    ],
)
def test_days_end_with_the_calendar(day: date, days: int, moved: date) -> None:
    assert add_days(day, days) == moved
    assert compute(Op.ADD, day, Decimal(days)) == moved
    assert compute(Op.SUBTRACT, day, Decimal(-days)) == moved


def test_months_are_counted_up_to_the_last_day() -> None:
    assert months_between(date(2026, 12, 31), date(9999, 12, 31)) == 7973 * 12
    assert months_between(date(9999, 12, 31), date(1, 1, 1)) == -(9998 * 12 + 11)
