"""What the rules say in DuckDB's SQL can be read back, and said to a larger engine."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import sqlglot

from connector.engine.nodes.columns import Columns
from connector.rules.calendar_days import window_start
from connector.rules.loading import load
from connector.rules.ruleset import FormulaOf
from connector.rules.sql.render import Givens, Renderer
from connector.rules.sql.words import Rendered, column

AS_OF = date(2026, 4, 2)
RULES = load(Path(__file__).parents[2] / "rules")


def test_every_formula_of_the_shipped_rules_is_understood_and_can_be_written_for_spark() -> None:
    givens = Givens(AS_OF, window_start(AS_OF, RULES.parameters), "v", "EUR", "en", RULES.parameters)
    columns = Columns({node.name: node for node in RULES.nodes})
    columns.made = {node.name: Rendered(column(node.name), scale=2) for node in RULES.nodes}
    render = Renderer(givens, lambda name: columns.made[name.name])
    formulas = [node for node in RULES.nodes if isinstance(node.definition, FormulaOf)]
    assert len(formulas) > len(RULES.nodes) // 3
    for node in formulas:
        assert isinstance(node.definition, FormulaOf)
        read = sqlglot.parse_one(f"select {render(node.definition.expression).value}", read="duckdb")
        assert read.sql("duckdb").lower().startswith("select")
        assert read.sql("spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
