"""How many accounts had each tier, level and step at the end of each of the last four quarters (domain.md 7.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from connector.model.outputs import LADDER_STEP, LEVEL, TIER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connector.model.pictures import Quarter

TRENDS = (TIER, LEVEL, LADDER_STEP)
QUARTERS = 4


class TrendRow(Struct, frozen=True):
    """One value of an output: its accounts per quarter, None where nobody counted then."""

    value: str | None
    accounts: tuple[int | None, ...]

    @property
    def change(self) -> int | None:
        """Accounts now less those of the first quarter shown."""
        first, last = self.accounts[0], self.accounts[-1]
        return None if first is None or last is None else last - first


class TrendTable(Struct, frozen=True):
    """One output over the quarters."""

    output: str
    rows: tuple[TrendRow, ...]


class TrendView(Struct, frozen=True):
    """The quarters there is a good run of, oldest first, this one last; tables only where there are two."""

    quarters: tuple[Quarter, ...] = ()
    tables: tuple[TrendTable, ...] = ()

    @property
    def lacking(self) -> int:
        """How many of the last four quarters nobody counted in."""
        return QUARTERS - len(self.quarters)


def view_trend(quarters: Sequence[Quarter], order: Mapping[str, Sequence[str]]) -> TrendView:
    """Return the trend; the quarters are oldest first and this one last."""
    shown = tuple(quarters)
    return TrendView(shown, tuple(_tables(shown, order)) if len(shown) > 1 else ())


def _tables(quarters: Sequence[Quarter], order: Mapping[str, Sequence[str]]) -> Iterator[TrendTable]:
    for output in TRENDS:
        counts = [quarter.accounts.get(output) for quarter in quarters]
        values = {value for found in counts if found for value in found}
        places = {value: place for place, value in enumerate(order.get(output, ()))}
        named = sorted(values, key=lambda value: (not value, places.get(value, len(places)), value))
        rows = tuple(
            TrendRow(value or None, tuple(None if found is None else found.get(value, 0) for found in counts))
            for value in named
        )
        if rows and counts[-1] is not None:
            yield TrendTable(output, rows)
