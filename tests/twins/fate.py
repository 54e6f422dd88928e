"""Time, the lease, and death: a process that is killed before or after any call of a port."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from connector.errors import Held, StopRun
from tests.twins.words import START

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.ports import (
        Holder,
    )


@dataclass
class MemoryLease:
    """Held by this walk, unless somebody else has it; `lost` makes the check fail."""

    other: bool = False
    lost: bool = False

    @contextmanager
    def hold(self, *, wait_seconds: float) -> Iterator[Callable[[], None]]:
        if self.other:
            raise Held(f"another run held the lease for {wait_seconds} s", code="ANOTHER_RUN")
        yield self._check

    def holder(self) -> Holder | None:
        return None

    def _check(self) -> None:
        if self.lost:
            raise StopRun("the lease was lost", code="LEASE_LOST")


@dataclass
class Clock:
    """A clock that tests move."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


class Crash(BaseException):
    """The process is killed here."""


@dataclass
class Fate:
    """Counts the calls of all wrapped ports, twice each (before and after), and dies at `at`."""

    at: int | None = None
    steps: int = 0
    dead: bool = False

    def tick(self) -> None:
        self.steps += 1
        if self.dead or self.steps == self.at:
            self.dead = True
            raise Crash


class Crashing:
    """A port whose every call may be the last thing that happens."""

    def __init__(self, port: object, fate: Fate) -> None:
        self._port, self._fate = port, fate

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def call(*args: object, **kwargs: object) -> Any:
            self._fate.tick()
            answer = found(*args, **kwargs)
            self._fate.tick()
            return answer

        return call
