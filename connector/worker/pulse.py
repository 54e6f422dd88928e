"""Signs of life of this process, by a clock that never jumps: whether its loop turns, and how long a run goes on."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SILENCE = timedelta(seconds=90)
"""A loop that looks at the clock every twenty seconds and did not for so long hangs."""


class Pulse:
    """Beats while the worker's loop turns; threads may ask.

    `ticks` is a stopwatch in seconds that rests while the machine sleeps.
    """

    def __init__(self, *, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._last: float | None = None
        self._began: float | None = None
        self._stopping = False

    def beat(self) -> None:
        """The loop turned, and its scheduler did what was due."""
        self._last = self._ticks()

    @contextmanager
    def running(self) -> Iterator[None]:
        """A run goes on as long as this block does."""
        self._began = self._ticks()
        try:
            yield
        finally:
            self._began = None

    def stop(self) -> None:
        """The worker takes nothing more on."""
        self._stopping = True

    @property
    def stopping(self) -> bool:
        """Whether the worker was asked to end."""
        return self._stopping

    def silent_for(self) -> timedelta | None:
        """Since the last beat; None before the first one."""
        last = self._last
        return None if last is None else timedelta(seconds=self._ticks() - last)

    def running_for(self) -> timedelta | None:
        """How long the run in hand has been going on; None when there is none."""
        began = self._began
        return None if began is None else timedelta(seconds=self._ticks() - began)
