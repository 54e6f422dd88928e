"""Opens the state: the one way in for wiring and for tests."""

from __future__ import annotations

from errno import EDQUOT, ENOSPC
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.errors import StopRun, UsageError
from connector.store.database import Database, connect
from connector.store.journal import SqlJournal
from connector.store.lease import Fence, SqlLease
from connector.store.mirror import ParquetMirror
from connector.store.upgrade import bring_up_to_date

if TYPE_CHECKING:
    from pathlib import Path

    from connector.ports import Clock


class Store(Struct, frozen=True):
    """Journal, mirror and lease on one database; open it once per process."""

    journal: SqlJournal
    mirror: ParquetMirror
    lease: SqlLease
    database: Database

    def close(self) -> None:
        """Close the database's connections."""
        self.database.close()


def open_store(database_url: str, mirror: Path, *, clock: Clock) -> Store:
    """Open the state, making or upgrading it where needed.

    `clock` is the true time, never a fixed one: leases of several machines are compared by it.
    Raises UsageError for a path that cannot be written, a foreign database, or one of a newer version.
    """
    _prepare(mirror)
    database = connect(database_url)
    try:
        bring_up_to_date(database)
    except BaseException:
        database.close()
        raise
    fence = Fence()
    return Store(
        journal=SqlJournal(database, fence),
        mirror=ParquetMirror(database, mirror, clock=clock),
        lease=SqlLease(database, fence, clock=clock),
        database=database,
    )


def _prepare(mirror: Path) -> None:
    try:
        mirror.mkdir(parents=True, exist_ok=True)
        probe = mirror / ".writable"
        probe.touch()
        probe.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in {ENOSPC, EDQUOT}:
            raise StopRun(f"cannot write the mirror {mirror}: {error.strerror}", hint="free disk space") from error
        raise UsageError(
            f"cannot write the mirror {mirror}: {error.strerror}", hint="change [state] mirror, or the folder's rights"
        ) from error
