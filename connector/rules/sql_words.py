"""Small words to build SQL with: literals, logic in three values, cases, and calls by name."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlglot import exp

from connector.model.fields import Type
from connector.rules.walk import NUMERIC

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlglot.expressions import Expr as Sql

    from connector.rules.tree import Op, Test

SCALE = 12
"""Decimals a quotient is rounded to, and the most any number has (tree.py)."""

COLUMN_SCALE = {Type.INTEGER: 6, Type.MONEY: 2, Type.NUMBER: 6, Type.PERCENT: 6}
"""Scale of the columns the engine reads (engine/cells.py)."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """SQL of an expression."""

    value: Sql
    """NULL when unknown or not applicable."""
    off: Sql | None = None
    """True where it is not applicable, never NULL; None where it always applies."""
    scale: int = 0
    """Decimals, of a number."""
    sure: bool = False
    """Never NULL."""


def null() -> Sql:
    """NULL."""
    return exp.Null()


def true() -> Sql:
    """TRUE."""
    return exp.Boolean(this=True)


def false() -> Sql:
    """FALSE."""
    return exp.Boolean(this=False)


def text(value: str) -> Sql:
    """A text literal."""
    return exp.Literal.string(value)


def number(value: Decimal | int) -> Sql:
    """An exact number literal; DuckDB and Spark read it as DECIMAL, a whole one as an integer."""
    written = str(value) if isinstance(value, int) else format(value, "f")
    if written.startswith("-"):
        return exp.Paren(this=exp.Neg(this=exp.Literal.number(written[1:])))
    return exp.Literal.number(written)


def day(value: date) -> Sql:
    """A date literal."""
    return cast(text(value.isoformat()), "DATE")


def literal(value: object) -> Sql:
    """Any single constant of the rule language."""
    if isinstance(value, bool):
        return true() if value else false()
    if isinstance(value, Decimal | int):
        return number(value)
    if isinstance(value, str):
        return text(value)
    return day(value)  # type: ignore[arg-type]  # what is left of tree.Literal


def scale_of(value: object) -> int:
    """Decimals a constant is written with."""
    if not isinstance(value, Decimal):
        return 0
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def column(name: str, table: str = "") -> Sql:
    """A quoted column."""
    of = exp.Identifier(this=table, quoted=True) if table else None
    return exp.Column(this=exp.Identifier(this=name, quoted=True), table=of)


def cast(value: Sql, kind: str, *sizes: int) -> Sql:
    """CAST(value AS kind(sizes))."""
    parameters = [exp.DataTypeParam(this=exp.Literal.number(size)) for size in sizes]
    return exp.Cast(this=value, to=exp.DataType(this=exp.DataType.Type[kind], expressions=parameters))


def exact(value: Sql, scale: int) -> Sql:
    """The number as DECIMAL of that scale."""
    made = cast(value, "DECIMAL", 38, scale)
    same = isinstance(value, exp.Cast) and value.args["to"] == made.args["to"]
    return value if same else made


def alike(values: Sequence[Rendered], kind: Type) -> list[Sql]:
    """The values as one SQL type: databases cut decimals when they are left to find a common type of two scales."""
    scale = max((value.scale for value in values), default=0)
    if kind not in NUMERIC or not scale:
        return [value.value for value in values]
    return [value.value if value.scale == scale else exact(value.value, scale) for value in values]


def call(name: str, *arguments: Sql) -> Sql:
    """A function by name: SQL's own, or one the engine defines."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def inside(value: Sql) -> Sql:
    """The value as an operand: in parentheses where it needs them."""
    return exp.Paren(this=value) if isinstance(value, exp.Binary | exp.Unary | exp.Between | exp.In) else value


def two(left: Sql, sign: str, right: Sql) -> Sql:
    """A binary expression."""
    return SIGNS[sign](this=inside(left), expression=inside(right))


SIGNS: dict[str, type[exp.Binary]] = {
    "+": exp.Add,
    "-": exp.Sub,
    "*": exp.Mul,
    "=": exp.EQ,
    "<>": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
    "||": exp.DPipe,
}


def signed(sign: Op | Test) -> str:
    """The sign of an operator of the tree."""
    return str(sign.value)
