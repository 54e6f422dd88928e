"""A population evaluated by the engine and in plain Python: every node of every account, as it can be compared."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from connector.engine.duckdb import DuckDb
from connector.engine.nodes.columns import off
from connector.engine.tables import needs
from connector.engine.tables.sources import quoted
from connector.model.fields import Table, Type
from connector.ports import EvaluationRequest
from connector.rules.cells import IDLE, UNKNOWN, Cell
from connector.rules.connecting import connect
from connector.rules.python.population import evaluate
from tests.engine.files import as_csv, as_parquet
from tests.engine.populations import AS_OF, COLUMNS, Tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from connector.engine.answers.evaluation import DuckDbEvaluation
    from connector.model.verdicts import Explanation
    from connector.rules.ruleset import RuleSet

    Columns = Mapping[Table, Sequence[str]]

ZONE = "Europe/Amsterdam"


def by_engine(rules: RuleSet, population: Tables, *, parquet: bool, language: str) -> dict[str, dict[str, Cell]]:
    with tempfile.TemporaryDirectory() as folder:
        write = as_parquet if parquet else as_csv
        files = write(Path(folder), population, COLUMNS)
        request = EvaluationRequest(files, AS_OF, ZONE, "EUR", language, keep_all=True)
        evaluation = DuckDb().evaluate(rules, request, lambda *_: None)
        try:
            return cells_of(evaluation)
        finally:
            evaluation.close()


def cells_of(evaluation: DuckDbEvaluation) -> dict[str, dict[str, Cell]]:
    """Every node of every account, from an evaluation that kept them all."""
    published = evaluation.published
    made = published.columns.made
    cells = [published.cell(name) for name in made]
    offs = [
        f"{published.cell(name).split('.')[0]}.{quoted(off(name))}" if made[name].off is not None else "false"
        for name in made
    ]
    found = {}
    query = f"select a.account_id, {', '.join([*cells, *offs])} from {published.subjects}"
    for account, *values in published.rows(query):
        both = zip(values, values[len(made) :], strict=False)
        types = [published.columns.nodes[name].type for name in made]
        found[account] = {n: _cell(v, o, k) for n, k, (v, o) in zip(made, types, both, strict=False)}
    return found


def _cell(value: Any, idle: object, kind: Type) -> Cell:
    if value is None:
        return IDLE if idle else UNKNOWN
    assert not idle, "a value that is known applies"
    if kind is Type.MULTI:
        return tuple(part for part in str(value).split(";") if part)
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def by_python(
    rules: RuleSet, population: Tables, *, language: str, columns: Columns = COLUMNS, as_of: date = AS_OF
) -> dict[str, dict[str, Cell]]:
    """Every node; tables no rule asks for are not read, so nothing in them is unreadable."""
    connected = connect(rules, {table.value: columns[table] for table in population})
    read = {table: rows for table, rows in population.items() if table in needs.tables(connected.nodes)}
    return evaluate(connected, read, as_of=as_of, time_zone=ZONE, language=language)


def differing(one: Explanation, other: Explanation) -> dict[str, object]:
    """What one tells and the other does not; the order of the values is that of the rules here, of the work there."""
    here, there = ({node.name: node for node in found.nodes} for found in (one, other))
    found: dict[str, object] = {}
    if replace(one, nodes=()) != replace(other, nodes=()):
        found["verdict"] = one.verdict, other.verdict
    return found | {n: (here.get(n), there.get(n)) for n in here | there if here.get(n) != there.get(n)}
