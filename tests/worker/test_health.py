from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.worker.health import PATIENCE, judge
from connector.worker.schedule import schedule

BEGAN = datetime(2026, 3, 2, 5, tzinfo=UTC)
SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)
DAY = timedelta(days=1)
DAILY = schedule(cron="0 6 * * *", time_zone="UTC", start=BEGAN)


@pytest.mark.parametrize(
    ("last_good", "now", "well"),
    [
        (SIX, SIX + DAY, True),
        (SIX, SIX + DAY + PATIENCE, True),
        (SIX, SIX + DAY + PATIENCE + timedelta(seconds=1), False),
        (SIX, SIX + 30 * DAY, False),
        (None, BEGAN, True),
        (None, SIX + PATIENCE, True),
        (None, SIX + PATIENCE + timedelta(seconds=1), False),
    ],
)
def test_health_turns_red_when_a_due_run_stays_away(last_good: datetime | None, now: datetime, *, well: bool) -> None:
    found = judge(last_good=last_good, since=BEGAN, schedule=DAILY, now=now)
    assert found.well is well
    assert found.age == (None if last_good is None else now - last_good)
    assert (found.overdue_since is None) is well


def test_health_names_the_due_time_that_nothing_followed() -> None:
    found = judge(last_good=SIX + timedelta(minutes=3), since=BEGAN, schedule=DAILY, now=SIX + 3 * DAY)
    assert found.overdue_since == SIX + DAY
