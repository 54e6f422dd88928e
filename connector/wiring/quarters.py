"""The last good run of each of the last four quarters, carried from run to run in the details of the journal.

Every run keeps its own counts with those of the quarters before, so that the next one needs the one good run before
it and no other, however long ago the quarters were. What a run that was no good run kept is never carried on.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from connector.model.outputs import LADDER_STEP, LEVEL, TIER
from connector.model.pictures import Quarter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connector.model.pictures import Pictures
    from connector.ports import Journal, RunRow

KEPT = "quarters"
COUNTED = (TIER, LEVEL, LADDER_STEP)
LOOKED_BACK = 50
"""Good runs without counts, as those that were planned and applied apart, are passed over; no more than these."""
MOST = 4
"""Quarters kept, this one included."""
A_YEAR = 4
MONTHS = 3
"""Of a quarter."""


def of_run(row: RunRow | None) -> list[Quarter]:
    """The quarters a run kept, oldest first."""
    found = row.details.get(KEPT) if row else None
    return [_read(one) for one in found] if isinstance(found, list) else []


def good_before(journal: Journal, run: str) -> RunRow | None:
    """The last good run before this one that counted: each noted the one before it when it planned."""
    row = journal.run(run)
    for _ in range(LOOKED_BACK):
        good = row.details.get("good") if row else None
        row = journal.run(str(good)) if good else None
        if row is None or KEPT in row.details:
            return row
    return None


def until(journal: Journal, pictures: Pictures, *, run: str, as_of: date) -> list[Quarter]:
    """The quarters up to this run, its own last."""
    return with_own(of_run(good_before(journal, run)), counted(pictures, run=run, as_of=as_of))


def with_own(before: Iterable[Quarter], own: Quarter) -> list[Quarter]:
    """The quarters with this run's own in the place of its quarter's, none later, none older than four quarters."""
    last = _place(own)
    kept = {_place(one): one for one in before if last - MOST < _place(one) < last}
    return [*(kept[place] for place in sorted(kept)), own]


def _place(quarter: Quarter) -> int:
    """Quarters in a row have places in a row."""
    return quarter.year * A_YEAR + quarter.number


def counted(pictures: Pictures, *, run: str, as_of: date) -> Quarter:
    """This run's own: the accounts of every tier, level and step, from the pictures that are drawn anyway."""
    accounts = {
        output: {piece.value or "": piece.accounts for piece in pictures.slices[output]}
        for output in COUNTED
        if output in pictures.slices
    }
    return Quarter(as_of.year, (as_of.month - 1) // MONTHS + 1, as_of, run, accounts)


def written(quarters: Sequence[Quarter]) -> list[dict[str, Any]]:
    """As the details of a run hold them."""
    return [asdict(one) | {"as_of": one.as_of.isoformat()} for one in quarters]


def _read(found: Mapping[str, Any]) -> Quarter:
    as_of = date.fromisoformat(found["as_of"])
    return Quarter(int(found["year"]), int(found["number"]), as_of, str(found["run"]), found["accounts"])
