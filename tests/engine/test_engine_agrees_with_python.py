"""The engine against the plain evaluator: every node of every account, on populations nobody would think of."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.engine.duckdb import DuckDb
from connector.engine.nodes.columns import off
from connector.engine.tables import needs
from connector.engine.tables.sources import quoted
from connector.model.fields import Type
from connector.ports import EvaluationRequest
from connector.rules.cells import IDLE, UNKNOWN, Cell
from connector.rules.connecting import connect
from connector.rules.loading import load, load_texts
from connector.rules.python.population import evaluate
from tests.engine.files import as_csv, as_parquet
from tests.engine.populations import AS_OF, COLUMNS, Tables, tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.engine.answers.evaluation import DuckDbEvaluation
    from connector.rules.ruleset import RuleSet

HERE = Path(__file__).parent
SHIPPED = HERE.parents[1] / "rules"
ZONE = "Europe/Amsterdam"


def kitchen(overrides: dict[str, object]) -> RuleSet:
    return load_texts({"kitchen.yaml": (HERE / "kitchen.yaml").read_bytes()}, overrides)


def shipped(overrides: dict[str, object]) -> RuleSet:
    return load(SHIPPED, overrides)


def by_engine(rules: RuleSet, population: Tables, *, parquet: bool, language: str) -> dict[str, dict[str, Cell]]:
    with tempfile.TemporaryDirectory() as folder:
        write = as_parquet if parquet else as_csv
        files = write(Path(folder), population, COLUMNS)
        request = EvaluationRequest(files, AS_OF, ZONE, "EUR", language, keep_all=True)
        evaluation = DuckDb().evaluate(rules, request, lambda *_: None)
        try:
            return _cells(evaluation)
        finally:
            evaluation.close()


def _cells(evaluation: DuckDbEvaluation) -> dict[str, dict[str, Cell]]:
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


def by_python(rules: RuleSet, population: Tables, *, language: str) -> dict[str, dict[str, Cell]]:
    """Every node; tables no rule asks for are not read, so nothing in them is unreadable."""
    connected = connect(rules, {table.value: COLUMNS[table] for table in population})
    read = {table: rows for table, rows in population.items() if table in needs.tables(connected.nodes)}
    return evaluate(connected, read, as_of=AS_OF, time_zone=ZONE, language=language)


@pytest.mark.parametrize("rules", [kitchen, shipped])
@settings(settings.get_profile("engine"))
@given(population=tables(), data=st.data())
def test_every_node_of_every_account_is_what_plain_python_says(
    rules: Callable[[dict[str, object]], RuleSet], population: Tables, data: st.DataObject
) -> None:
    overrides: dict[str, object] = {
        "window": data.draw(st.sampled_from(["trailing_12_months", "calendar_year", "fiscal_year"])),
        "rollup": data.draw(st.sampled_from(["ultimate_parent", "none"])),
        "sales_pipelines": data.draw(st.sampled_from(["", "default"])),
    }
    ruleset, language = rules(overrides), data.draw(st.sampled_from(["en", "nl"]))
    expected = by_python(ruleset, population, language=language)
    found = by_engine(ruleset, population, parquet=data.draw(st.booleans()), language=language)
    assert found.keys() == expected.keys()
    for account, cells in found.items():
        assert {n: c for n, c in cells.items() if c != expected[account][n]} == {}, account


@settings(settings.get_profile("engine"))
@given(population=tables(), data=st.data())
def test_neither_the_order_of_rows_nor_the_kind_of_file_changes_a_byte(population: Tables, data: st.DataObject) -> None:
    mixed = {table: data.draw(st.permutations(rows)) for table, rows in population.items()}
    assert _lines(population, parquet=False) == _lines(mixed, parquet=True)


def _lines(population: Tables, *, parquet: bool) -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        files = (as_parquet if parquet else as_csv)(Path(folder), population, COLUMNS)
        request = EvaluationRequest(files, AS_OF, ZONE, "EUR", "nl")
        evaluation = DuckDb().evaluate(shipped({}), request, lambda *_: None)
        try:
            return list(evaluation.json_lines())
        finally:
            evaluation.close()
