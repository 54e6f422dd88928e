"""What was worked out, as SQL by output name: the one place that knows where an output's value lies."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from connector.engine.answers.canonical import found, stored, wanted
from connector.engine.memory import enough, or_stop
from connector.engine.stopping import interruptions
from connector.engine.tables.needs import found_as
from connector.engine.tables.preparing import K
from connector.engine.tables.sources import quoted, quoted_text
from connector.model.ahead import ahead
from connector.model.outputs import LEVEL, REVENUE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from duckdb import DuckDBPyConnection

    from connector.engine.nodes.columns import Columns
    from connector.ports import EvaluationRequest
    from connector.rules.ruleset import OutputOf, RuleSet

NOT_ACTIVE = ("inactive", "prospect", "suspect")
"""Pyramid levels of accounts that are no active customers (domain.md M1)."""

ROWS = 500
"""Rows fetched at a time."""

STRETCHES = 32
"""Parts of a population that is taken stretch by stretch, at the most."""


class Published(Struct):
    """What was built; every question is a query of its own."""

    db: DuckDBPyConnection
    rules: RuleSet
    request: EvaluationRequest
    columns: Columns
    verdict: str
    """FROM clause of one row per account with all that is published: a query until it is settled."""
    standing: list[str]
    """The tables it reads."""

    @property
    def written(self) -> list[OutputOf]:
        """The outputs that are written to the CRM."""
        return [output for output in self.rules.outputs if output.output.written]

    @property
    def subjects(self) -> str:
        """FROM clause: accounts as read `a`, their nodes and those of their group `s`."""
        return f"{self.verdict} s join account a on a.{K} = s.{K}"

    def settle(self) -> None:
        """Work everything out once and for all, and let go of what it took: for whoever asks more than once."""
        if not self.standing:
            return
        with interruptions():
            enough(self.db, lambda: self.db.execute(f"create table settled as select * from {self.verdict}"))
            self.db.execute("; ".join(f"drop table {name}" for name in self.standing))
        self.standing.clear()
        self.verdict = "settled"

    def cell(self, node: str) -> str:
        """SQL of a node's column."""
        return f"s.{quoted(node)}"

    def wanted(self, output: OutputOf) -> str:
        """SQL of an output's canonical text."""
        return wanted(output, self.columns, "s")

    def found(self, output: OutputOf) -> str:
        """SQL of the canonical text the pulled data hold."""
        cell = f"a.{quoted(found_as(output.output.name))}"
        return found(cell, output.output.type, time_zone=self.request.time_zone)

    def stored(self, output: OutputOf) -> str:
        """SQL of an output's value as it is stored."""
        return stored(output, self.columns, "s") if output.node else "null"

    def named(self, name: str) -> OutputOf | None:
        """The output of that name, where the rules have it."""
        return next((output for output in self.rules.outputs if output.output.name == name), None)

    @property
    def outputs(self) -> Mapping[str, OutputOf]:
        """The outputs by name."""
        return {output.output.name: output for output in self.rules.outputs}

    def text(self, name: str, *, before: bool = False) -> str:
        """SQL of an output's canonical text by name, wanted or found; NULL when the rules do not have it."""
        output = self.named(name)
        if output is None:
            return "null::varchar"
        return self.found(output) if before else self.wanted(output)

    def cents(self, name: str) -> str:
        """SQL of a money output in whole cents; NULL when the rules do not have it."""
        output = self.named(name)
        return f"cast({self.stored(output)} * 100 as bigint)" if output and output.node else "null::bigint"

    @property
    def active(self) -> str:
        """SQL: an active customer, which has a rank in the pyramid; without a pyramid, one with revenue."""
        if self.named(LEVEL) is None:
            return f"coalesce({self.cents(REVENUE)} > 0, false)"
        return f"coalesce({self.text(LEVEL)} not in ({', '.join(map(quoted_text, NOT_ACTIVE))}), false)"

    @property
    def warnings(self) -> str:
        """SQL of the warning codes, ascending, joined by `;`."""
        codes = [
            f"case when {self.cell(node)} then {quoted_text(code)} end"
            for code, node in sorted(self.rules.warnings.items())
        ]
        return f"concat_ws(';', {', '.join(codes)})" if codes else "''"

    def homeless(self) -> int:
        """Deals that belong to no account of the data."""
        (row,) = self.rows("select deals from homeless")
        return int(row[0])

    def rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Stream a query's rows; a cursor of its own, so that another query may run meanwhile."""
        cursor = self.db.cursor()
        try:
            with interruptions():
                rows = enough(cursor, lambda: cursor.execute(query).fetchmany(ROWS))
            while rows:
                yield from rows
                rows = _next(cursor)
        finally:
            cursor.close()

    def in_stretches(self, query: Callable[[str], str], *, size: int) -> Iterator[tuple[Any, ...]]:
        """Stream the rows of a query over a stretch of the accounts `a` at a time; it is given SQL of which ones.

        The next stretch is worked out while this one is read. No more than `STRETCHES` of them: each is planned anew.
        """
        ((accounts,),) = self.rows("select count(*) from account")
        size = max(size, -(-accounts // STRETCHES))
        places = (f"a.{K} > {first} and a.{K} <= {first + size}" for first in range(0, accounts, size))
        with ExitStack() as open_cursors:
            for stretch in ahead(self._asked(query(place), open_cursors) for place in places):
                while rows := _next(stretch):
                    yield from rows
                stretch.close()

    def _asked(self, query: str, open_cursors: ExitStack) -> DuckDBPyConnection:
        """A cursor of a query's rows, which is working on them."""
        cursor = self.db.cursor()
        open_cursors.callback(cursor.close)
        with interruptions():
            return enough(cursor, lambda: cursor.execute(query))


def _next(cursor: DuckDBPyConnection) -> list[tuple[Any, ...]]:
    with interruptions(), or_stop():
        return cursor.fetchmany(ROWS)
