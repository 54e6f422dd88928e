"""Where the text of a table lies: CSV or Parquet files, their columns, and clear words when something is wrong."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.errors import UsageError
from connector.model.fields import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

REQUIRED: Mapping[str, tuple[str, ...]] = {
    Table.ACCOUNTS: ("account_id",),
    Table.DEALS: ("deal_id", "is_won", "amount", "close_date"),
    Table.TICKETS: ("ticket_id", "created_at"),
    Table.ACTIVITIES: ("activity_id", "account_id", "kind"),
    Table.CURRENCY_RATES: ("currency", "valid_from", "rate"),
    Table.DEAL_ACCOUNTS: ("from_id", "account_id"),
    Table.TICKET_ACCOUNTS: ("from_id", "account_id"),
}
"""Columns without which a table means nothing; any other that is absent is not connected."""

SUFFIXES = (".csv", ".parquet")


class Source(Struct, frozen=True):
    """The files of one table and the columns they have in common; `table` is one of `Table`, or beside the CRM."""

    table: str
    files: tuple[Path, ...]
    columns: tuple[str, ...]
    empty: frozenset[str] = frozenset()
    """Columns that are known to hold nothing."""

    def scan(self) -> str:
        """SQL table function over all its files."""
        return _scan(self.files, self.columns)

    def numbered(self) -> str:
        """SQL for its rows, with `file` and `row` of each; the header of a CSV file is row 1."""
        first = 2 if is_csv(self.files[0]) else 1
        parts = (
            f"select *, {quoted_text(file.name)} as file, row_number() over () + {first - 1} as row "
            f"from {_scan((file,), self.columns)}"
            for file in self.files
        )
        return " union all by name ".join(parts)


def in_folder(folder: Path) -> dict[Table, tuple[Path, ...]]:
    """Find the tables of a data folder, as CSV or Parquet; UsageError without accounts or deals.

    There a record names its one account itself: links, which the sandbox reads beside them, say of a pull only.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder", hint="--data names a folder with accounts.csv and deals.csv")
    found: dict[Table, tuple[Path, ...]] = {}
    for table in (name for name in Table if name not in {Table.DEAL_ACCOUNTS, Table.TICKET_ACCOUNTS}):
        if present := of_folder(folder, table):
            found[table] = present
    for table in (Table.ACCOUNTS, Table.DEALS):
        if table not in found:
            raise UsageError(f"{folder / table.value}.csv: no such file", hint="accounts and deals are required")
    return found


def of_folder(folder: Path, table: str) -> tuple[Path, ...]:
    """Find the file of one table, CSV or Parquet; nothing when there is none, UsageError when there are both."""
    files = [folder / f"{table}{suffix}" for suffix in SUFFIXES]
    present = tuple(file for file in files if file.is_file())
    if len(present) > 1:
        raise UsageError(
            f"{present[0]} and {present[1].name}: one of the two", hint="remove the one that is out of date"
        )
    return present


def find(db: DuckDBPyConnection, table: str, files: Sequence[Path]) -> Source:
    """Look at the headers of a table's files; UsageError when a file or a required column is missing."""
    for file in files:
        if not file.is_file():
            raise UsageError(f"{file}: no such file", hint=f"the table {table} is read from it")
    of_csv = is_csv(files[0])
    columns = _csv_header(files[0]) if of_csv else _parquet_columns(db, files)
    for name in REQUIRED.get(table, ()):
        if name not in columns:
            raise UsageError(f"{files[0]}: the column {name!r} is missing", hint=f"it has: {', '.join(columns)}")
    return Source(table, tuple(files), columns, frozenset() if of_csv else _empty(db, files))


def is_csv(file: Path) -> bool:
    """Tell CSV from Parquet by the file's name."""
    return file.suffix.lower() == ".csv"


def quoted(name: str) -> str:
    """SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quoted_text(text: str) -> str:
    """SQL text literal."""
    return "'" + text.replace("'", "''") + "'"


def _scan(files: Sequence[Path], columns: Sequence[str]) -> str:
    names = ", ".join(quoted_text(str(file)) for file in files)
    if not is_csv(files[0]):
        return f"read_parquet([{names}], union_by_name=true)"
    types = ", ".join(f"{quoted_text(name)}: 'varchar'" for name in columns)
    return (
        f"read_csv([{names}], auto_detect=false, header=true, delim=',', quote='\"', escape='\"', "
        f"max_line_size=16777216, columns={{{types}}})"
    )


def _csv_header(file: Path) -> tuple[str, ...]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            names = tuple(name.strip() for name in next(csv.reader(lines, strict=True), []))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{file}: {error}", hint="save it as UTF-8 CSV with commas (RFC 4180)") from None
    if not any(names):
        raise UsageError(f"{file}: no header", hint="the first row names the columns")
    for name in names:
        if names.count(name) > 1 or not name:
            what = f"the column {name!r} occurs twice" if name else "a column has no name"
            raise UsageError(f"{file}: {what}", hint="every column needs a name of its own")
    return names


def _parquet_columns(db: DuckDBPyConnection, files: Sequence[Path]) -> tuple[str, ...]:
    rows = db.execute(f"describe select * from {_scan(files, ())}").fetchall()
    return tuple(str(row[0]) for row in rows)


def _empty(db: DuckDBPyConnection, files: Sequence[Path]) -> frozenset[str]:
    """Columns without a value, as the files' footers count: properties nobody filled, which need not be read."""
    names = ", ".join(quoted_text(str(file)) for file in files)
    rows = db.execute(
        f"select path_in_schema from parquet_metadata([{names}]) group by path_in_schema "
        "having bool_and(coalesce(stats_null_count = num_values, false))"
    ).fetchall()
    return frozenset(str(row[0]) for row in rows)
