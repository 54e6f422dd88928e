"""The engine against the plain evaluator: every node of every account, on populations nobody would think of."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.engine.duckdb import DuckDb
from connector.ports import EvaluationRequest
from connector.rules.loading import load, load_texts
from tests.engine.files import as_csv, as_parquet
from tests.engine.populations import AS_OF, COLUMNS, Tables, tables
from tests.engine.two_ways import ZONE, by_engine, by_python

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.rules.ruleset import RuleSet

HERE = Path(__file__).parent
SHIPPED = HERE.parents[1] / "rules"


def kitchen(overrides: dict[str, object]) -> RuleSet:
    return load_texts({"kitchen.yaml": (HERE / "kitchen.yaml").read_bytes()}, overrides)


def shipped(overrides: dict[str, object]) -> RuleSet:
    return load(SHIPPED, overrides)


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
