"""The verdicts over one population: streams in the order of account ids, and figures of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.engine.canonical import wanted
from connector.engine.preparing import K
from connector.engine.sources import quoted
from connector.model.verdicts import Verdict
from connector.rules.ruleset import Of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from connector.engine.columns import Columns
    from connector.model.outputs import Output
    from connector.model.runs import Reason
    from connector.ports import EvaluationRequest
    from connector.rules.ruleset import RuleSet

ROWS = 2000
"""Rows fetched at a time."""


class DuckDbEvaluation:
    """The port `Evaluation`; every answer is a query of its own over the tables that were built."""

    def __init__(
        self,
        db: DuckDBPyConnection,
        rules: RuleSet,
        request: EvaluationRequest,
        columns: Columns,
        tables: Mapping[Of, str],
        unreadable: Sequence[Reason],
    ) -> None:
        self.db, self.rules, self.request, self.columns, self.unreadable = db, rules, request, columns, unreadable
        self.rule_version = rules.version
        self.outputs: Sequence[Output] = [output.output for output in rules.outputs]
        self.subjects = subjects(rules, columns, tables)

    def verdicts(self) -> Iterator[Verdict]:
        """Every account, ascending by id."""
        written = [o for o in self.rules.outputs if o.output.written]
        cells = [wanted(output, self.columns, self.place(output.node)) for output in written]
        names = [output.output.name for output in written]
        query = f"select a.account_id, {warnings(self)}, {', '.join(cells)} from {self.subjects} order by a.{K}"
        for account, codes, *values in self.rows(query):
            yield Verdict(account, dict(zip(names, values, strict=True)), tuple(codes.split(";")) if codes else ())

    def place(self, node: str) -> str:
        """The alias of the table that holds a node's column."""
        return "sg" if node and self.columns.nodes[node].of is Of.GROUP else "s"

    def rows(self, query: str) -> Iterator[tuple[object, ...]]:
        """Stream a query's rows; a cursor of its own, so that another query may run meanwhile."""
        cursor = self.db.cursor()
        try:
            cursor.execute(query)
            while rows := cursor.fetchmany(ROWS):
                yield from rows
        finally:
            cursor.close()

    def close(self) -> None:
        """Free the memory."""
        self.db.close()


def subjects(rules: RuleSet, columns: Columns, tables: Mapping[Of, str]) -> str:
    """FROM clause: accounts as read `a`, their nodes `s`, those of their group `sg`."""
    names = [*(output.node for output in rules.outputs), *rules.warnings.values()]
    grouped = any(name and columns.nodes[name].of is Of.GROUP for name in names)
    group = f' join {quoted(tables[Of.GROUP])} sg on sg."@g" = s."@g"' if grouped else ""
    return f"account a join {quoted(tables[Of.ACCOUNT])} s on s.{K} = a.{K}{group}"


def warnings(evaluation: DuckDbEvaluation) -> str:
    """SQL of the warning codes of an account, ascending, joined by `;`."""
    codes = [
        f"case when {evaluation.place(node)}.{quoted(node)} then '{code}' end"
        for code, node in sorted(evaluation.rules.warnings.items())
    ]
    return f"concat_ws(';', {', '.join(codes)})" if codes else "''"
