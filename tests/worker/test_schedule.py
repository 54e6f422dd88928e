from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger
from hypothesis import example, given
from hypothesis import strategies as st

from connector.errors import UsageError
from connector.worker.schedule import Later, between, schedule

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SPRING = datetime(2026, 3, 29, tzinfo=AMSTERDAM)
AUTUMN = datetime(2026, 10, 25, tzinfo=AMSTERDAM)
DAY = timedelta(days=1)


def listed(
    first: datetime,
    last: datetime,
    *,
    cron: str | None = None,
    every: str | None = None,
    zone: str = "Europe/Amsterdam",
) -> list[datetime]:
    return list(between(schedule(cron=cron, every=every, time_zone=zone, start=first), first, last))


def clock(times: list[datetime]) -> list[str]:
    return [f"{moment:%H:%M %z}" for moment in times]


def test_apschedulers_own_cron_runs_twice_on_the_autumn_night() -> None:
    trigger = CronTrigger.from_crontab("30 2 * * *", timezone=AMSTERDAM)
    first = trigger.get_next_fire_time(None, AUTUMN)
    second = trigger.get_next_fire_time(first, first)
    assert first.date() == second.date() == AUTUMN.date()  # the reason why schedule.py is not two lines


@pytest.mark.parametrize("night", [SPRING, AUTUMN])
@pytest.mark.parametrize(
    "cron", ["30 2 * * *", "0 2 * * *", "59 2 * * *", "0 3 * * *", "0 0 * * *", "59 23 * * *", "5 1 * * *"]
)
def test_a_daily_line_runs_once_per_local_day_on_both_nights(night: datetime, cron: str) -> None:
    times = listed(night - 2 * DAY, night + 3 * DAY, cron=cron)
    assert [moment.date() for moment in times] == [(night + at * DAY).date() for at in range(-2, 3)]


@given(minute=st.integers(0, 59), hour=st.integers(0, 23), year=st.integers(2020, 2040))
@example(minute=30, hour=2, year=2026)
def test_a_daily_line_runs_once_per_local_day_all_year(minute: int, hour: int, year: int) -> None:
    for month in (3, 10):
        first, last = datetime(year, month, 24, tzinfo=AMSTERDAM), datetime(year, month + 1, 2, tzinfo=AMSTERDAM)
        days = [moment.date() for moment in listed(first, last, cron=f"{minute} {hour} * * *")]
        assert days == [first.date() + at * DAY for at in range((last.date() - first.date()).days)]


def test_a_time_that_comes_twice_counts_the_first_time() -> None:
    assert clock(listed(AUTUMN, AUTUMN + DAY, cron="30 2 * * *")) == ["02:30 +0200"]


def test_a_time_that_does_not_come_runs_as_if_the_clock_had_not_changed() -> None:
    assert clock(listed(SPRING, SPRING + DAY, cron="30 2 * * *")) == ["03:30 +0200"]


def test_every_hour_follows_the_hours_that_pass() -> None:
    spring = listed(SPRING, SPRING.replace(hour=5), cron="0 * * * *")
    assert clock(spring) == ["00:00 +0100", "01:00 +0100", "03:00 +0200", "04:00 +0200"]
    autumn = listed(AUTUMN, AUTUMN.replace(hour=4), cron="0 * * * *")
    assert clock(autumn) == ["00:00 +0200", "01:00 +0200", "02:00 +0200", "02:00 +0100", "03:00 +0100"]


def test_skipped_times_neither_double_nor_disorder_those_beside_them() -> None:
    times = listed(SPRING, SPRING.replace(hour=5), cron="*/30 2-3 * * *")
    assert clock(times) == ["03:00 +0200", "03:30 +0200"]
    times = listed(SPRING, SPRING.replace(hour=5), cron="45 2,3 * * *")
    assert clock(times) == ["03:45 +0200"]
    times = listed(SPRING, SPRING.replace(hour=5), cron="0,45 2,3 * * *")
    assert clock(times) == ["03:00 +0200", "03:45 +0200"]


def test_nothing_is_left_out_where_the_clocks_do_not_change() -> None:
    times = listed(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 8, tzinfo=UTC), cron="*/15 * * * *", zone="UTC")
    assert len(times) == 7 * 96
    assert {b - a for a, b in pairwise(times)} == {timedelta(minutes=15)}


@pytest.mark.parametrize(
    ("weekday", "days"),
    [
        ("1", "Mon"),
        ("0", "Sun"),
        ("7", "Sun"),
        ("1-5", "Mon Tue Wed Thu Fri"),
        ("mon-fri", "Mon Tue Wed Thu Fri"),
        ("5-7", "Fri Sat Sun"),
        ("sat,sun", "Sat Sun"),
        ("fri-mon", "Mon Fri Sat Sun"),
        ("*/2", "Tue Thu Sat Sun"),
        ("1-5/2", "Mon Wed Fri"),
        ("*", "Mon Tue Wed Thu Fri Sat Sun"),
    ],
)
def test_weekdays_are_counted_as_cron_counts_them(weekday: str, days: str) -> None:
    monday = datetime(2026, 6, 1, tzinfo=AMSTERDAM)
    assert " ".join(f"{moment:%a}" for moment in listed(monday, monday + 7 * DAY, cron=f"0 6 * * {weekday}")) == days


def test_a_day_and_a_weekday_mean_either() -> None:
    first = datetime(2026, 6, 1, tzinfo=AMSTERDAM)
    times = listed(first, first + 30 * DAY, cron="0 6 15 * mon")
    assert [moment.day for moment in times] == [1, 8, 15, 22, 29]
    assert [moment.day for moment in listed(first, first + 30 * DAY, cron="0 6 10 * mon")] == [1, 8, 10, 15, 22, 29]


@pytest.mark.parametrize(
    "line", ["0 6 * *", "61 6 * * *", "0 6 * * 8", "0 6 * * mo", "0 6 * * 5-", "0 6 * * 1/0", "x 6 * * *", "0 0 30 2 *"]
)
def test_a_line_that_cannot_be_followed_is_refused(line: str) -> None:
    with pytest.raises(UsageError, match="cron"):
        schedule(cron=line, time_zone="Europe/Amsterdam", start=SPRING).after(SPRING)


def test_no_schedule_at_all_is_refused() -> None:
    with pytest.raises(UsageError, match="neither cron nor every"):
        schedule(time_zone="Europe/Amsterdam", start=SPRING)


def test_an_interval_counts_the_time_that_passes_from_its_start() -> None:
    assert clock(listed(SPRING, SPRING.replace(hour=6), every="90m")) == [
        "00:00 +0100",
        "01:30 +0100",
        "04:00 +0200",
        "05:30 +0200",
    ]
    assert clock(listed(AUTUMN, AUTUMN.replace(hour=4), every="1h"))[2:4] == ["02:00 +0200", "02:00 +0100"]


@pytest.mark.parametrize("night", [SPRING, AUTUMN])
@pytest.mark.parametrize("time", [(0, 30), (2, 30), (23, 30)])
def test_an_interval_of_days_runs_once_per_local_day_on_both_nights(night: datetime, time: tuple[int, int]) -> None:
    start = (night - 2 * DAY).replace(hour=time[0], minute=time[1])
    times = listed(start, start + 5 * DAY, every="1d")
    assert [moment.date() for moment in times] == [(start + at * DAY).date() for at in range(5)]
    weekly = schedule(every="7d", time_zone="Europe/Amsterdam", start=start)
    assert weekly.after(start).date() == (start + 7 * DAY).date()


@pytest.mark.parametrize("plan", [{"cron": "0 6 * * *"}, {"every": "1h"}, {"every": "2d"}])
def test_the_next_time_is_later_than_now_however_far_the_clock_jumps(plan: dict[str, str]) -> None:
    due = schedule(**plan, time_zone="Europe/Amsterdam", start=SPRING)
    for now in (SPRING - 3650 * DAY, SPRING - timedelta(seconds=1), SPRING, SPRING + 3650 * DAY):
        assert timedelta(0) < due.after(now) - now <= 2 * DAY + timedelta(hours=1)


@given(st.timedeltas(timedelta(0), 365 * DAY), st.sampled_from(["30 2 * * *", "0 * * * *", "*/20 1-3 * * *"]))
def test_walking_and_asking_anew_agree(since: timedelta, cron: str) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC) + since
    due = schedule(cron=cron, time_zone="Europe/Amsterdam", start=moment)
    first = due.after(moment)
    assert moment < first
    assert due.after(first - timedelta(seconds=1)) == first
    assert due.after(moment + (first - moment) / 2) == first


@pytest.mark.parametrize(
    ("plan", "due", "since"),
    [
        ({"cron": "0 6 * * *"}, AUTUMN.replace(hour=6), AUTUMN.replace(hour=6)),
        ({"every": "90m"}, AUTUMN.replace(hour=6), AUTUMN.replace(hour=4, minute=30)),
        ({"every": "1d"}, AUTUMN.replace(hour=6), (AUTUMN - DAY).replace(hour=6)),
    ],
)
def test_who_is_due_at_a_time_of_its_own_counts_what_another_began_within_the_interval(
    plan: dict[str, str], due: datetime, since: datetime
) -> None:
    followed = schedule(**plan, time_zone="Europe/Amsterdam", start=AUTUMN - 10 * DAY)
    assert followed.interval(due) == since
    late = timedelta(seconds=40)
    assert Later(followed, late).interval(due + late) == since
