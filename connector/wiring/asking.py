"""What is asked of the CRM, worked out from rules and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.engine.tables import needs
from connector.errors import UsageError
from connector.model.fields import CATALOGUE, KEY, Table
from connector.model.meant import near
from connector.ports import PullRequest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

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
    mirrored = {each.output.on_deals for each in rules.outputs}
    made = {each.output.name for each in rules.outputs} | mirrored
    if bare := next((name for name in fields if name in mirrored), None):
        raise UsageError(f"[fields] {bare}: it is a property of deals", hint=f'write it as "deals.{bare}"')
    _refuse_unknown(fields, made, {*matched, *(name for names in columns.values() for name in names)})
    required = _required(name for name in fields if name.rpartition(".")[2] not in made)
    if by := frozenset(matched) - {KEY[Table.ACCOUNTS]}:
        required[Table.ACCOUNTS] = required.get(Table.ACCOUNTS, frozenset()) | by
    for table, names in required.items():
        columns[table] = [*columns.get(table, ()), *sorted(names)]
    asked = {table: tuple(dict.fromkeys(names)) for table, names in columns.items()}
    return PullRequest(columns=asked, required=required)


def _refuse_unknown(fields: Mapping[str, str], made: Collection[str], asked: Collection[str]) -> None:
    """Raise UsageError for a name of `[fields]` that nothing here reads or writes: it would do nothing, silently."""
    known = {*asked, *made, *(field.name for table in CATALOGUE.values() for field in table)}
    for name in fields:
        table, dot, column = name.partition(".")
        if dot and table not in set(Table):
            tables = ", ".join(sorted(Table))
            raise UsageError(f"[fields] {name}: there is no table {table!r}", hint=f"the tables are {tables}")
        if (column or name) not in known:
            hint = near(column or name, sorted(known)) or "`tiersync docs fields` lists the fields"
            raise UsageError(f"[fields] {name}: there is no such field, and no rule reads one", hint=hint)


def _required(fields: Iterable[str]) -> dict[Table, frozenset[str]]:
    """Return the fields a setting names, but for outputs, which `provision` makes: missing they are an error."""
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
