"""The files of the outside contract as tables of text: CSV or Parquet, one file per table."""

from __future__ import annotations

import csv
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from connector.errors import UsageError
from connector.model.fields import CATALOGUE, Table

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, str]
Tables = dict[Table, list[Row]]
"""A table that is absent is not connected, which is not the same as empty; so is a cell."""
REQUIRED = (Table.ACCOUNTS, Table.DEALS)
READABLE = (
    Table.ACCOUNTS,
    Table.DEALS,
    Table.TICKETS,
    Table.ACTIVITIES,
    Table.CURRENCY_RATES,
    Table.OWNERS,
    Table.DEAL_ACCOUNTS,
)


def read_tables(folder: Path) -> Tables:
    """Read every table found in a folder; UsageError when a required one is missing or a file is unreadable."""
    found = {table: path for table in READABLE if (path := _path(folder, table)) is not None}
    for table in REQUIRED:
        if table not in found:
            hint = f"put {table}.csv or {table}.parquet there; the columns are listed in the documentation"
            raise UsageError(f"{folder}: no {table} file", hint=hint)
    return {table: _read(path) for table, path in found.items()}


def _path(folder: Path, table: Table) -> Path | None:
    paths = (folder / f"{table}{suffix}" for suffix in (".csv", ".parquet"))
    return next((path for path in paths if path.is_file()), None)


def _read(path: Path) -> list[Row]:
    try:
        return _read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        raise UsageError(f"{path}: cannot be read: {error}", hint="CSV must be UTF-8 with a header row") from error


def _read_csv(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, strict=True)
        return [{key: value for key, value in row.items() if key and value} for row in rows]


def _read_parquet(path: Path) -> list[Row]:
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return [{key: _text(value) for key, value in row.items() if value is not None and value != ""} for row in rows]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime | date):
        return value.isoformat()
    return format(value, "f") if hasattr(value, "as_tuple") else str(value)


def write_tables(tables: Tables, folder: Path) -> None:
    """Write each table as CSV with the columns its rows use, in first-seen order; all of them when it has no row."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in tables.items():
        used = dict.fromkeys(name for row in rows for name in row)
        columns = list(used) or [field.name for field in CATALOGUE[table]]
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
