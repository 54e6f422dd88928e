"""outputs.csv: what was written, one row per record, replaced as a whole so that a reader never sees half a file."""

from __future__ import annotations

import csv
import os
from typing import TYPE_CHECKING

from connector.crm.files import tables
from connector.errors import BadAnswer, StopRun
from connector.model.changes import Target
from connector.model.fields import KEY, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

NAMES = {Target.ACCOUNT: "outputs.csv", Target.DEAL: "outputs_deals.csv"}
KEYS = {Target.ACCOUNT: KEY[Table.ACCOUNTS], Target.DEAL: KEY[Table.DEALS]}


class Outputs:
    """The values written to one kind of record so far."""

    def __init__(self, folder: Path, target: Target) -> None:
        self.path = folder / NAMES[target]
        self.key = KEYS[target]
        self._rows: dict[str, dict[str, str | None]] | None = None
        self._columns: tuple[str, ...] = ()

    @property
    def rows(self) -> Mapping[str, Mapping[str, str | None]]:
        """Values by record and property; raises BadAnswer when the file cannot be read."""
        return self._load()

    @property
    def columns(self) -> tuple[str, ...]:
        """The properties that were ever written."""
        self._load()
        return self._columns

    def write(self, written: Iterable[tuple[str, Mapping[str, str | None]]]) -> None:
        """Merge these values in and replace the file at once; raises StopRun when the disk refuses."""
        rows = self._load()
        for record, values in written:
            rows.setdefault(record, {}).update(values)
            self._columns += tuple(name for name in values if name not in self._columns)
        self._replace(rows)

    def _load(self) -> dict[str, dict[str, str | None]]:
        if self._rows is None:
            rows: dict[str, dict[str, str | None]] = {}  # kept only when all of it was read: it replaces the file later
            names = tables.header(self.path) if self.path.is_file() else (self.key,)
            if self.key not in names:
                raise BadAnswer(f"{self.path}: there is no column {self.key}", hint="it is not the file we wrote")
            for batch in tables.batches(self.path, names) if self.path.is_file() else ():
                rows |= {row.pop(self.key): row for row in batch.to_pylist()}
            self._rows, self._columns = rows, tuple(name for name in names if name != self.key)
        return self._rows

    def _replace(self, rows: Mapping[str, Mapping[str, str | None]]) -> None:
        draft = self.path.with_suffix(".csv.part")
        try:
            with draft.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow((self.key, *self._columns))
                writer.writerows((record, *map(values.get, self._columns)) for record, values in sorted(rows.items()))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise StopRun(
                f"{self.path}: cannot be written: {error.strerror}", hint="free space, or the folder's rights"
            ) from None
