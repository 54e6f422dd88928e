"""The population engine: rules over Parquet or CSV files of text columns, set-wise in one in-memory DuckDB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from connector.engine import needs
from connector.engine.building import Builder
from connector.engine.columns import Columns
from connector.engine.deals import deals
from connector.engine.evaluation import DuckDbEvaluation
from connector.engine.functions import define
from connector.engine.pictures import MISSING, is_line
from connector.engine.preparing import Situation, accounts, events, mark_unreadable, referrals
from connector.engine.published import Published
from connector.engine.reading import load
from connector.engine.sources import find
from connector.engine.stages import in_stages, needed
from connector.errors import UsageError
from connector.model.fields import Table
from connector.rules.calendar import window_of
from connector.rules.sql import Givens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duckdb import DuckDBPyConnection

    from connector.engine.sources import Source
    from connector.model.runs import Reason
    from connector.ports import EvaluationRequest, Progress
    from connector.rules.ruleset import Node, RuleSet

SETTINGS: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "2GB", "preserve_insertion_order": "true"}


class DuckDb:
    """The port `Engine`."""

    def evaluate(self, rules: RuleSet, request: EvaluationRequest, progress: Progress) -> DuckDbEvaluation:
        """Read, prepare and work out every node; raises UsageError when files or columns are not what they must be."""
        db = duckdb.connect(":memory:", config=SETTINGS)
        try:
            return _evaluate(db, rules, request, progress)
        except BaseException:
            db.close()
            raise


def _evaluate(
    db: DuckDBPyConnection, rules: RuleSet, request: EvaluationRequest, progress: Progress
) -> DuckDbEvaluation:
    define(db)
    published = _published(rules)
    task = _Task(db, rules, request, needed(rules.nodes, published), progress)
    unreadable = task.read()
    task.prepare()
    columns = Columns({node.name: node for node in task.nodes})
    _, window_start = window_of(rules.parameters, request.as_of)
    givens = Givens(
        request.as_of, window_start, rules.version, request.home_currency, request.language, rules.parameters
    )
    builder = Builder(db, givens, columns)
    builder.run(in_stages(task.nodes, published), progress)
    return DuckDbEvaluation(Published(db, rules, request, columns, builder.tables), unreadable)


def _published(rules: RuleSet) -> list[str]:
    """The nodes that are asked for at the end: what is published, warned of, and drawn in the report."""
    drawn = [node.name for node in rules.nodes if node.name == MISSING or is_line(node)]
    return [*(output.node for output in rules.outputs if output.node), *rules.warnings.values(), *drawn]


@dataclass(frozen=True, slots=True)
class _Task:
    """One evaluation on its way to prepared records."""

    db: DuckDBPyConnection
    rules: RuleSet
    request: EvaluationRequest
    nodes: tuple[Node, ...]
    progress: Progress

    @property
    def tables(self) -> list[Table]:
        """The tables that are connected and asked for."""
        asked = needs.tables(self.nodes)
        return [table for table, files in self.request.files.items() if table in asked and files]

    def read(self) -> list[Reason]:
        """Make the typed tables, and return what could not be read."""
        sources = [find(self.db, table, self.request.files[table]) for table in self.tables]
        _refuse_homeless({source.table: source for source in sources})
        unreadable: list[Reason] = []
        for number, source in enumerate(sources):
            columns = needs.columns(source.table, self.nodes, self.rules.outputs)
            unreadable += load(self.db, source, columns, time_zone=self.request.time_zone)
            self.progress("read", number + 1, len(sources))
        return unreadable

    def prepare(self) -> None:
        """Make the records the rules see."""
        tables, situation = self.tables, self._situation()
        accounts(self.db, situation)
        referrals(self.db)
        mirrored = [o.output.on_deals for o in self.rules.outputs if o.output.on_deals]
        columns = dict.fromkeys([*needs.records(Table.DEALS, self.nodes), "is_closed", *mirrored])
        deals(self.db, tables, [*columns], situation)
        for table in (Table.TICKETS, Table.ACTIVITIES):
            if table in tables:
                events(self.db, table, tables, needs.records(table, self.nodes), situation)
        mark_unreadable(self.db, tables)

    def _situation(self) -> Situation:
        pipelines = self._parameter("sales_pipelines")
        return Situation(
            as_of=self.request.as_of,
            home_currency=self.request.home_currency,
            rollup=self._parameter("rollup") != "none",
            pipelines=tuple(map(str, pipelines)) if isinstance(pipelines, tuple) else (),
        )

    def _parameter(self, name: str) -> object:
        parameter = self.rules.parameters.get(name)
        return parameter.value if parameter else None


def _refuse_homeless(sources: Mapping[Table, Source]) -> None:
    """Refuse data without accounts, without deals, or with deals that belong to nobody."""
    for table in (Table.ACCOUNTS, Table.DEALS):
        if table not in sources:
            raise UsageError(f"{table.value}: the file is missing", hint="accounts and deals are required")
    source = sources[Table.DEALS]
    if "account_id" not in source.columns and Table.DEAL_ACCOUNTS not in sources:
        raise UsageError(f"{source.files[0]}: the column 'account_id' is missing", hint="a deal counts for one account")
