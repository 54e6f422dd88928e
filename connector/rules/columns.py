"""The columns of the tables as formulas see them, and what an evaluation adds to them."""

from __future__ import annotations

from msgspec import Struct

from connector.model.fields import CATALOGUE, Table, Type


class Column(Struct, frozen=True):
    """A column as a formula sees it."""

    type: Type
    options: tuple[str, ...] = ()


EXTRA_DEAL_COLUMNS = {
    "currency_unknown": Column(Type.BOOLEAN),
    "amount_invalid": Column(Type.BOOLEAN),
    "no_primary": Column(Type.BOOLEAN),
}
EXTRA_ACCOUNT_COLUMNS = {"hierarchy_broken": Column(Type.BOOLEAN), "unreadable": Column(Type.BOOLEAN)}
NEVER_EMPTY = frozenset(
    {
        *EXTRA_DEAL_COLUMNS,
        *EXTRA_ACCOUNT_COLUMNS,
        "is_won",
        "is_closed",
        "is_renewal",
        "recurring",
        "deal_id",
        "account_id",
    }
)
"""Columns that always hold a value (see ruleset.FactOf)."""


def columns_of(table: Table) -> dict[str, Column]:
    """Give the columns of a table, timestamps as days (tree.py), with those the engine adds."""
    found = {f.name: Column(Type.DATE if f.type is Type.TIMESTAMP else f.type) for f in CATALOGUE[table]}
    if table is Table.DEALS:
        found |= EXTRA_DEAL_COLUMNS
    if table is Table.ACCOUNTS:
        found |= EXTRA_ACCOUNT_COLUMNS
    return found
