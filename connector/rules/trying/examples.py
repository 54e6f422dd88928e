"""Running worked examples: their records as tables, and what they expect against what comes out.

An example names only what it is about. Its accounts are connected with the columns it writes, deals always, tickets
and activities when it names them. Shorthands: `times: 80` repeats an account; `won: 2500` gives it one won deal of
that amount, a month old, and `step: -1` each next copy one euro less; `deals`, `tickets`, `activities` inside an
account are its own; `days_ago: 40` stands for the date a record counts by. Expected are outputs (as written to the
CRM) or names (with `unknown`, `not_applicable`), `warnings`, and `counts` of answers over everybody.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from connector.model.fields import CATALOGUE, KEY, Table
from connector.rules.calendar_days import add_months
from connector.rules.cells import UNKNOWN, is_known
from connector.rules.connecting import connect
from connector.rules.python.canonical import canonical, text_of
from connector.rules.python.population import evaluate
from connector.rules.ruleset import needed
from connector.rules.sections.parameters import override

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from connector.rules.cells import Cell
    from connector.rules.ruleset import Example, Node, RuleSet
    from connector.rules.tree import Position

AS_OF = date(2026, 4, 2)
"""The date examples are evaluated on unless they say otherwise."""
ONLY = "A"
"""Id of the account where an example has one."""
DATED = {Table.DEALS: "close_date", Table.TICKETS: "created_at", Table.ACTIVITIES: "started_at"}
SHORT = {"times", "won", "step", "deals", "tickets", "activities"}
Row = dict[str, "str | None"]


class Miss(Struct, frozen=True):
    """One expectation that did not come true."""

    example: str
    at: Position
    account: str
    name: str
    expected: str
    found: str


class Prepared(Struct):
    """An example's records as tables of texts, and which columns are connected."""

    as_of: date
    tables: dict[Table, list[Row]] = field(default_factory=dict)
    available: dict[str, set[str]] = field(default_factory=dict)
    beside: dict[str, list[Row]] = field(default_factory=dict)


def run_example(rules: RuleSet, example: Example, *, language: str = "en") -> list[Miss]:
    """Run one example through the Python evaluator, with its own parameters in force."""
    prepared = prepare(example, rules.tables)
    changed = replace(rules, parameters=override(rules.parameters, example.set)) if example.set else rules
    smaller = replace(changed, nodes=asked_for(example, changed))  # fitting every node would take most of the time
    connected = connect(smaller, prepared.available)
    asked = replace(connected, nodes=asked_for(example, connected))
    cells = evaluate(asked, prepared.tables, as_of=prepared.as_of, language=language, beside=prepared.beside)
    return compare_with(example, connected, cells)


def asked_for(example: Example, rules: RuleSet) -> tuple[Node, ...]:
    """Give the nodes behind what an example expects, in order; of whatever rules are given."""
    fills = {output.output.name: output.node for output in rules.outputs}
    asked = {str(name) for name in _names(example.expect)}
    wanted = {fills.get(name, name) for name in asked} | (
        set(rules.warnings.values()) if "warnings" in asked else set()
    )
    return needed(rules.nodes, wanted)


def _names(expect: object) -> Iterator[object]:
    if isinstance(expect, dict):
        for name, inner in expect.items():
            yield name
            yield from _names(inner)


def prepare(example: Example, tables: Collection[str] = ()) -> Prepared:
    """Write an example's records out as tables; `tables` are those beside the CRM that the rules know."""
    prepared = Prepared(date.fromisoformat(example.as_of) if example.as_of else AS_OF)
    accounts = example.given.get("accounts") or [example.given.get("account") or {}]
    prepared.available = {Table.ACCOUNTS: {"account_id"}, Table.DEALS: {c.name for c in CATALOGUE[Table.DEALS]}}
    prepared.tables = {Table.ACCOUNTS: [], Table.DEALS: []}
    for place, account in enumerate(_rows(accounts)):
        _add_account(prepared, account, ONLY if len(_rows(accounts)) == 1 else f"{place + 1:04}", tables)
    for table in (Table.DEALS, Table.TICKETS, Table.ACTIVITIES, Table.CURRENCY_RATES):
        if table in example.given:
            _add_rows(prepared, table, _rows(example.given[table]), ONLY)
    for name in tables:
        if name in example.given:
            _add_beside(prepared, name, _rows(example.given[name]), ONLY)
    return prepared


def compare_with(example: Example, rules: RuleSet, cells: Mapping[str, Mapping[str, Cell]]) -> list[Miss]:
    """List what is not as expected."""
    reader = _Reader(rules, cells)
    misses = list(_miscounted(example, reader))
    for account, name, expected in _expectations(example, reader):
        found = reader.text(account, name)
        if not _same(found, expected):
            misses.append(Miss(example.name, example.at, account, name, str(expected), str(found)))
    return misses


# ── records ──


def _add_account(prepared: Prepared, account: Mapping[str, Any], default: str, tables: Collection[str]) -> None:
    times, short = int(account.get("times") or 1), {*SHORT, *tables}
    for copy in range(times):
        name = str(account.get("account_id") or default) + (f"-{copy + 1:04}" if times > 1 else "")
        row = {key: _text(value) for key, value in account.items() if key not in short}
        prepared.tables[Table.ACCOUNTS].append({**row, "account_id": name})
        if account.get("won") is not None:
            amount = Decimal(str(account["won"])) + copy * Decimal(str(account.get("step") or 0))
            day = add_months(prepared.as_of, -1).isoformat()
            won = {"amount": str(amount), "close_date": day, "is_won": "true", "is_closed": "true"}
            _add_rows(prepared, Table.DEALS, [won], name)
        for table in (Table.DEALS, Table.TICKETS, Table.ACTIVITIES):
            if table in account:
                _add_rows(prepared, table, _rows(account[table]), name)
        for beside in tables:
            if beside in account:
                _add_beside(prepared, beside, _rows(account[beside]), name)
    prepared.available[Table.ACCOUNTS] |= {key for key in account if key not in short}


def _add_beside(prepared: Prepared, table: str, rows: list[Mapping[str, Any]], account: str) -> None:
    """Add rows of a table beside the CRM; only the columns an example writes are there."""
    found = prepared.beside.setdefault(table, [])
    for given in rows:
        found.append({"account_id": account, **{key: _text(value) for key, value in given.items()}})
        prepared.available.setdefault(table, set()).update(given)


def _add_rows(prepared: Prepared, table: Table, rows: list[Mapping[str, Any]], account: str) -> None:
    found = prepared.tables.setdefault(table, [])
    prepared.available.setdefault(table, {c.name for c in CATALOGUE[table]})
    for given in rows:
        row = {key: _text(value) for key, value in given.items() if key not in {"times", "days_ago"}}
        if given.get("days_ago") is not None:
            day = prepared.as_of - timedelta(days=int(str(given["days_ago"])))
            row[DATED[table]] = day.isoformat() + ("" if table is Table.DEALS else "T12:00:00+00:00")
        for _ in range(int(given.get("times") or 1)):
            name = {KEY[table]: f"{table}-{len(found) + 1:05}"} if table in KEY else {}
            found.append({**name, "account_id": account, **row})


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return ";".join(str(item) for item in value) if isinstance(value, list) else value


# ── expectations ──


class _Reader(Struct, frozen=True):
    rules: RuleSet
    cells: Mapping[str, Mapping[str, Cell]]

    def text(self, account: str, name: str) -> str | None:
        """Give an output as written, or a node's value or state, or the codes of the warnings."""
        row = self.cells.get(account)
        if row is None:
            return "no such account"
        if name == "warnings":
            return ";".join(sorted(code for code, node in self.rules.warnings.items() if row[node] is True)) or None
        for output in self.rules.outputs:
            if output.output.name == name:
                return canonical(row[output.node], output.output) if output.node else None
        if name not in row:
            return "not_configured"
        cell = row[name]
        return text_of(cell) if is_known(cell) else ("unknown" if cell is UNKNOWN else "not_applicable")

    def counts(self, name: str) -> dict[str, int]:
        """Count the answers of everybody."""
        found: dict[str, int] = {}
        for account in self.cells:
            word = str(self.text(account, name))
            found[word] = found.get(word, 0) + 1
        return found


def _miscounted(example: Example, reader: _Reader) -> Iterator[Miss]:
    counts = example.expect.get("counts")
    for name, expected in counts.items() if isinstance(counts, dict) else ():
        found = reader.counts(name)
        for word, number in expected.items():
            if int(number) != found.get(word, 0):
                there = str(found.get(word, 0))
                yield Miss(example.name, example.at, "everybody", f"{name} = {word}", str(number), there)


def _expectations(example: Example, reader: _Reader) -> Iterator[tuple[str, str, object]]:
    for name, expected in example.expect.items():
        if name == "counts":
            continue
        if isinstance(expected, dict):
            yield from ((name, inner, value) for inner, value in expected.items())
        else:
            yield next(iter(reader.cells)) if len(reader.cells) > 1 else ONLY, name, expected


def _same(found: str | None, expected: object) -> bool:
    if expected is None or expected == "":
        return found is None
    if isinstance(expected, list):
        return found == (";".join(sorted(str(item) for item in expected)) or None)
    try:
        return found is not None and Decimal(found) == Decimal(str(expected))
    except InvalidOperation:
        return found == str(expected)
