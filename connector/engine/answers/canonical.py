"""Canonical text of a value, wanted or found, so that equal values are equal texts (model.changes.Change)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.engine.nodes.columns import off
from connector.engine.tables.cells import DECIMAL, typed
from connector.engine.tables.sources import quoted
from connector.model.fields import Type
from connector.rules.walk import NUMERIC

if TYPE_CHECKING:
    from connector.engine.nodes.columns import Columns
    from connector.model.outputs import Output
    from connector.rules.ruleset import OutputOf

UNKNOWN_OPTION = "unknown"
"""Where an output has this option, a value that is unknown is written so; elsewhere it is left empty."""


def decimals_of(output: Output, scale: int) -> int:
    """Decimals an output is stored with: its own, else those the number has."""
    return scale if output.decimals is None else output.decimals


def stored(column: OutputOf, columns: Columns, alias: str) -> str:
    """SQL of an output's value as it is stored: numbers rounded half-up to their decimals, empty texts NULL."""
    output, cell = column.output, f"{alias}.{quoted(column.node)}"
    if output.type in NUMERIC:
        places = decimals_of(output, columns.made[column.node].scale)
        return f"cast(round({cell}, {places}) as decimal(38, {places}))"
    if output.type is Type.MULTI:
        return f"nullif(array_to_string(list_sort(string_split({cell}, ';')), ';'), '')"
    if output.type not in (Type.TEXT, Type.LONG_TEXT):
        return cell
    if UNKNOWN_OPTION not in output.options:
        return f"nullif({cell}, '')"
    applies = "" if columns.made[column.node].off is None else f" and not {alias}.{quoted(off(column.node))}"
    return f"case when {cell} is null{applies} then '{UNKNOWN_OPTION}' else nullif({cell}, '') end"


def wanted(column: OutputOf, columns: Columns, alias: str) -> str:
    """SQL of an output's canonical text; NULL when it has no value."""
    if not column.node:
        return "null::varchar"
    value = stored(column, columns, alias)
    if column.output.type in NUMERIC:
        places = decimals_of(column.output, columns.made[column.node].scale)
        return f"number_text({value})" if places else f"cast({value} as varchar)"
    return value if column.output.type in (Type.TEXT, Type.LONG_TEXT, Type.MULTI) else f"cast({value} as varchar)"


def found(cell: str, kind: Type, *, time_zone: str) -> str:
    """SQL of the canonical text of a cell as pulled; one that is no such value stays as it is."""
    text = f"nullif(trim({cell}), '')"
    if kind in NUMERIC:
        number = f"case when regexp_full_match({text}, '{DECIMAL}') then try_cast({text} as decimal(38, 12)) end"
        return f"coalesce(number_text({number}), {text})"
    match kind:
        case Type.BOOLEAN:
            return f"lower({text})"
        case Type.DATE | Type.TIMESTAMP:
            return f"coalesce(cast({typed(cell, kind, time_zone=time_zone)} as varchar), {text})"
        case Type.MULTI:
            options = f"list_transform(string_split({text}, ';'), lambda option: trim(option))"
            return f"nullif(array_to_string(list_sort(list_distinct({options})), ';'), '')"
        case _:
            return f"nullif({cell}, '')"
