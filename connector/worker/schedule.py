"""When the worker runs: pure, in the business time zone, and once per local day also on the nights the clocks change.

A time on the wall that comes twice (autumn) counts the first time. One that does not come at all (spring) is taken
with the offset before the change, so 02:30 runs at 03:30 (RFC 5545, 3.3.5). A line for every hour follows the hours
that really pass.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from connector.errors import UsageError
from connector.worker.crontab import CronLine

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAY = timedelta(days=1)
_JUST_BEFORE = timedelta(microseconds=1)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}


class Schedule(Protocol):
    """Due times, for ever."""

    def after(self, moment: datetime) -> datetime:
        """The first due time later than `moment`, with the business time zone."""

    def interval(self, due: datetime) -> datetime:
        """Since when a run that another worker began counts as the one due now.

        Workers that follow a cron line are due together; those on an interval are due each at a time of its own.
        """


def schedule(*, cron: str | None = None, every: str | None = None, time_zone: str, start: datetime) -> Schedule:
    """The schedule of the settings: a cron line, or an interval such as `90m` counted from `start`.

    Days are counted on the calendar (`1d` is the same time of day tomorrow), smaller units as time that passes.
    Raises UsageError when there is neither, or what is there cannot be followed.
    """
    zone = ZoneInfo(time_zone)
    if cron is not None:
        return Cron(CronLine(cron), zone)
    found = re.fullmatch(r"([1-9]\d*)([smhd])", every or "")
    if found is None:
        raise UsageError(
            "[schedule] says neither cron nor every", hint='for example cron = "0 6 * * *" or every = "1h"'
        )
    count, unit = int(found[1]), found[2]
    if unit == "d":
        return EveryDays(count, start.astimezone(zone))
    return Every(timedelta(**{_UNITS[unit]: count}), start.astimezone(zone))


class Later(Struct, frozen=True):
    """A schedule whose every due time comes a little later, so that many workers do not call at the same second."""

    plan: Schedule
    by: timedelta

    def after(self, moment: datetime) -> datetime:
        """The first due time later than `moment`."""
        due = self.plan.after(moment - self.by)
        return (due.astimezone(UTC) + self.by).astimezone(due.tzinfo)

    def interval(self, due: datetime) -> datetime:
        """The same of the schedule that it is later than."""
        return self.plan.interval(due - self.by)


def delay_of(name: str, *, most: timedelta) -> timedelta:
    """How much later this instance runs: below `most`, in whole seconds, the same at every start."""
    seconds = int(most.total_seconds())
    if seconds < 1:
        return timedelta(0)
    return timedelta(seconds=int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) % seconds)


def between(plan: Schedule, first: datetime, last: datetime) -> Iterator[datetime]:
    """The due times from `first` on, `first` itself among them, until before `last`."""
    moment = plan.after(first - _JUST_BEFORE)
    while moment < last:
        yield moment
        moment = plan.after(moment)


class Cron(Struct, frozen=True):
    """A cron line in a town."""

    line: CronLine
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime:
        """The first due time later than `moment`."""
        found: datetime | None = None
        until = datetime.max  # noqa: DTZ901 - a time on the wall has no zone
        for wall in self.line.walls(_wall(moment, self.zone) - _clock_change(moment, self.zone)):
            if found is not None and wall > until:
                break
            coming = [instant for instant in self._instants(wall) if instant > moment]
            if coming and found is None:
                # A wall time that was skipped runs later than its neighbours: look at those too.
                until = wall + _clock_change(coming[0], self.zone)
            found = min([*coming, *([found] if found else [])], default=None)
        return (found or moment).astimezone(self.zone)

    def interval(self, due: datetime) -> datetime:
        """Since it was due."""
        return due

    def _instants(self, wall: datetime) -> Iterator[datetime]:
        first = wall.replace(tzinfo=self.zone).astimezone(UTC)
        if not self.line.every_hour:
            yield first
        elif _wall(first, self.zone) == wall:
            yield first
            again = wall.replace(tzinfo=self.zone, fold=1).astimezone(UTC)
            if again != first:
                yield again


class Every(Struct, frozen=True):
    """Equal lengths of time since a start."""

    length: timedelta
    start: datetime

    def after(self, moment: datetime) -> datetime:
        """The first due time later than `moment`."""
        start = self.start.astimezone(UTC)
        steps = (moment - start) // self.length + 1
        return (start + steps * self.length).astimezone(self.start.tzinfo)

    def interval(self, due: datetime) -> datetime:
        """A whole length before."""
        return due - self.length


class EveryDays(Struct, frozen=True):
    """Every so many days, at the time of day of the start."""

    days: int
    start: datetime

    def after(self, moment: datetime) -> datetime:
        """The first due time later than `moment`."""
        zone = self.start.tzinfo
        passed = (moment.astimezone(zone).date() - self.start.date()).days
        steps = passed // self.days - 1
        while True:
            wall = self.start.replace(tzinfo=None) + steps * self.days * _DAY
            instant = wall.replace(tzinfo=zone).astimezone(UTC)
            if instant > moment:
                return instant.astimezone(zone)
            steps += 1

    def interval(self, due: datetime) -> datetime:
        """As many days before."""
        zone = self.start.tzinfo
        return due.astimezone(zone) - self.days * _DAY


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _clock_change(moment: datetime, zone: ZoneInfo) -> timedelta:
    """By how much the clocks change within a day of `moment`; nothing on most days."""
    moments = (moment.astimezone(UTC) + day * _DAY for day in (-1, 0, 1))
    offsets = [near.astimezone(zone).utcoffset() or timedelta() for near in moments]
    return max(offsets) - min(offsets)
