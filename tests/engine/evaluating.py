"""Evaluate a few rows in memory: what most tests of the engine start from."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

from connector.engine.duckdb import DuckDb
from connector.model.fields import Table
from connector.ports import EvaluationRequest
from tests.engine.files import as_csv

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from connector.engine.answers.evaluation import DuckDbEvaluation
    from connector.rules.ruleset import RuleSet

AS_OF = date(2026, 4, 1)
Rows: TypeAlias = "Sequence[Mapping[str, str | None]]"


def request(
    folder: Path,
    tables: Mapping[Table, Rows],
    *,
    as_of: date = AS_OF,
    before: Mapping[Table, tuple[Path, ...]] | None = None,
) -> EvaluationRequest:
    """Write the rows as CSV and ask for them, with the columns each table's rows have."""
    empty: dict[Table, Rows] = {Table.ACCOUNTS: (), Table.DEALS: ()}
    written = empty | dict(tables)
    files = as_csv(folder, written, {table: _columns(table, rows) for table, rows in written.items()})
    return EvaluationRequest(files, as_of, "Europe/Amsterdam", "EUR", "en", before or {})


@contextmanager
def evaluated(rules: RuleSet, asked: EvaluationRequest) -> Iterator[DuckDbEvaluation]:
    """An evaluation that is closed afterwards."""
    evaluation = DuckDb().evaluate(rules, asked, lambda *_: None)
    try:
        yield evaluation
    finally:
        evaluation.close()


def values(rules: RuleSet, asked: EvaluationRequest, output: str) -> dict[str, str | None]:
    """One output of every account."""
    with evaluated(rules, asked) as evaluation:
        return {verdict.account: verdict.values[output] for verdict in evaluation.verdicts()}


def _columns(table: Table, rows: Rows) -> list[str]:
    least = {
        Table.ACCOUNTS: ["account_id"],
        Table.DEALS: ["deal_id", "account_id", "is_won", "is_closed", "amount", "close_date"],
        Table.DEAL_ACCOUNTS: ["from_id", "account_id", "primary"],
    }
    return list(dict.fromkeys([*least.get(table, []), *(name for row in rows for name in row)]))
