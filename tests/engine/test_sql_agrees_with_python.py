"""One rule tree, two evaluators: every expression means in SQL what it means in Python, cell by cell."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.engine.functions import define
from connector.engine.nodes.columns import off
from connector.model.fields import Type
from connector.rules.calendar_days import window_start
from connector.rules.cells import IDLE, UNKNOWN, Cell
from connector.rules.python.evaluate import Evaluator, Frame
from connector.rules.sql import words as w
from connector.rules.sql.render import Givens, Renderer
from connector.rules.sql.words import Rendered
from connector.rules.walk import type_of
from tests.engine.expressions import AS_OF, NAMES, PARAMETERS, SCALES, expressions, rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from connector.rules.tree import Expression, Name

TYPES = {Type.MONEY: "decimal(18,2)", Type.NUMBER: "decimal(18,6)", Type.INTEGER: "bigint", Type.DATE: "date"}


@pytest.fixture(scope="module")
def db() -> Iterator[DuckDBPyConnection]:
    connection = duckdb.connect()
    define(connection)
    columns = ", ".join(
        f'"{n}" {TYPES.get(k, "boolean" if k is Type.BOOLEAN else "varchar")}' for n, k in NAMES.items()
    )
    offs = ", ".join(f'"{off(n)}" boolean' for n in NAMES)
    connection.execute(f"create table cells (place integer, {columns}, {offs})")
    yield connection
    connection.close()


def renderer(language: str) -> Renderer:
    start = window_start(AS_OF, PARAMETERS)
    givens = Givens(AS_OF, start, "3f9a12c", "EUR", language, PARAMETERS)

    def column(name: Name) -> Rendered:
        return Rendered(w.column(name.name), w.column(off(name.name)), SCALES.get(name.type, 0))

    return Renderer(givens, column)


def fill(db: DuckDBPyConnection, cells: Sequence[Mapping[str, Cell]]) -> None:
    db.execute("delete from cells")
    marks = ", ".join("?" for _ in range(1 + 2 * len(NAMES)))
    for place, row in enumerate(cells):
        values = [None if row[n] in (UNKNOWN, IDLE) else _held(row[n]) for n in NAMES]
        db.execute(f"insert into cells values ({marks})", [place, *values, *(row[n] is IDLE for n in NAMES)])


def _held(cell: Cell) -> object:
    return ";".join(map(str, cell)) if isinstance(cell, tuple) else cell


def in_sql(db: DuckDBPyConnection, expression: Expression, language: str) -> list[Cell]:
    rendered = renderer(language)(expression)
    idle = "false" if rendered.off is None else rendered.off
    answers = db.execute(f"select {rendered.value}, {idle} from cells order by place").fetchall()
    return [_cell(value, type_of(expression), idle=idle) for value, idle in answers]


def _cell(value: Any, kind: Type, *, idle: bool) -> Cell:
    if value is None:
        return IDLE if idle else UNKNOWN
    assert idle is False, "a value that is known applies"
    if kind is Type.MULTI:
        return tuple(part for part in str(value).split(";") if part)
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def in_python(row: Mapping[str, Cell], expression: Expression, language: str) -> Cell:
    frame = Frame(AS_OF, PARAMETERS, language, "EUR", "3f9a12c")
    return Evaluator(frame, row).value(expression)


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@settings(settings.get_profile("engine"), max_examples=10 * settings.get_profile("engine").max_examples)
@given(cells=rows(), expression=expressions(), language=st.sampled_from(["en", "nl"]))
def test_an_expression_means_the_same_in_sql_and_in_python(
    db: DuckDBPyConnection, cells: list[dict[str, Cell]], expression: Expression, language: str
) -> None:
    fill(db, cells)
    expected = [in_python(row, expression, language) for row in cells]
    assert in_sql(db, expression, language) == expected
