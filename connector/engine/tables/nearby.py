"""The records of one account and of whom it asks something, read from the mirror's Parquet files without a database.

Its group (parents and their other accounts), the accounts these referred, and everybody's records: the rest of the
population is told by what it comes to (rules.standing). Rows stay text, as in the files; an empty cell is None.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct, field

from connector.engine.tables.picking import SEPARATOR, among, any_of, folded, keys, pick
from connector.model.fields import CATALOGUE, KEY, Table, Type
from connector.rules.python.reading import LOST, Unreadable, read_cell
from connector.rules.ruleset import FactOf, FieldOf, Relation
from connector.rules.tree import Name, Scope
from connector.rules.walk import walk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from connector.ports import Beside, EvaluationRequest
    from connector.rules.ruleset import Node, RuleSet

    Row = dict[str, str | None]

ACCOUNT_ID = KEY[Table.ACCOUNTS]
LINKED = {Table.DEALS: Table.DEAL_ACCOUNTS, Table.TICKETS: Table.TICKET_ACCOUNTS}
READ = (Table.ACCOUNTS, Table.DEALS, Table.TICKETS, Table.ACTIVITIES, Table.CURRENCY_RATES, *LINKED.values())
NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?\Z", re.ASCII)
FAR = Decimal(10**38 - 1)
"""Ids are put in order as numbers where they are; those that are none come last."""


class Nearby(Struct, frozen=True):
    """Rows by table; a deal or ticket names the one account it counts for."""

    tables: dict[Table, list[Row]]
    beside: dict[str, list[Row]] = field(default_factory=dict)


def available(rules: RuleSet, request: EvaluationRequest) -> dict[str, frozenset[str]]:
    """The columns of every table that is connected, those beside the CRM under the rules' names and their own."""
    found = {table.value: _columns(files) for table, files in request.files.items() if table in READ and files}
    for name, asked in request.beside.items():
        if name in rules.tables:
            theirs = _columns(asked.files)
            found[name] = theirs | {ours for ours, column in asked.columns.items() if column in theirs}
    return found


def read(rules: RuleSet, request: EvaluationRequest, account: str) -> Nearby:
    """Read the records; `rules` are connected to the data. Without the account there are none of it."""
    files, facts = request.files, [*_facts(rules.nodes)]
    relations = {fact.relation for fact in facts}
    near = _family(files[Table.ACCOUNTS], account, referred=Relation.REFERRED in relations)
    fields = {node.definition.column for node in rules.nodes if isinstance(node.definition, FieldOf)}
    named = {name for asked in request.beside.values() for name in asked.match.values()}
    wanted = fields | named | {column.name for column in CATALOGUE[Table.ACCOUNTS]}
    tables = {Table.ACCOUNTS: _rows(files[Table.ACCOUNTS], ACCOUNT_ID, near, wanted)}
    for table in (Table.DEALS, Table.TICKETS, Table.ACTIVITIES):
        if table in files and (table is Table.DEALS or table.value in relations):
            tables[table] = [*_records(table, files, near)]
    if Table.CURRENCY_RATES in files:
        tables[Table.CURRENCY_RATES] = _rows(files[Table.CURRENCY_RATES], "", (), {"currency", "valid_from", "rate"})
    beside = {
        name: _beside(name, asked, request, tables[Table.ACCOUNTS], facts)
        for name, asked in request.beside.items()
        if name in rules.tables and name in relations
    }
    return Nearby(tables, beside)


def _facts(nodes: Iterable[Node]) -> Iterator[FactOf]:
    return (node.definition for node in nodes if isinstance(node.definition, FactOf))


def _family(files: Sequence[Path], account: str, *, referred: bool) -> set[str]:
    """The account with everybody it may ask something of: one step up, down or along referrals after another."""
    table = _whole(files, [ACCOUNT_ID, "parent_id", "referred_by"])
    found = new = {account}
    while new:
        steps = _where(table, ACCOUNT_ID, new, "parent_id") | _where(table, "parent_id", new, ACCOUNT_ID)
        if referred:
            steps |= _where(table, "referred_by", new, ACCOUNT_ID)
        new = {step for step in steps if step is not None} - found
        found = found | new
    return found


def _where(table: pa.Table, key: str, wanted: Collection[str], column: str) -> set[str | None]:
    return set(pick(table.column(column), among(table.column(key), wanted)).to_pylist())


# ── records ──


def _records(table: Table, files: Mapping[Table, Sequence[Path]], near: Collection[str]) -> Iterator[Row]:
    """The records that count for these accounts: where the CRM keeps links, they say for whom (domain.md 2.7)."""
    columns = {column.name for column in CATALOGUE[table]}
    links = LINKED.get(table)
    if links is None or links not in files:
        yield from _rows(files[table], ACCOUNT_ID, near, columns)
        return
    named = {"from_id", ACCOUNT_ID, "primary"}
    ours = {str(row["from_id"]) for row in _rows(files[links], ACCOUNT_ID, near, named) if row["from_id"]}
    of: dict[str, list[Row]] = {}
    for row in _rows(files[links], "from_id", ours, named):
        if row[ACCOUNT_ID] is not None:
            of.setdefault(str(row["from_id"]), []).append(row)
    for row in _rows(files[table], KEY[table], ours, columns):
        account, sure = _counts_for(of[str(row[KEY[table]])])
        if account in near:
            yield row | {ACCOUNT_ID: account, "no_primary": "false" if sure else "true"}


def _counts_for(links: Sequence[Row]) -> tuple[str, bool]:
    """The one account of a record, and whether that is sure: it is primary, or there is no other."""
    first = min(links, key=lambda row: (not _primary(row), _order(str(row[ACCOUNT_ID])), str(row[ACCOUNT_ID])))
    sure = any(map(_primary, links)) or len({row[ACCOUNT_ID] for row in links}) == 1
    return str(first[ACCOUNT_ID]), sure


def _primary(row: Row) -> bool:
    return (row.get("primary") or "").strip(" ").lower() == "true"


def _order(text: str) -> Decimal:
    text = text.strip(" ")
    number = Decimal(text) if NUMBER.match(text) else FAR
    return number if abs(number) < FAR else FAR


# ── tables beside the CRM ──


def _beside(
    name: str, asked: Beside, request: EvaluationRequest, accounts: Sequence[Row], facts: Iterable[FactOf]
) -> list[Row]:
    """The rows matched to each account; one lost row where nobody can tell which are its own (engine.beside)."""
    fields = asked.match.values()
    own = {str(row[ACCOUNT_ID]): _joined([_part(row.get(field), field) for field in fields]) for row in accounts}
    if asked.too_old:
        return [{ACCOUNT_ID: account, LOST: "true"} for account in own]
    wanted = {key for key in own.values() if key is not None}
    holders = _holders(asked, request, wanted)
    table = _whole(asked.files, sorted(_columns(asked.files)))
    table = pick(table, among(_keys(table, asked.match), wanted))
    rows: dict[str, list[Row]] = {}
    for key, row in zip(_keys(table, asked.match).to_pylist(), table.to_pylist(), strict=True):
        rows.setdefault(key, []).append(row)
    ours = _row_names(name, facts)
    found: list[Row] = []
    for account, key in own.items():
        if key is None or (holders[key] > 1 and key in rows):
            found.append({ACCOUNT_ID: account, LOST: "true"})
        elif holders[key] == 1:
            found += [_named(row, ours, asked.columns) | {ACCOUNT_ID: account} for row in rows.get(key, ())]
    return found


def _named(row: Row, names: Iterable[str], theirs: Mapping[str, str]) -> Row:
    return {name: row.get(theirs.get(name, name)) for name in names}


def _row_names(name: str, facts: Iterable[FactOf]) -> list[str]:
    """The columns of a table that facts ask for."""
    asked = (e for fact in facts if fact.relation == name for e in (fact.value, fact.where) if e is not None)
    found = {part.name for e in asked for part in walk(e) if isinstance(part, Name) and part.scope is Scope.ROW}
    return sorted(found)


def _holders(asked: Beside, request: EvaluationRequest, wanted: Collection[str]) -> Counter[str]:
    """How many accounts there are by then with each of these keys."""
    files, zone = request.files[Table.ACCOUNTS], ZoneInfo(request.time_zone)
    fields = dict.fromkeys([*asked.match.values(), ACCOUNT_ID, "created_at"])
    table = _whole(files, [name for name in fields if name in _columns(files)])
    all_keys = _keys(table, {field: field for field in asked.match.values()})
    mask = among(all_keys, wanted)
    made = pick(table, mask).to_pylist()
    there = zip(pick(all_keys, mask).to_pylist(), made, strict=True)
    return Counter(key for key, row in there if row[ACCOUNT_ID] and not _later(row.get("created_at"), request, zone))


def _later(text: str | None, request: EvaluationRequest, zone: ZoneInfo) -> bool:
    try:
        made = read_cell(text, Type.TIMESTAMP, time_zone=zone)
    except Unreadable:
        return False
    return isinstance(made, date) and made > request.as_of


def _part(text: str | None, field: str) -> str | None:
    text = (text or "").strip(" ")
    return (text if field == ACCOUNT_ID else folded(text)) or None


def _joined(parts: Sequence[str | None]) -> str | None:
    return None if None in parts else SEPARATOR.join(part or "" for part in parts)


def _keys(table: pa.Table, match: Mapping[str, str]) -> pa.ChunkedArray:
    """The text that rows are matched by: of their columns, or of our fields; null where a part is empty."""
    return keys([table.column(column) for column in match], exact=[ours == ACCOUNT_ID for ours in match.values()])


# ── files ──


def _columns(files: Sequence[Path]) -> frozenset[str]:
    return frozenset(name for file in files for name in pq.read_schema(file).names)


def _whole(files: Sequence[Path], columns: Sequence[str]) -> pa.Table:
    """These columns of all rows; one that a file lacks is empty there."""
    schema = pa.schema([(name, pa.string()) for name in columns])
    tables = []
    for file in files:
        with pq.ParquetFile(file) as parquet:
            there = [name for name in columns if name in parquet.schema_arrow.names]
            table = parquet.read(columns=there, use_threads=False)
        for name in columns:
            if name not in there:
                table = table.append_column(name, pa.nulls(table.num_rows, pa.string()))
        table = table.select(list(columns))
        tables.append(table if table.schema.equals(schema) else table.cast(schema))
    return pa.concat_tables(tables)


def _rows(files: Sequence[Path], key: str, wanted: Collection[str], columns: Collection[str]) -> list[Row]:
    """The rows of some keys, or all of them without a key; only row groups that hold some are read."""
    found: list[Row] = []
    for file in files:
        with pq.ParquetFile(file) as parquet:
            there = [name for name in parquet.schema_arrow.names if name in columns]
            for number in range(parquet.num_row_groups):
                mask = None
                if key:
                    mask = among(parquet.read_row_group(number, columns=[key], use_threads=False).column(0), wanted)
                    if not any_of(mask):
                        continue
                group = parquet.read_row_group(number, columns=there, use_threads=False)
                found += (group if mask is None else pick(group, mask)).to_pylist()
    empty = dict.fromkeys(columns)
    return [empty | {name: text if text and text.strip(" ") else None for name, text in row.items()} for row in found]
