"""Where the text of a table lies: CSV or Parquet files, their columns, and clear words when something is wrong."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.engine.tables.broken import AS_CSV, LONGEST_LINE, opened_lines, refuse_binary, told
from connector.errors import UsageError
from connector.model.fields import ESSENTIAL, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

SUFFIXES = (".csv", ".parquet")


class Source(Struct, frozen=True):
    """The files of one table and the columns they have in common; `table` is one of `Table`, or beside the CRM."""

    table: str
    files: tuple[Path, ...]
    columns: tuple[str, ...]
    empty: frozenset[str] = frozenset()
    """Columns that are known to hold nothing."""
    nested: Mapping[str, str] = field(default_factory=dict)
    """Columns of a Parquet file whose cells hold more than one value, with their type."""
    named_by: tuple[str, ...] = ()
    """Columns that name a row of a table without a key."""

    def scan(self) -> str:
        """SQL table function over all its files."""
        return _scan(self.files, self.columns)

    def numbered(self) -> str:
        """SQL for its rows, with `@file` and `@row` of each; the header of a CSV file is row 1."""
        first = 2 if is_csv(self.files[0]) else 1
        parts = (
            f'select *, {quoted_text(file.name)} as "@file", row_number() over () + {first - 1} as "@row" '
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
    """Look at the headers of a table's files; UsageError for a file that cannot be read, or lacks a required column."""
    for file in files:
        if not file.is_file():
            raise UsageError(f"{file}: no such file", hint=f"the table {table} is read from it")
    of_csv = is_csv(files[0])
    with told(files, of_csv=of_csv):
        source = _of_csv(table, files) if of_csv else _of_parquet(db, table, files)
    for name in ESSENTIAL.get(table, ()):
        if name not in source.columns:
            raise UsageError(f"{files[0]}: the column {name!r} is missing", hint=_instead(source))
    return source


def is_csv(file: Path) -> bool:
    """Tell CSV from Parquet by the file's name."""
    return file.suffix.lower() == ".csv"


def quoted(name: str) -> str:
    """SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quoted_text(text: str) -> str:
    """SQL text literal."""
    return "'" + text.replace("'", "''") + "'"


def _of_csv(table: str, files: Sequence[Path]) -> Source:
    for file in files:
        refuse_binary(file)
    with opened_lines(files[0]) as lines:
        names = tuple(name.strip() for name in next(csv.reader(lines, strict=True), []))
    if not any(names):
        raise UsageError(f"{files[0]}: no header", hint="the first row names the columns")
    if not all(names):
        raise UsageError(f"{files[0]}: a column has no name", hint="every column needs a name of its own")
    _refuse_same(files[0], names)
    return Source(table, tuple(files), names)


def _of_parquet(db: DuckDBPyConnection, table: str, files: Sequence[Path]) -> Source:
    _refuse_same(files[0], _top_level(db, files[0]))
    types = {str(row[0]): str(row[1]) for row in db.execute(f"describe select * from {_scan(files, ())}").fetchall()}
    nested = {name: kind for name, kind in types.items() if kind.endswith("]") or "(" in kind.removeprefix("DECIMAL(")}
    return Source(table, tuple(files), tuple(types), _empty(db, files), nested)


def _top_level(db: DuckDBPyConnection, file: Path) -> list[str]:
    """Names of the columns as they stand in the file; the rows of its schema are a tree, each before its branches."""
    names, branches = [], 0
    schema = db.execute("select name, num_children from parquet_schema(?)", [str(file)]).fetchall()
    for name, children in schema[1:]:
        if not branches:
            names.append(str(name))
        branches = max(branches - 1, 0) + (children or 0)
    return names


def _refuse_same(file: Path, names: Sequence[str]) -> None:
    """Raise UsageError for two columns of one name; case does not tell them apart."""
    first: dict[str, str] = {}
    for name in names:
        other = first.setdefault(name.casefold(), name)
        if other is not name:
            what = f"the column {name!r} occurs twice"
            if other != name:
                what = f"the columns {other!r} and {name!r} differ in case only"
            raise UsageError(f"{file}: {what}", hint="every column needs a name of its own")


def _instead(source: Source) -> str:
    """What a file that lacks a column has instead."""
    columns = source.columns
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t|="):
        return f"its cells are not separated by commas: {AS_CSV}"
    return f"it has: {', '.join(columns)}" + ("; the first row names the columns" if is_csv(source.files[0]) else "")


def _scan(files: Sequence[Path], columns: Sequence[str]) -> str:
    names = ", ".join(quoted_text(str(file)) for file in files)
    if not is_csv(files[0]):
        return f"read_parquet([{names}], union_by_name=true, binary_as_string=true)"
    types = ", ".join(f"{quoted_text(name)}: 'varchar'" for name in columns)
    return (
        f"read_csv([{names}], auto_detect=false, header=true, delim=',', quote='\"', escape='\"', "
        f"max_line_size={LONGEST_LINE}, columns={{{types}}})"
    )


def _empty(db: DuckDBPyConnection, files: Sequence[Path]) -> frozenset[str]:
    """Columns without a value, as the files' footers count: properties nobody filled, which need not be read."""
    names = ", ".join(quoted_text(str(file)) for file in files)
    rows = db.execute(
        f"select path_in_schema from parquet_metadata([{names}]) group by path_in_schema "
        "having bool_and(coalesce(stats_null_count = num_values, false))"
    ).fetchall()
    return frozenset(str(row[0]) for row in rows)
