"""Dates that mean never, and numbers of months nobody lives through, break no population and mean the same twice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from connector.model.fields import Type
from connector.rules.cells import UNKNOWN
from connector.rules.tree import Arithmetic, Call, Function, Name, Op, Unit, Within
from tests.engine.expressions import NAMES
from tests.engine.test_sql_agrees_with_python import db, fill, in_python, in_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from connector.rules.cells import Cell
    from connector.rules.tree import Expression

__all__ = ["db"]
DAY, COUNT, SHARE = Name("day", Type.DATE), Name("count", Type.INTEGER), Name("share", Type.NUMBER)
DAYS = (date(1, 1, 1), date(2024, 2, 29), date(9999, 12, 31))
NUMBERS: tuple[Cell, ...] = (
    UNKNOWN,
    *map(Decimal, ("0", "1", "-1", "119999", "-120001", "2147483647", "-2147483648", "99999999999")),
)
EXPRESSIONS: tuple[Expression, ...] = (
    Call(Function.ADD_MONTHS, (DAY, COUNT), Type.DATE),
    Call(Function.ADD_MONTHS, (DAY, SHARE), Type.DATE),
    Arithmetic(Op.ADD, DAY, COUNT, Type.DATE),
    Arithmetic(Op.SUBTRACT, DAY, COUNT, Type.DATE),
    *(Within(DAY, COUNT, unit) for unit in Unit),
)


def _row(day: date, number: Cell) -> dict[str, Cell]:
    row: dict[str, Cell] = dict.fromkeys(NAMES, UNKNOWN)
    row.update(day=day, count=number, share=number)
    return row


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=lambda e: type(e).__name__)
def test_what_would_leave_the_calendar_stays_at_its_end(db: DuckDBPyConnection, expression: Expression) -> None:
    rows = [_row(day, number) for day in DAYS for number in NUMBERS]
    fill(db, rows)
    assert in_sql(db, expression, "en") == [in_python(row, expression, "en") for row in rows]
