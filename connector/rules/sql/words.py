"""Small words to build SQL with: literals, casts, operators and calls by name, as text that knows what it is.

The text is DuckDB's. A library's syntax tree would be built and printed again for every evaluation, which cost
more than running the rules over a small population; sqlglot reads the text where another dialect is wanted.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.model.fields import Type
from connector.rules.walk import NUMERIC

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connector.rules.tree import Op, Test


class Sql(str):
    """SQL text of an expression that can stand anywhere: a column, a call, something in parentheses."""

    __slots__ = ()


class Truth(Sql):
    """TRUE or FALSE."""

    __slots__ = ()


class Constant(Sql):
    """A text or number literal."""

    __slots__ = ()


class Null(Sql):
    """NULL, typed or not."""

    __slots__ = ()


class Cast(Sql):
    """A cast, which ends with the type it makes."""

    __slots__ = ()


class Operation(Sql):
    """Operands and a sign between them: in parentheses where it is an operand itself."""

    __slots__ = ()


class NullTest(Operation):
    """IS NULL or IS NOT NULL."""

    __slots__ = ()


class Negation(Operation):
    """NOT, which a second NOT takes away."""

    __slots__ = ()


SCALE = 12
"""Decimals a quotient is rounded to, and the most any number has (tree.py)."""

DIGITS = 38
"""Digits of the widest decimal; a longer literal would be a float."""

COLUMN_SCALE = {Type.INTEGER: 6, Type.MONEY: 2, Type.NUMBER: 6, Type.PERCENT: 6}
"""Scale of the columns the engine reads (engine/tables/cells.py)."""


class Rendered(Struct, frozen=True):
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
    return Null("NULL")


def true() -> Sql:
    """TRUE."""
    return Truth("TRUE")


def false() -> Sql:
    """FALSE."""
    return Truth("FALSE")


def text(value: str) -> Sql:
    """A text literal."""
    return Constant("'" + value.replace("'", "''") + "'")


def number(value: Decimal | int) -> Sql:
    """An exact number literal; DuckDB and Spark read it as DECIMAL, a whole one as an integer."""
    written = str(value) if isinstance(value, int) else format(value, "f")
    return Sql(f"(-{written[1:]})") if written.startswith("-") else Constant(written)


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
    if isinstance(value, date):
        return day(value)
    raise TypeError(f"no single constant: {value!r}")


def scale_of(value: object) -> int:
    """Decimals a constant is written with."""
    if not isinstance(value, Decimal):
        return 0
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def column(name: str, table: str = "") -> Sql:
    """A quoted column, of the table with that alias."""
    named = '"' + name.replace('"', '""') + '"'
    return Sql(f"{table}.{named}" if table else named)


def cast(value: Sql, kind: str) -> Sql:
    """CAST(value AS kind)."""
    return (Null if isinstance(value, Null) else Cast)(f"CAST({value} AS {kind})")


def exact(value: Sql, scale: int) -> Sql:
    """The number as DECIMAL of that scale; a constant is simply written with as many decimals."""
    kind = f"DECIMAL(38, {scale})"
    if isinstance(value, Constant):
        written = format(Decimal(value), f".{scale}f")
        if len(written) <= DIGITS:
            return Constant(written)
    same = isinstance(value, Null | Cast) and value.endswith(f" AS {kind})")
    return value if same else cast(value, kind)


def alike(values: Sequence[Rendered], kind: Type) -> list[Sql]:
    """The values as one SQL type: databases cut decimals when they are left to find a common type of two scales."""
    scale = max((value.scale for value in values), default=0)
    if kind not in NUMERIC or not scale:
        return [value.value for value in values]
    return [value.value if value.scale == scale else exact(value.value, scale) for value in values]


def call(name: str, *arguments: Sql) -> Sql:
    """A function by name: SQL's own, or one the engine defines."""
    return Sql(f"{name}({', '.join(arguments)})")


def lower(value: Sql) -> Sql:
    """LOWER, done here where a constant is plain enough that everybody does it alike."""
    return Constant(value.lower()) if isinstance(value, Constant) and value.isascii() else call("LOWER", value)


def equal(one: Sql, other: Sql) -> Sql:
    """The test one = other, answered here for two texts."""
    if isinstance(one, Constant) and isinstance(other, Constant) and one[0] == other[0] == "'":
        return true() if one == other else false()
    return two(one, "=", other)


def among(value: Sql, options: Sequence[Sql]) -> Sql:
    """The test whether the value is one of several constants."""
    return Operation(f"{inside(value)} IN ({', '.join(options)})")


def listed(values: Iterable[Sql]) -> Sql:
    """A list of values."""
    return Sql(f"[{', '.join(values)}]")


def inside(value: Sql) -> Sql:
    """The value as an operand: in parentheses where it needs them."""
    return Sql(f"({value})") if isinstance(value, Operation) else value


def two(left: Sql, sign: str, right: Sql) -> Sql:
    """A binary expression."""
    return Operation(f"{inside(left)} {sign} {inside(right)}")


def signed(sign: Op | Test) -> str:
    """The sign of an operator of the tree."""
    return str(sign.value)
