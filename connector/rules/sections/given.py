"""What an example gives: tables and columns that exist, and whole shorthands; else it would try something else."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from connector.model.fields import CATALOGUE, Table
from connector.rules.columns import EXTRA_ACCOUNT_COLUMNS, EXTRA_DEAL_COLUMNS
from connector.rules.ruleset import FieldOf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.rules.binding.names import Names
    from connector.rules.ruleset import Example

OWNED = (Table.DEALS, Table.TICKETS, Table.ACTIVITIES)
"""Tables whose records may also stand inside their account."""
WHOLE = ("times", "days_ago")
AMOUNTS = ("won", "step")


def columns_by_table(names: Names) -> dict[str, frozenset[str]]:
    """Give what each table of an example may hold; an account also what a field reads, and the shorthands."""
    found = {str(table): {column.name for column in columns} for table, columns in CATALOGUE.items()}
    read = {node.definition.column for node in names.nodes.values() if isinstance(node.definition, FieldOf)}
    found[Table.ACCOUNTS] |= {*EXTRA_ACCOUNT_COLUMNS, *read, *OWNED, *names.tables, "times", *AMOUNTS}
    found[Table.DEALS] |= EXTRA_DEAL_COLUMNS.keys()
    for table in OWNED:
        found[table] |= set(WHOLE)
    return {table: frozenset(columns) for table, columns in found.items()}


def check_given(example: Example, names: Names, columns: Mapping[str, frozenset[str]]) -> None:
    """Note a table or column that does not exist, and a shorthand that is no number."""
    tables = {"account", *columns, *names.tables}
    for table in example.given:
        if table not in tables:
            names.problems.unknown(example.at, "table of an example", table, tables)
    for table, row in _rows({table: given for table, given in example.given.items() if table in tables}):
        allowed = columns.get(table, frozenset(names.tables.get(table, ())))
        for column, value in row.items():
            if column not in allowed and not names.broken:  # a field that reads it may have a mistake told already
                names.problems.unknown(example.at, f"column of {table}", column, allowed)
            if not _counts(column, value):
                names.problems.add(example.at, f"{column}: '{value}' is not a {_meant(column)}")


def _rows(given: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Give every record with its table, those inside an account too."""
    for key, value in given.items():
        table = str(Table.ACCOUNTS) if key == "account" else key
        for row in value if isinstance(value, list) else [value]:
            if isinstance(row, dict):
                yield table, row
                if table == Table.ACCOUNTS:
                    yield from _rows({inner: part for inner, part in row.items() if isinstance(part, list)})


def _counts(column: str, value: object) -> bool:
    """Tell whether a shorthand can be counted with; every other cell may hold anything, as in a file."""
    if value is None or column not in {*WHOLE, *AMOUNTS}:
        return True
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return False
    return number.is_finite() and (column in AMOUNTS or number == number.to_integral_value())


def _meant(column: str) -> str:
    return "whole number" if column in WHOLE else "number"
