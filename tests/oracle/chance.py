"""Chance with a taste for the edge: values on thresholds, one cent or one day beside them, ties, zeros and gaps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeVar

from tests.oracle.days import add_months

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

T = TypeVar("T")
DATES = (
    date(2026, 4, 2),
    date(2026, 3, 31),
    date(2024, 2, 29),
    date(2025, 2, 28),
    date(2026, 8, 31),
    date(2026, 1, 1),
    date(2025, 12, 31),
    date(2026, 5, 30),
)


@dataclass
class Chance:
    """Draws cells; the same seed draws the same."""

    random: Random
    as_of: date

    def one(self, *choices: T) -> T:
        """One of these."""
        return self.random.choice(choices)

    def often(self, share: float) -> bool:
        """True with this share."""
        return self.random.random() < share

    def maybe(self, share: float, text: str) -> str:
        """The text, or an empty cell."""
        return text if self.often(share) else ""

    def money(self, edges: Sequence[int]) -> str:
        """An amount: on an edge, a cent beside it, round, or with any cents."""
        drawn = self.random.random()
        if drawn < 0.3:
            value = self.random.choice(edges) * 100 + self.one(-1, 0, 0, 1)
        elif drawn < 0.6:
            value = self.random.randrange(1, 60) * 100_000 // self.one(1, 2, 10)
        else:
            value = self.random.randrange(1, 9_000_000)
        return f"{value / 100:.2f}"

    def month_edge(self) -> date:
        """A day some months before or after `as_of`, or a day beside that."""
        months = self.one(-37, -36, -25, -24, -18, -13, -12, -12, -11, -7, -6, -5, -3, -2, -1, 0, 0, 1, 12)
        return add_months(self.as_of, months) + timedelta(days=self.one(-1, 0, 0, 1))

    def past_day(self, longest: int) -> date:
        """Any day up to `as_of`."""
        return self.as_of - timedelta(days=self.random.randrange(longest))

    def ago(self, *days: int) -> str:
        """A day so many days before `as_of`, or one beside it."""
        return str(self.as_of - timedelta(days=self.random.choice(days) + self.one(-1, 0, 0, 1)))

    def moment(self, day: date) -> str:
        """A timestamp on that day in Amsterdam, sometimes on the other side of midnight in UTC."""
        clock = self.one("12:00:00Z", "00:30:00+01:00", "00:10:00+02:00", "21:30:00Z", "09:15:00.123Z")
        return f"{day}T{clock}"
