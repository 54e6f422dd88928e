"""The population engine: rules over Parquet or CSV files of text columns, set-wise in one in-memory DuckDB."""

from __future__ import annotations

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
    from collections.abc import Collection, Mapping

    from duckdb import DuckDBPyConnection

    from connector.engine.sources import Source
    from connector.model.runs import Reason
    from connector.ports import EvaluationRequest, Progress
    from connector.rules.ruleset import Node, RuleSet

SETTINGS = {"memory_limit": "2GB", "preserve_insertion_order": "true"}


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
    wanted = _wanted(rules)
    nodes = needed(rules.nodes, wanted)
    asked = needs.tables(nodes)
    sources = {table: find(db, table, files) for table, files in request.files.items() if table in asked and files}
    _refuse_homeless(sources)
    unreadable = _read(db, sources, nodes, rules, request, progress)
    _prepare(db, sources, nodes, rules, request)
    columns = Columns({node.name: node for node in nodes})
    builder = Builder(db, _givens(rules, request), columns)
    builder.run(in_stages(nodes, wanted), progress)
    return DuckDbEvaluation(Published(db, rules, request, columns, builder.tables), unreadable)


def _wanted(rules: RuleSet) -> list[str]:
    """The nodes that are asked for at the end: what is published, warned of, and drawn in the report."""
    drawn = [n.name for n in rules.nodes if n.name == MISSING or is_line(n)]
    return [*(output.node for output in rules.outputs if output.node), *rules.warnings.values(), *drawn]


def _refuse_homeless(sources: Mapping[Table, Source]) -> None:
    for table in (Table.ACCOUNTS, Table.DEALS):
        if table not in sources:
            raise UsageError(f"no {table.value}: the file is missing", hint="accounts and deals are required")
    deals_source = sources[Table.DEALS]
    if "account_id" not in deals_source.columns and Table.DEAL_ACCOUNTS not in sources:
        raise UsageError(
            f"{deals_source.files[0]}: the column 'account_id' is missing", hint="a deal counts for one account"
        )


def _read(
    db: DuckDBPyConnection,
    sources: Mapping[Table, Source],
    nodes: Collection[Node],
    rules: RuleSet,
    request: EvaluationRequest,
    progress: Progress,
) -> list[Reason]:
    unreadable: list[Reason] = []
    for number, (table, source) in enumerate(sources.items()):
        columns = needs.columns(table, nodes, rules.outputs)
        unreadable += load(db, source, columns, time_zone=request.time_zone)
        progress("read", number + 1, len(sources))
    return unreadable


def _prepare(
    db: DuckDBPyConnection,
    sources: Mapping[Table, Source],
    nodes: Collection[Node],
    rules: RuleSet,
    request: EvaluationRequest,
) -> None:
    situation = Situation(
        request.as_of,
        request.home_currency,
        rollup=_word(rules, "rollup") != "none",
        pipelines=_words(rules, "sales_pipelines"),
    )
    accounts(db, situation)
    referrals(db)
    mirrored = [o.output.on_deals for o in rules.outputs if o.output.on_deals]
    deals(db, sources, [*dict.fromkeys([*needs.records(Table.DEALS, nodes), "is_closed", *mirrored])], situation)
    for table in (Table.TICKETS, Table.ACTIVITIES):
        if table in sources:
            events(db, table, sources, needs.records(table, nodes), situation)
    mark_unreadable(db, sources)


def _givens(rules: RuleSet, request: EvaluationRequest) -> Givens:
    _, start = window_of(rules.parameters, request.as_of)
    return Givens(request.as_of, start, rules.version, request.home_currency, request.language, rules.parameters)


def _word(rules: RuleSet, name: str) -> str:
    parameter = rules.parameters.get(name)
    return str(parameter.value) if parameter and parameter.value is not None else ""


def _words(rules: RuleSet, name: str) -> tuple[str, ...]:
    parameter = rules.parameters.get(name)
    value = parameter.value if parameter else None
    return tuple(map(str, value)) if isinstance(value, tuple) else ()
