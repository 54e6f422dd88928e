"""A cron line as people know it, read as times on the wall: what the clocks of a town do comes later (schedule).

APScheduler does the reckoning. Two of its habits are not cron's and are put right here: it counts weekdays from
Monday = 0 where cron counts from Sunday = 0, and it asks for day *and* weekday where cron(5) asks for either when
both are given.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from apscheduler.triggers.cron import CronTrigger

from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FIELDS = 5
"""Minute, hour, day, month, weekday, as in crontab(5)."""
SUNDAY_AGAIN = 7
"""Sunday's second number."""
_PART = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?")
_JUST_AFTER = timedelta(microseconds=1)


class CronLine:
    """Five fields: minute, hour, day, month, weekday."""

    def __init__(self, line: str) -> None:
        fields = line.split()
        if len(fields) != FIELDS:
            raise _wrong(line, "it has five fields: minute hour day month weekday")
        self.line = line
        self.every_hour = fields[1] == "*"
        try:
            self._triggers = [_trigger(*days) for days in _either(fields)]
        except ValueError as error:
            raise _wrong(line, str(error)) from error

    def walls(self, since: datetime) -> Iterator[datetime]:
        """Times on the wall (without zone) from `since` on, ascending, without end.

        Raises UsageError for a line whose day never comes, such as 30 February.
        """
        while True:
            found = [trigger.get_next_fire_time(None, since.replace(tzinfo=UTC)) for trigger in self._triggers]
            coming = [moment for moment in found if moment is not None]
            if not coming:
                raise _wrong(self.line, "its day never comes")
            wall = min(coming).replace(tzinfo=None)
            yield wall
            since = wall + _JUST_AFTER


def _either(fields: list[str]) -> Iterator[tuple[str, ...]]:
    """The line, or two of them when both day and weekday are given: cron fires on either (crontab(5))."""
    minute, hour, day, month, weekday = fields
    if day.startswith("*") or weekday.startswith("*"):
        yield minute, hour, day, month, _weekdays(weekday)
    else:
        yield minute, hour, day, month, "*"
        yield minute, hour, "*", month, _weekdays(weekday)


def _trigger(minute: str, hour: str, day: str, month: str, weekday: str) -> CronTrigger:
    return CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=weekday, timezone=UTC)


def _weekdays(field: str) -> str:
    """Name the weekdays, so that nobody can count them differently; 0 and 7 are Sunday."""
    if field in {"*", "?"}:
        return "*"
    days: set[int] = set()
    for part in field.lower().split(","):
        found = _PART.fullmatch(part)
        if found is None:
            raise ValueError(f"{part!r} is no weekday")
        days.update(_days(found))
    return ",".join(WEEKDAYS[day] for day in sorted(days))


def _days(part: re.Match[str]) -> Iterator[int]:
    step = int(part["step"] or 1)
    if part["first"] == "*":
        first, last = 0, 6
    else:
        first = _day(part["first"])
        last = _day(part["last"]) if part["last"] else 6 if part["step"] else first
    if last < first and part["last"]:
        last += 7  # fri-mon, and mon-sun
    if step < 1 or last < first:
        raise ValueError(f"{part[0]!r} is no weekday")
    return (day % 7 for day in range(first, last + 1, step))


def _day(text: str) -> int:
    if text.isdecimal() and int(text) <= SUNDAY_AGAIN:
        return int(text)
    if text in WEEKDAYS:
        return WEEKDAYS.index(text)
    raise ValueError(f"{text!r} is no weekday")


def _wrong(line: str, why: str) -> UsageError:
    return UsageError(f"[schedule] cron {line!r} cannot be followed: {why}", hint='for example cron = "0 6 * * *"')
