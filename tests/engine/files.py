"""Text tables as files, the ways they come: CSV as people save it, Parquet as the mirror does."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from connector.model.fields import Table

Rows: TypeAlias = "Sequence[Mapping[str, str | None]]"


def as_csv(
    folder: Path, tables: Mapping[Table, Rows], columns: Mapping[Table, Sequence[str]], *, newline: str = "\r\n"
) -> dict[Table, tuple[Path, ...]]:
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[Table, tuple[Path, ...]] = {}
    for table, rows in tables.items():
        path = folder / f"{table.value}.csv"
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, columns[table], lineterminator=newline)
            writer.writeheader()
            writer.writerows(rows)
        files[table] = (path,)
    return files


def as_parquet(
    folder: Path, tables: Mapping[Table, Rows], columns: Mapping[Table, Sequence[str]]
) -> dict[Table, tuple[Path, ...]]:
    """Two files per table, as a mirror of several pages has."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[Table, tuple[Path, ...]] = {}
    for table, rows in tables.items():
        half = len(rows) // 2
        parts = []
        for number, part in enumerate((rows[:half], rows[half:])):
            path = folder / f"{table.value}-{number}.parquet"
            cells = {name: pa.array([row.get(name) for row in part], pa.string()) for name in columns[table]}
            pq.write_table(pa.table(cells), path)
            parts.append(path)
        files[table] = tuple(parts)
    return files
