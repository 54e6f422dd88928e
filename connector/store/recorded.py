"""A committed snapshot as the database records it: what its row says, and its files, which must be those committed."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from connector.errors import StopRun
from connector.model.fields import BESIDE, Table
from connector.ports import Snapshot, TableSnapshot
from connector.store import disk

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PULL_AGAIN = "`tiersync pull --full` makes a new one"
_LET_READ = "let the user that tiersync runs as read it; the next run pulls everything anew"


class Recorded(Struct, frozen=True):
    """A row of the table `snapshots`."""

    id: str
    made_at: datetime
    full_at: datetime
    watermark: str
    tables: Mapping[str, Mapping[str, Any]]


def checked(folder: Path, row: Recorded) -> Snapshot:
    """The snapshot of a row. Raises StopRun when a file of it is missing, cut, or not the one committed."""
    for table, about in row.tables.items():
        path = _file(folder, row, table)
        try:
            found = disk.fingerprint(path)
        except FileNotFoundError as error:
            raise StopRun(f"the mirror lost {path}: {error.strerror}", hint=_PULL_AGAIN, code="MIRROR") from error
        except OSError as error:
            told = f"{path} of the mirror cannot be read: {error.strerror or error}"
            raise StopRun(told, hint=_LET_READ, code="MIRROR") from error
        if found != about["footer"]:
            raise StopRun(f"{path} is cut, or not the file that was pulled", hint=_PULL_AGAIN, code="MIRROR")
    return read(folder, row)


def read(folder: Path, row: Recorded) -> Snapshot:
    """The same, of files that were just written."""
    tables = {Table(name): about for name, about in row.tables.items() if not name.startswith(BESIDE)}
    return Snapshot(
        id=row.id,
        made_at=row.made_at,
        files={table: (_file(folder, row, table),) for table in tables},
        rows={table: about["rows"] for table, about in tables.items()},
        watermark=row.watermark,
        full_at=row.full_at,
        columns={table: tuple(about["columns"]) for table, about in tables.items()},
        beside={
            name.removeprefix(BESIDE): TableSnapshot(
                files=(_file(folder, row, name),),
                rows=about["rows"],
                made_on=date.fromisoformat(about["made_on"]),
            )
            for name, about in row.tables.items()
            if name.startswith(BESIDE)
        },
        filled={table: about.get("filled", {}) for table, about in tables.items()},
    )


def _file(folder: Path, row: Recorded, table: str) -> Path:
    return folder / row.id / f"{table}.parquet"
