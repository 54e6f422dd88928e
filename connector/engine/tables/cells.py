"""One text cell to one typed value, as SQL: the same reading for files, HubSpot and Salesforce.

A cell that is empty or blank is missing. A cell that cannot be read is NULL too; `reading` finds and lists it.
"""

from __future__ import annotations

from connector.model.fields import Type

DECIMAL = r"-?\d+(\.\d+)?"
DAY = r"\d{4}-\d\d-\d\d"
MOMENT = DAY + r"[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)"
"""ISO 8601 with its offset: without one a moment has no day in the business time zone."""

SQL_TYPE = {
    Type.TEXT: "varchar",
    Type.LONG_TEXT: "varchar",
    Type.MULTI: "varchar",
    Type.INTEGER: "decimal(18,6)",
    Type.NUMBER: "decimal(18,6)",
    Type.PERCENT: "decimal(18,6)",
    Type.RATE: "decimal(24,12)",
    Type.MONEY: "decimal(18,2)",
    Type.BOOLEAN: "boolean",
    Type.DATE: "date",
    Type.TIMESTAMP: "date",
}
"""Decimals are 64-bit integers with a scale: exact. The cast from text rounds half away from zero on the
digits as written, never through a float. A whole number may have decimals all the same (12.5 employees). Rules
see days only, so a moment is kept as its business day."""

EXPECTED = {
    Type.TEXT: "id",
    Type.INTEGER: "number",
    Type.NUMBER: "decimal",
    Type.PERCENT: "decimal",
    Type.RATE: "decimal",
    Type.MONEY: "decimal",
    Type.BOOLEAN: "truth",
    Type.DATE: "day",
    Type.TIMESTAMP: "moment",
}
"""What a person should have written: told as the text `expected.…`."""


def typed(cell: str, kind: Type, *, time_zone: str) -> str:
    """SQL that reads the text `cell` as `kind`: NULL when it is empty or cannot be read."""
    text = f"trim({cell})"
    match kind:
        case Type.INTEGER | Type.NUMBER | Type.PERCENT | Type.RATE | Type.MONEY:
            return f"case when {_matches(text, DECIMAL)} then try_cast({text} as {SQL_TYPE[kind]}) end"
        case Type.BOOLEAN:
            told = "when 'true' then true when 'false' then false"
            return f"case {cell} {told} else case lower({text}) {told} end end"  # nearly all are written plainly
        case Type.DATE | Type.TIMESTAMP:
            return _day(text, time_zone)
        case Type.MULTI:
            return f"nullif(regexp_replace({text}, '\\s*;[\\s;]*', ';', 'g'), '')"
        case _:
            return f"case when {text} <> '' then {cell} end"


def _day(text: str, time_zone: str) -> str:
    zone = time_zone.replace("'", "''")
    moment = f"cast(timezone('{zone}', try_cast({text} as timestamptz)) as date)"
    return (
        f"case when length({text}) = 10 then case when {_matches(text, DAY)} then try_cast({text} as date) end "
        f"when {_matches(text, MOMENT)} then {moment} end"
    )


def _matches(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, '{pattern}')"
