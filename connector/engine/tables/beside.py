"""Tables beside the CRM: their rows matched to accounts, and what could not be matched.

A row counts for the one account whose key is the same; without a key, or with one nobody has, it counts for nobody.
An account whose rows cannot be told from others' (no key of its own, or one that it shares), and every account while
the table is too old, gets one row that is `@lost`: facts over it are unknown there, not 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from connector.engine.tables.preparing import G, K
from connector.engine.tables.reading import Column, let_go, load
from connector.engine.tables.sources import find, quoted
from connector.errors import UsageError
from connector.model.fields import Type
from connector.model.meant import near
from connector.ports import Matched
from connector.rules.ruleset import FactOf
from connector.rules.tree import Name, Scope
from connector.rules.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from duckdb import DuckDBPyConnection

    from connector.engine.tables.sources import Source
    from connector.model.runs import Reason
    from connector.ports import Beside, EvaluationRequest
    from connector.rules.ruleset import Node, RuleSet

LOST = '"@lost"'
ID = "account_id"


class Attached(Struct, frozen=True):
    """One table beside the CRM: what was asked for and where it lies."""

    name: str
    asked: Beside
    source: Source

    @property
    def columns(self) -> frozenset[str]:
        """The columns of the rules that are there, under the rules' names."""
        named = {ours for ours, theirs in self.asked.columns.items() if theirs in self.source.columns}
        return frozenset({*named, *self.source.columns})


def beside(relation: str) -> str:
    """Name the prepared rows of a table beside the CRM."""
    return quoted(f"beside {relation}")


def attach(
    db: DuckDBPyConnection, rules: RuleSet, request: EvaluationRequest, accounts: Iterable[str]
) -> dict[str, Attached]:
    """Look at the headers; UsageError naming the table when a column that was named is not there."""
    found: dict[str, Attached] = {}
    for name, asked in request.beside.items():
        if name in rules.tables:
            source = replace(find(db, name, asked.files), named_by=tuple(asked.match))
            _refuse_missing(name, source, [*asked.match, *asked.columns.values()])
            _refuse_unknown_fields(name, asked, accounts)
            found[name] = Attached(name, asked, source)
    return found


def used(tables: Mapping[str, Attached], nodes: Iterable[Node]) -> dict[str, Attached]:
    """The tables that facts are over."""
    relations = {node.definition.relation for node in nodes if isinstance(node.definition, FactOf)}
    return {name: table for name, table in tables.items() if name in relations}


def account_columns(tables: Iterable[Attached]) -> dict[str, Column]:
    """The columns of the account that rows are matched by."""
    fields = {field for table in tables for field in table.asked.match.values()}
    return {_own(field): Column(_own(field), field, Type.TEXT) for field in sorted(fields - {ID})}


def read(
    db: DuckDBPyConnection, table: Attached, rules: RuleSet, nodes: Iterable[Node], *, time_zone: str
) -> list[Reason]:
    """Make the typed rows of a table; returns what could not be read."""
    theirs, types = table.asked.columns, rules.tables[table.name]
    named = {_theirs(column): Column(_theirs(column), column, Type.TEXT) for column in table.asked.match}
    asked = sorted({*_asked(table.name, nodes)})
    columns = named | {name: Column(name, theirs.get(name, name), types[name]) for name in asked}
    return load(db, table.source, columns, time_zone=time_zone)


def match(db: DuckDBPyConnection, table: Attached, nodes: Iterable[Node]) -> Matched:
    """Make the rows facts are over, and count what was matched."""
    name, raw = table.name, quoted(f"read_{table.name}")
    keys, columns = quoted(f"keys {name}"), sorted({*_asked(name, nodes)})
    db.execute(
        f"create table {keys} as select {_key(table, 'a', mine=True)} as key, min({K}) as {K}, min({G}) as {G}, "
        f"count(*) as accounts from account a group by key"
    )
    kept = "".join(f", r.{quoted(column)}" for column in columns)
    none = "".join(f", null as {quoted(column)}" for column in columns)
    rows = f"(select *, {_key(table, 'r', mine=False)} as key from {raw} r)"
    shared = f"(select distinct r.key from {rows} r join {keys} k on k.key = r.key where k.accounts > 1)"
    lost = "true" if table.asked.too_old else f"key is null or key in {shared}"
    one = "false" if table.asked.too_old else "k.accounts = 1"
    db.execute(
        f"create table {beside(name)} as "
        f"select k.{K}, k.{G}, false as {LOST}, r.unreadable is not null as unreadable{kept} "
        f"from {rows} r join {keys} k on k.key = r.key where {one} union all by name "
        f"select {K}, {G}, true as {LOST}, false as unreadable{none} "
        f"from (select *, {_key(table, 'a', mine=True)} as key from account a) where {lost}"
    )
    matched = _count(db, rows, keys, too_old=table.asked.too_old, name=name)
    let_go(db, name)
    return matched


def _count(db: DuckDBPyConnection, rows: str, keys: str, *, too_old: bool, name: str) -> Matched:
    found = db.execute(
        "select count(*), count(*) filter (where k.accounts = 1), count(*) filter (where k.accounts > 1), "
        f"count(distinct k.{K}) filter (where k.accounts = 1) from {rows} r left join {keys} k on k.key = r.key"
    ).fetchone()
    without = db.execute(f"select coalesce(sum(accounts), 0) from {keys} where key is null").fetchone()
    counts = [int(value) for value in (*(found or ()), *(without or ()))]
    total, matched, ambiguous, accounts, keyless = counts
    return Matched(name, total, matched, total - matched - ambiguous, ambiguous, accounts, keyless, too_old=too_old)


def one_sided(db: DuckDBPyConnection, table: Attached) -> str | None:
    """SQL of the accounts whose rows are not those of the run before; None without one to compare with."""
    if not table.asked.before:
        return None
    then = find(db, table.name, table.asked.before)
    shared = [quoted(column) for column in table.source.columns if column in then.columns]
    if not set(table.asked.match) <= set(then.columns):
        return None
    cells = ", ".join(f"{column}::varchar as {column}" for column in shared)
    one, other = (f"select {cells} from {source.scan()}" for source in (table.source, then))
    moved = f"(({one} except all {other}) union all ({other} except all {one}))"
    mine = f"(select account_id, {_key(table, 'a', mine=True)} as key from account a)"
    return f"select m.account_id from {moved} r join {mine} m on m.key = {_key(table, 'r', mine=False, raw=True)}"


def _key(table: Attached, alias: str, *, mine: bool, raw: bool = False) -> str:
    """SQL of the text two rows are matched by, NULL when a part is empty; ids as they are, others without case."""
    parts = []
    for column, field in table.asked.match.items():
        named = (field if field == ID else _own(field)) if mine else (column if raw else _theirs(column))
        cell = f"trim({alias}.{quoted(named)}::varchar)"
        parts.append(f"nullif({cell if field == ID else f'lower({cell})'}, '')")
    return " || chr(31) || ".join(parts)


def _own(field: str) -> str:
    return f"match {field}"


def _theirs(column: str) -> str:
    return f"match {column}"


def _asked(relation: str, nodes: Iterable[Node]) -> Iterator[str]:
    for node in nodes:
        fact = node.definition
        if isinstance(fact, FactOf) and fact.relation == relation:
            for expression in (fact.value, fact.where):
                parts = walk(expression) if expression is not None else ()
                yield from (part.name for part in parts if isinstance(part, Name) and part.scope is Scope.ROW)


def _refuse_missing(name: str, source: Source, named: Iterable[str]) -> None:
    for column in named:
        if column not in source.columns:
            hint = near(column, source.columns) or f"it has: {', '.join(source.columns)}"
            raise UsageError(f"tables.{name}: {source.files[0].name} has no column {column!r}", hint=hint)


def _refuse_unknown_fields(name: str, asked: Beside, accounts: Iterable[str]) -> None:
    known = {*accounts, ID}
    for field in asked.match.values():
        if field not in known:
            hint = near(field, known) or "match = {their column = our account field}"
            raise UsageError(f"tables.{name}: the accounts have no field {field!r}", hint=hint)
