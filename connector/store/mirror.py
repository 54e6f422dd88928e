"""The mirror: one folder of Parquet files per snapshot, made current by one row in the journal.

A folder without a row never was; a row always names a complete folder, because files and folder are on disk
before the row is written.
"""

from __future__ import annotations

import re
import secrets
import shutil
from contextlib import closing, contextmanager, suppress
from datetime import UTC
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from connector.model.fields import KEY, Table
from connector.store import disk
from connector.store.draft import ParquetDraft
from connector.store.recorded import Recorded, checked, read
from connector.store.schema import snapshots

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Select
    from sqlalchemy.engine import Row

    from connector.ports import Clock, Snapshot, SnapshotDraft
    from connector.store.database import Database

DRAFT = "draft-"
MERGED_IDS, OWNER = "merged_ids", "owner_id"
_NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")


class ParquetMirror:
    """Where snapshots live; promises of connector.ports.Mirror."""

    def __init__(self, database: Database, folder: Path, *, clock: Clock) -> None:
        self._database = database
        self._folder = folder
        self._clock = clock
        self._mine: set[str] = set()
        """Drafts that this object is filling."""

    def current(self) -> Snapshot | None:
        """The last committed snapshot. Raises StopRun when a file of it is missing, cut, or not the one committed."""
        with self._database.read() as connection:
            row = connection.execute(_newest().limit(1)).one_or_none()
        return None if row is None else self._checked(row)

    def snapshot(self, name: str) -> Snapshot | None:
        """A committed snapshot that was not pruned yet, checked as `current` does."""
        with self._database.read() as connection:
            row = connection.execute(select(snapshots).where(snapshots.c.id == name)).one_or_none()
        return None if row is None else self._checked(row)

    def merged(self) -> Mapping[str, Sequence[str]]:
        """Per account of the last committed snapshot the ids merged into it."""
        return {name: ids.split(";") for name, ids in self._per_account(MERGED_IDS).items()}

    def owners(self) -> Mapping[str, str]:
        """Per account of the last committed snapshot its owner."""
        return self._per_account(OWNER)

    def _per_account(self, column: str) -> Mapping[str, str]:
        """The values of a column of the accounts; those without one are absent."""
        with self._database.read() as connection:
            row = connection.execute(_newest().limit(1)).one_or_none()
        accounts = row and row.tables.get(Table.ACCOUNTS)
        if row is None or not accounts or not accounts.get("filled", {}).get(column):
            return {}
        from connector.store.parquet import filled  # noqa: PLC0415 - Arrow's 0.1 s, only where accounts may be merged

        path = self._folder / row.id / f"{Table.ACCOUNTS}.parquet"
        with disk.errors_in_our_words(path):
            return dict(filled(path, KEY[Table.ACCOUNTS], column))

    @contextmanager
    def draft(self, *, base: Snapshot | None) -> Iterator[SnapshotDraft]:
        """A new draft; without commit nothing is left of it."""
        name = f"{self._clock().astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        folder = self._folder / f"{DRAFT}{name}"
        self._mine.add(name)
        try:
            with disk.errors_in_our_words(folder):
                disk.make_owned(folder)
            with closing(ParquetDraft(folder, base=base, commit=self._commit)) as draft:
                yield draft
        finally:
            self._mine.discard(name)
            shutil.rmtree(folder, ignore_errors=True)  # it has another name once it is committed

    def prune(self, *, keep: int, spare: Sequence[str] = ()) -> None:
        """Remove all but the newest `keep` snapshots and those of `spare`, and what dead drafts left.

        The current snapshot stays whatever `keep` says.
        """
        with self._database.write() as connection:
            old = {row.id for row in connection.execute(_newest().offset(max(keep, 1)))} - set(spare)
            connection.execute(delete(snapshots).where(snapshots.c.id.in_(old)))
        # Folders are listed first: one that is committed in between has its row by the time the rows are read.
        folders = [folder for folder in sorted(self._folder.iterdir()) if folder.is_dir()]
        with self._database.read() as connection:
            named = set(connection.scalars(select(snapshots.c.id)))
        for folder in folders:
            if folder.name in old or (folder.name not in named and self._is_left_over(folder)):
                shutil.rmtree(folder, ignore_errors=True)

    def _is_left_over(self, folder: Path) -> bool:
        """A folder that no row names, and that nobody fills any more."""
        name = folder.name.removeprefix(DRAFT)
        if _NAME.fullmatch(name) is None or name in self._mine:
            return False  # not ours to remove
        return disk.owner_is_dead(folder) or disk.owned_by_this_process(folder)

    def _commit(self, folder: Path, about: Mapping[str, Any]) -> Snapshot:
        """Give the finished folder its name and make it current with one row."""
        place = self._folder / folder.name.removeprefix(DRAFT)
        with disk.errors_in_our_words(folder):
            disk.sync_folder(folder)
            folder.rename(place)
            disk.sync_folder(self._folder)
        with self._database.write() as connection:
            connection.execute(insert(snapshots).values(id=place.name, **about))
            row = connection.execute(select(snapshots).where(snapshots.c.id == place.name)).one()
        with suppress(OSError):
            (place / disk.OWNER).unlink()  # it is a snapshot now, and nobody's
        return read(self._folder, _recorded(row))

    def _checked(self, row: Row[Any]) -> Snapshot:
        return checked(self._folder, _recorded(row))


def _recorded(row: Row[Any]) -> Recorded:
    return Recorded(row.id, row.made_at, row.full_at, row.watermark, row.tables)


def _newest() -> Select[Any]:
    return select(snapshots).order_by(snapshots.c.snapshot_no.desc())
