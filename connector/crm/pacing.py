"""Client-side pacing: never more calls than a rolling window allows, as the other side counts them.

A call is counted by the CRM somewhere between the moment it is sent and the moment its answer arrives.
A slot is therefore free again one window after the *answer*: whatever the CRM's own count, ours is never
smaller, so a CRM that counts honestly has no reason to say 429, however calls and answers interleave.
A second, shorter window keeps the calls from coming in one burst.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BLINK = 0.01
"""Seconds to look again when every slot is in flight."""


class Rate(Struct, frozen=True):
    """At most `calls` in any `seconds`, of which at most `burst` in any `burst_seconds`."""

    calls: int
    seconds: float
    burst: int
    burst_seconds: float = 1.0


class Lane:
    """The calls that share one limit; `rate` None means that no limit is known to exist."""

    def __init__(self, rate: Rate | None, *, ticks: Callable[[], float], pause: Callable[[float], None]) -> None:
        self._ticks = ticks
        self._pause = pause
        self._lock = threading.Lock()
        self._rate = rate
        self._sent: deque[float] = deque()
        self._answered: deque[float] = deque()
        self._flying = 0
        self._closed_until = float("-inf")

    @property
    def rate(self) -> Rate | None:
        """The rate kept now."""
        return self._rate

    def learn(self, rate: Rate | None) -> None:
        """Keep this rate from now on; calls already sent count under it."""
        with self._lock:
            self._rate = rate

    def hold(self, seconds: float) -> None:
        """Send nothing for so long: the CRM said that the limit was reached."""
        with self._lock:
            self._closed_until = max(self._closed_until, self._ticks() + seconds)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for a free slot and keep it until the answer is there."""
        self._take()
        try:
            yield
        finally:
            self._give_back()

    def _take(self) -> None:
        while True:
            with self._lock:
                wait = self._wait(self._ticks())
                if wait <= 0:
                    self._flying += 1
                    self._sent.append(self._ticks())
                    return
            self._pause(wait)

    def _give_back(self) -> None:
        with self._lock:
            self._flying -= 1
            self._answered.append(self._ticks())
            self._forget(self._ticks())

    def _wait(self, now: float) -> float:
        """Seconds until a slot may be free; 0 when one is."""
        if self._closed_until > now:
            return self._closed_until - now
        if self._rate is None:
            return 0.0
        self._forget(now)
        return max(self._window_wait(self._rate, now), self._burst_wait(self._rate, now))

    def _window_wait(self, rate: Rate, now: float) -> float:
        over = self._flying + len(self._answered) - rate.calls
        if over < 0:
            return 0.0
        if over >= len(self._answered):
            return _BLINK
        return self._answered[over] + rate.seconds - now

    def _burst_wait(self, rate: Rate, now: float) -> float:
        if len(self._sent) < rate.burst:
            return 0.0
        return self._sent[-rate.burst] + rate.burst_seconds - now

    def _forget(self, now: float) -> None:
        """Drop what no window can see any more; without a rate, keep ten seconds for one learned later."""
        rate = self._rate or _UNLIMITED
        while self._answered and self._answered[0] + rate.seconds <= now:
            self._answered.popleft()
        while len(self._sent) > rate.burst or (self._sent and self._sent[0] + rate.burst_seconds <= now):
            self._sent.popleft()


_UNLIMITED = Rate(calls=1_000_000, seconds=10.0, burst=1_000)
