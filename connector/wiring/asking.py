"""What is asked of the CRM and of the mirror, worked out from rules and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.engine import needs
from connector.model.fields import CATALOGUE, KEY, Table
from connector.ports import PullRequest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from connector.ports import Snapshot
    from connector.rules.ruleset import RuleSet

FOLLOWED = (Table.ACCOUNTS, ("merged_ids",))
"""What the mirror needs beside the rules: which accounts were merged into which."""


def pull_request(rules: RuleSet, fields: Mapping[str, str], *, matched: Collection[str] = ()) -> PullRequest:
    """Ask for what the engine reads: the fields the rules name, those every evaluation needs, and earlier outputs.

    `matched` are the account's fields that tables beside the CRM are matched by; they too must be there.
    """
    columns = {
        table: [column.source for column in needs.columns(table, rules.nodes, rules.outputs).values()]
        for table in sorted(needs.tables(rules.nodes))
    }
    columns[FOLLOWED[0]] += FOLLOWED[1]
    required = _required(fields)
    if by := frozenset(matched) - {KEY[Table.ACCOUNTS]}:
        required[Table.ACCOUNTS] = required.get(Table.ACCOUNTS, frozenset()) | by
    for table, names in required.items():
        columns[table] = [*columns.get(table, ()), *sorted(names)]
    asked = {table: tuple(dict.fromkeys(names)) for table, names in columns.items()}
    return PullRequest(columns=asked, required=required)


def _required(fields: Mapping[str, str]) -> dict[Table, frozenset[str]]:
    """Return the fields a setting names: missing in the CRM they are an error."""
    required: dict[Table, set[str]] = {}
    for name in fields:
        table, dot, column = name.partition(".")
        required.setdefault(Table(table) if dot else _table_of(name), set()).add(column or name)
    return {table: frozenset(names) for table, names in required.items()}


def _table_of(name: str) -> Table:
    """Return the table a bare name belongs to: accounts first, then deals, then tickets; accounts for a new one."""
    for table in (Table.ACCOUNTS, Table.DEALS, Table.TICKETS):
        if name in {field.name for field in CATALOGUE[table]}:
            return table
    return Table.ACCOUNTS


def names(snapshot: Snapshot | None, accounts: Sequence[str]) -> Mapping[str, str]:
    """Return the names of some accounts as the mirror has them."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    if snapshot is None or not accounts:
        return {}
    wanted = pa.array(accounts, pa.string())
    found: dict[str, str] = {}
    for file in snapshot.files.get(Table.ACCOUNTS, ()):
        if "name" in pq.read_schema(file).names:
            rows = pq.read_table(file, columns=["account_id", "name"])
            rows = rows.filter(pc.is_in(rows.column("account_id"), value_set=wanted))
            found |= {row["account_id"]: row["name"] for row in rows.to_pylist() if row["name"]}
    return found
