"""Which columns of which tables an evaluation reads: what the rules name, what the engine needs, what is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.engine.tables.deals import MADE, NEEDED
from connector.engine.tables.preparing import LINKS
from connector.engine.tables.reading import Column
from connector.model.fields import CATALOGUE, Table, Type
from connector.model.outputs import OURS
from connector.rules.ruleset import FactOf, FieldOf
from connector.rules.tree import Name, Scope
from connector.rules.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connector.rules.ruleset import Node, OutputOf

ACCOUNT = {
    "account_id": Type.TEXT,
    "parent_id": Type.TEXT,
    "referred_by": Type.TEXT,
    "created_at": Type.TIMESTAMP,
    "name": Type.TEXT,
    "owner_id": Type.TEXT,
}
EVENTS = {
    Table.TICKETS: {"ticket_id": Type.TEXT, "account_id": Type.TEXT, "created_at": Type.TIMESTAMP},
    Table.ACTIVITIES: {"activity_id": Type.TEXT, "account_id": Type.TEXT},
    Table.CURRENCY_RATES: {"currency": Type.TEXT, "valid_from": Type.DATE, "rate": Type.RATE},
    Table.DEAL_ACCOUNTS: {"from_id": Type.TEXT, "account_id": Type.TEXT, "primary": Type.BOOLEAN},
    Table.TICKET_ACCOUNTS: {"from_id": Type.TEXT, "account_id": Type.TEXT, "primary": Type.BOOLEAN},
}
"""What the engine reads of a table whatever the rules ask."""


READ = frozenset({Table.ACCOUNTS, Table.DEALS, *EVENTS})
"""The tables an evaluation can read."""
ALWAYS_THERE = frozenset({"account_id", "hierarchy_broken", "unreadable"})
"""Columns of the accounts that the engine makes whatever is asked."""


def tables(nodes: Iterable[Node]) -> frozenset[Table]:
    """The tables that are read: accounts, deals and rates always, others when a fact is over them."""
    asked = {Table.ACCOUNTS, Table.DEALS, Table.DEAL_ACCOUNTS, Table.CURRENCY_RATES}
    for node in nodes:
        if isinstance(node.definition, FactOf) and node.definition.relation in set(Table):
            table = Table(node.definition.relation)
            asked |= {table, LINKS.get(table, table)}
    return frozenset(asked)


def columns(table: Table, nodes: Iterable[Node], outputs: Iterable[OutputOf]) -> dict[str, Column]:
    """The typed columns to make of a table, by name."""
    if table is Table.ACCOUNTS:
        return {column.name: column for column in (*_plain(ACCOUNT), *_fields(nodes), *_found(outputs))}
    always = NEEDED | _mirrored(outputs) if table is Table.DEALS else EVENTS[table]
    known = {field.name: field.type for field in CATALOGUE[table]}
    named = {name: known.get(name, Type.TEXT) for name in records(table, nodes)}
    return {column.name: column for column in (*_plain(named), *_plain(always))}


def records(table: Table, nodes: Iterable[Node]) -> list[str]:
    """The columns of a related table that facts name."""
    found = {
        part.name
        for node in nodes
        if isinstance(node.definition, FactOf) and node.definition.relation == table.value
        for expression in (node.definition.value, node.definition.where)
        if expression is not None
        for part in walk(expression)
        if isinstance(part, Name) and part.scope is Scope.ROW
    }
    return sorted(found - MADE if table is Table.DEALS else found)


def _plain(types: Mapping[str, Type]) -> Iterator[Column]:
    return (Column(name, name, kind) for name, kind in types.items())


def _fields(nodes: Iterable[Node]) -> Iterator[Column]:
    """Outputs of an earlier run may be read too: what is wrong with them is nothing a person should mend."""
    inputs = {field.name for field in CATALOGUE[Table.ACCOUNTS]}
    for node in nodes:
        field = node.definition
        if isinstance(field, FieldOf) and field.column not in ALWAYS_THERE:
            ours = field.column.startswith(OURS) and field.column not in inputs
            yield Column(read_as(node), field.column, node.type, lenient=ours)


def read_as(node: Node) -> str:
    """Name the column a field node is read into, so that two fields may read one column differently."""
    column = node.definition.column if isinstance(node.definition, FieldOf) else ""
    return column if column in ALWAYS_THERE else f"field {node.name}"


def found_as(output: str) -> str:
    """Name the column that holds an output's value as pulled, in its own words."""
    return f"found {output}"


def _found(outputs: Iterable[OutputOf]) -> Iterator[Column]:
    return (Column(found_as(o.output.name), o.output.name, Type.TEXT) for o in outputs)


def _mirrored(outputs: Iterable[OutputOf]) -> dict[str, Type]:
    return {"is_closed": Type.BOOLEAN} | {o.output.on_deals: Type.TEXT for o in outputs if o.output.on_deals}
