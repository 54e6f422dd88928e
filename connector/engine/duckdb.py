"""The population engine: rules over Parquet or CSV files of text columns, set-wise in one in-memory DuckDB."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import TYPE_CHECKING, TypeAlias

import duckdb
from msgspec import Struct
from msgspec.structs import replace

from connector.engine import memory
from connector.engine.answers.evaluation import DuckDbEvaluation
from connector.engine.answers.insights import DRAWN
from connector.engine.answers.pictures import MISSING, is_line
from connector.engine.answers.published import Published
from connector.engine.answers.standing import alone, standing
from connector.engine.functions import define
from connector.engine.nodes.building import Builder, givens
from connector.engine.nodes.columns import Columns
from connector.engine.nodes.facts import RECORDS
from connector.engine.nodes.stages import in_stages
from connector.engine.stopping import interruptions
from connector.engine.tables import beside, needs
from connector.engine.tables.deals import deals
from connector.engine.tables.preparing import Situation, accounts, events, mark_unreadable, referrals
from connector.engine.tables.reading import NOWHERE, absent, load
from connector.engine.tables.sources import find
from connector.engine.tables.spelling import lookalikes
from connector.errors import UsageError
from connector.model.fields import Table
from connector.rules.connecting import connect
from connector.rules.ruleset import Relation, needed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from connector.engine.tables.beside import Attached
    from connector.engine.tables.reading import Column
    from connector.engine.tables.sources import Source
    from connector.model.runs import Reason
    from connector.ports import EvaluationRequest, Matched, Progress
    from connector.rules.python.standing import Standing
    from connector.rules.ruleset import Node, OutputOf, RuleSet

    Setting: TypeAlias = Callable[[DuckDBPyConnection, EvaluationRequest], None]

SMALL = 8_000_000
"""Bytes of files up to which an evaluation is frugal."""


FRUGAL = """
set threads = 1;
set allocator_flush_threshold = '128KB';
set allocator_bulk_deallocation_flush_threshold = '128KB'
"""
"""For small files: freed memory goes back at once, which DuckDB otherwise keeps by the hundred megabytes."""
COSTLY = "projection_placement,in_clause,build_side_probe_side,common_subplan"
"""Passes of DuckDB's planner: the one whose time grows with the square of the expressions of a statement, and the one
that makes a join of every short list."""


class DuckDb:
    """The port `Engine`; the database of the first evaluation is made with it, ahead of time.

    What does not fit in memory lies in the folder meanwhile, else where temporary files do.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._standing_by = [_database(folder)]

    def evaluate(self, rules: RuleSet, request: EvaluationRequest, progress: Progress) -> DuckDbEvaluation:
        """Read, prepare and work out every node; raises UsageError when files or columns are not what they must be."""
        small = _size(request) <= SMALL
        if not small:
            with suppress(*memory.SHORT):
                return self._evaluated(rules, request, progress, memory.confine)
        with memory.or_stop():
            return self._evaluated(rules, request, progress, _frugal if small else None)

    def _evaluated(
        self, rules: RuleSet, request: EvaluationRequest, progress: Progress, setting: Setting | None
    ) -> DuckDbEvaluation:
        """Evaluate in a database of its own, which is set for the request first."""
        db = self._standing_by.pop() if self._standing_by else _database(self._folder)
        try:
            with interruptions():
                if setting:
                    setting(db, request)
                return _evaluate(db, rules, request, progress)
        except BaseException:
            db.close()
            raise

    def standing(self, rules: RuleSet, request: EvaluationRequest, progress: Progress) -> Standing:
        """Evaluate no more than figures and rankings ask of everybody, and read what it comes to."""
        with closing(self.evaluate(*alone(rules, request), progress)) as evaluation:
            return standing(evaluation.published)


def _database(folder: Path | None) -> DuckDBPyConnection:
    spill = memory.spill(folder)
    db = duckdb.connect(":memory:", config={"temp_directory": str(spill), "disabled_optimizers": COSTLY})
    define(db)
    return db


def _frugal(db: DuckDBPyConnection, _: EvaluationRequest) -> None:
    db.execute(FRUGAL)


def _size(request: EvaluationRequest) -> int:
    return sum(file.stat().st_size for files in memory.tables(request).values() for file in files if file.is_file())


def _evaluate(
    db: DuckDBPyConnection, rules: RuleSet, request: EvaluationRequest, progress: Progress
) -> DuckDbEvaluation:
    sources = {table: find(db, table, files) for table, files in request.files.items() if table in needs.READ and files}
    _refuse_homeless(sources)
    tables = beside.attach(db, rules, request, sources[Table.ACCOUNTS].columns)
    there = {table.value: source.columns for table, source in sources.items()}
    alike = lookalikes(sources, rules)
    rules = connect(rules, there | {name: tuple(table.columns) for name, table in tables.items()})
    published = [node.name for node in rules.nodes] if request.keep_all else _published(rules, request.keep)
    nodes = needed(rules.nodes, published)
    asked = {table: source for table, source in sources.items() if table in needs.tables(nodes)}
    task = _Task(db, rules, request, nodes, asked, beside.used(tables, nodes))
    unreadable = task.read(progress)
    matched = task.prepare()
    columns = Columns({node.name: node for node in task.nodes})
    builder = Builder(db, givens(rules, request), columns, task.spare())
    verdict = builder.run(in_stages(task.nodes, published), progress)
    made = Published(db, rules, request, columns, f"({verdict})", builder.standing)
    return DuckDbEvaluation(made, unreadable, matched, task.beside, lookalikes=alike)


def _published(rules: RuleSet, keep: Collection[str]) -> list[str]:
    """The nodes that are asked for at the end: what is published, warned of, drawn in the report, or to be kept."""
    asked = {MISSING, *DRAWN, *keep}
    drawn = [node.name for node in rules.nodes if node.name in asked or is_line(node)]
    return [*(output.node for output in rules.outputs if output.node), *rules.warnings.values(), *drawn]


class _Task(Struct, frozen=True):
    """One evaluation on its way to prepared records."""

    db: DuckDBPyConnection
    rules: RuleSet
    request: EvaluationRequest
    nodes: tuple[Node, ...]
    sources: Mapping[Table, Source]
    beside: Mapping[str, Attached]

    def read(self, progress: Progress) -> list[Reason]:
        """Make the typed tables, and return what could not be read."""
        unreadable: list[Reason] = []
        with ThreadPoolExecutor(2, "reader") as readers:
            each = readers.map if memory.leaves_a_core(self.db) else map
            for number, found in enumerate(each(self._read, self.sources.values())):
                unreadable += found
                progress("read tables", number + 1, len(self.sources))
        for table in self.beside.values():
            unreadable += beside.read(self.db, table, self.rules, self.nodes, time_zone=self.request.time_zone)
        return unreadable

    def _read(self, source: Source) -> list[Reason]:
        with self.db.cursor() as own:
            return load(own, source, self._columns(Table(source.table)), time_zone=self.request.time_zone)

    def prepare(self) -> list[Matched]:
        """Make the records the rules see, and tell what was matched."""
        tables, situation = self.sources, self._situation()
        accounts(self.db, situation, absent=absent(tables[Table.ACCOUNTS], self._columns(Table.ACCOUNTS)))
        referrals(self.db)
        mirrored = [o.output.on_deals for o in self._found() if o.output.on_deals]
        columns = dict.fromkeys([*needs.records(Table.DEALS, self.nodes), "is_closed", *mirrored])
        deals(self.db, tables, [*columns], situation)
        for table in (Table.TICKETS, Table.ACTIVITIES):
            if table in tables:
                events(self.db, table, tables, needs.records(table, self.nodes), situation)
        matched = [beside.match(self.db, table, self.nodes) for table in self.beside.values()]
        mark_unreadable(self.db, tables, [beside.beside(name) for name in self.beside])
        return matched

    def _columns(self, table: Table) -> dict[str, Column]:
        columns = needs.columns(table, self.nodes, self._found())
        if not self.request.remembers:
            columns = {name: replace(c, source=NOWHERE) if c.lenient else c for name, c in columns.items()}
        return columns | beside.account_columns(self.beside.values()) if table is Table.ACCOUNTS else columns

    def _found(self) -> Sequence[OutputOf]:
        """The outputs whose values in the data are read."""
        return self.rules.outputs if self.request.compares else ()

    def spare(self) -> set[str]:
        """The relations whose records nobody asks for once the facts are there."""
        here = {table.value for table in self.sources} & {*RECORDS}
        return here - {Relation.DEALS} if self.request.compares else here

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
