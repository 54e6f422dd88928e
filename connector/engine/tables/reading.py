"""Text columns to typed tables, set-wise and the same for every source.

Nothing is guessed: a cell that cannot be read becomes NULL, is listed with file, row and column, and its row
names it in the column `unreadable`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from connector.engine.said import say
from connector.engine.tables.broken import told
from connector.engine.tables.cells import EXPECTED, SQL_TYPE, typed
from connector.engine.tables.sources import is_csv, quoted, quoted_text
from connector.errors import UsageError
from connector.model.fields import CATALOGUE, KEY, Type
from connector.model.runs import Reason, Unlisted
from connector.model.texts import shortened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duckdb import DuckDBPyConnection

    from connector.engine.tables.sources import Source
    from connector.model.fields import Field
    from connector.model.texts import Said

LISTED = 1000
"""Unreadable cells of a table that are listed one by one; beyond, one reason stands for the rest."""

NOWHERE = ""
"""The source of a column that no file has."""

SHOWN = 40
"""Characters of an unreadable cell that are shown."""

KEYS: Mapping[str, str] = {table.value: key for table, key in KEY.items()}
CATALOGUES: Mapping[str, tuple[Field, ...]] = {table.value: fields for table, fields in CATALOGUE.items()}
NEVER_BAD = frozenset({Type.TEXT, Type.LONG_TEXT, Type.MULTI})


class Column(Struct, frozen=True):
    """A typed column to make: its name, and the column and type it is read as."""

    name: str
    source: str
    type: Type
    lenient: bool = False
    """An unreadable cell is nothing to report: the value is ours, of an earlier run."""


def load(db: DuckDBPyConnection, source: Source, columns: Mapping[str, Column], *, time_zone: str) -> list[Reason]:
    """Make `read_<table>` with the columns named, and return what could not be read.

    It is a view of the table `held_<table>`, with the `@row` of each: a column the source lacks, or has no value in,
    is NULL and held nowhere. `unreadable` lists the row's unreadable columns, separated by commas.
    Raises UsageError for a file that cannot be read, and for a key that occurs twice.
    """
    present = [column for column in columns.values() if _held(column, source)]
    checked = [*(c for c in present if _can_be_bad(c, source)), *_only_checked(source, present)]
    _refuse_nested(source, [*present, *checked])
    with told(source.files, of_csv=is_csv(source.files[0])):
        db.execute(_typed_table(source, present, checked, time_zone))
        reasons = _unreadable(db, source, checked, time_zone)
    _refuse_twins(db, source)
    table, lacking = source.table, absent(source, columns)
    db.execute(f'create view read_{table} as select rowid as "@row", *{lacking} from held_{table}')
    return reasons


def absent(source: Source, columns: Mapping[str, Column]) -> str:
    """SQL of the columns the source lacks or has no value in, with a comma before each."""
    lacking = (column for column in columns.values() if not _held(column, source))
    return "".join(f", cast(null as {SQL_TYPE[column.type]}) as {quoted(column.name)}" for column in lacking)


def _held(column: Column, source: Source) -> bool:
    return column.source in source.columns and (column.source not in source.empty or column.name in KEYS.values())


def let_go(db: DuckDBPyConnection, table: str) -> None:
    """Free the typed rows of a table."""
    db.execute(f"drop view read_{table}; drop table held_{table}")


def _can_be_bad(column: Column, source: Source) -> bool:
    return column.name == KEYS.get(source.table) or (column.type not in NEVER_BAD and not column.lenient)


def _only_checked(source: Source, present: list[Column]) -> list[Column]:
    """Columns of the catalogue no rule asks for: what cannot be read is not to be trusted all the same (11.9)."""
    asked = {column.source for column in present} | source.empty
    known = [f for f in CATALOGUES.get(source.table, ()) if f.name in source.columns and f.name not in asked]
    return [Column(f"only {f.name}", f.name, f.type) for f in known if f.type not in NEVER_BAD]


def _typed_table(source: Source, present: list[Column], checked: list[Column], time_zone: str) -> str:
    raw = sorted({column.source for column in checked})
    inner = [f"{quoted(name)}::varchar as {quoted('raw ' + name)}" for name in raw]
    inner += [
        f"{typed(f'{quoted(c.source)}::varchar', c.type, time_zone=time_zone)} as {quoted(c.name)}"
        for c in dict.fromkeys([*present, *checked])
    ]
    outer = [quoted(column.name) for column in present]
    bad = [f"case when {_is_bad(column, source)} then {quoted_text(column.source)} end" for column in checked]
    outer.append(f"nullif(concat_ws(',', {', '.join(bad) or 'null'}), '') as unreadable")
    return (
        f"create table held_{source.table} as "
        f"select {', '.join(outer)} from (select {', '.join(inner)} from {source.scan()})"
    )


def _is_bad(column: Column, source: Source) -> str:
    if column.name == KEYS.get(source.table):
        return f"{quoted(column.name)} is null"
    return f"{quoted(column.name)} is null and trim({quoted('raw ' + column.source)}) <> ''"


def _unreadable(db: DuckDBPyConnection, source: Source, checked: list[Column], time_zone: str) -> list[Reason]:
    """Read the files again for the places, which costs nothing when everything could be read."""
    names = {
        name
        for (names,) in db.execute(
            f"select distinct unreadable from held_{source.table} where unreadable is not null"
        ).fetchall()
        for name in names.split(",")
    }
    parts = [_places(source, column, time_zone) for column in checked if column.source in names]
    if not parts:
        return []
    rows = db.execute(f"{' union '.join(parts)} order by all").fetchall()  # two columns may read the same cell
    reasons = [Reason("UNREADABLE", _place(row)) for row in rows[:LISTED]]
    if unlisted := len(rows[LISTED:]):
        more = say("more_cells", n=unlisted, table=source.table)
        reasons.append(Unlisted("MORE_UNREADABLE", more, unlisted))
    return reasons


def _places(source: Source, column: Column, time_zone: str) -> str:
    cell = f"{quoted(column.source)}::varchar"
    key = KEYS.get(source.table)
    filled = "" if column.name == key else f" and trim({cell}) <> ''"
    return (
        f'select "@file", "@row", {quoted_text(column.source)} as name, {cell} as cell, '
        f"{_record(source, key)} as record, {quoted_text(EXPECTED[column.type])} as expected "
        f"from ({source.numbered()}) "
        f"where {typed(cell, column.type, time_zone=time_zone)} is null{filled}"
    )


def _record(source: Source, key: str | None) -> str:
    """SQL that names a row by its key, or by what it is matched by: a pull numbers rows as the file does not."""
    named_by = [name for name in ((key,) if key else source.named_by) if name in source.columns]
    parts = [f"{quoted_text(name + ' ')} || {quoted(name)}::varchar" for name in named_by]
    named = " || ', ' || ".join(parts)
    return f"coalesce(' (' || {named} || ')', '')" if parts else "''"


def _place(found: tuple[str, int, str, str | None, str, str]) -> Said:
    file, row, column, cell, record, expected = found
    if not cell:
        return say("no_key", file=file, row=str(row), column=column)
    place = {"file": file, "row": str(row), "record": record, "column": column}
    return say("unreadable", cell=repr(shortened(cell, SHOWN)), expected=say(f"expected.{expected}"), **place)


def _refuse_nested(source: Source, asked: list[Column]) -> None:
    for column in asked:
        if kind := source.nested.get(column.source):
            what = f"the column {column.source!r} holds more than one value in a cell ({kind})"
            raise UsageError(f"{source.files[0]}: {what}", hint="export it as text, a number, a date or a boolean")


def _refuse_twins(db: DuckDBPyConnection, source: Source) -> None:
    key = KEYS.get(source.table)
    if key is None:
        return
    twin = db.execute(
        f"select {key} from held_{source.table} where {key} is not null group by {key} having count(*) > 1 "
        f"order by {key} limit 1"
    ).fetchone()
    if twin:
        raise UsageError(f"{source.files[0]}: {key} {twin[0]!r} occurs more than once", hint="one row per record")
