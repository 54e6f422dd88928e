"""The calls of a day, of which a share is kept for others: the same for every vendor."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from connector.errors import QuotaUsedUp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from connector.crm.transport import Answer


class Day(ABC):
    """What is known about the day's calls; a vendor learns it from its answers, and knows when they come back."""

    few: ClassVar[str]
    """Says that the rest is kept for others; holds `left`, `limit` and `kept`."""

    def __init__(self, *, max_share: float) -> None:
        self._max_share = max_share
        self._day: tuple[int, int] | None = None
        """The day's calls, and how many of them are left."""
        self._flying = 0
        self._lock = threading.Lock()

    @abstractmethod
    def see(self, lane: str, answer: Answer, /) -> None:
        """Learn from the headers of an answer."""

    @abstractmethod
    def back(self) -> datetime:
        """When there are calls again."""

    @contextmanager
    def call(self) -> Iterator[None]:
        """One call of today's; raises QuotaUsedUp when it would take from the share kept for others."""
        with self._lock:
            self._check()
            self._flying += 1
        try:
            yield
        finally:
            with self._lock:
                self._flying -= 1

    def used_up(self, text: str) -> QuotaUsedUp:
        """The error for a used-up day, with the time to look again."""
        back = self.back()
        return QuotaUsedUp(
            f"{text}; goes on after {back:%Y-%m-%d %H:%M %Z}",
            hint="run again after that time (the worker does so by itself), or raise [budget] max_share_of_daily_quota",
            resume_at=back,
        )

    def _check(self) -> None:
        if self._day is None or self._is_over():
            return
        limit, left = self._day
        kept = int(limit * (1 - self._max_share))
        if left - self._flying <= kept:
            raise self.used_up(self.few.format(left=f"{left:,}", limit=f"{limit:,}", kept=f"{kept:,}"))

    def _is_over(self) -> bool:
        """Whether the day of the last count is known to have ended."""
        return False
