"""Nodes to columns, stage by stage: a table of every account for each, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.engine.nodes.columns import stage_table
from connector.engine.nodes.facts import RECORDS, Side, facts
from connector.engine.nodes.fields import fields, held
from connector.engine.nodes.populations import figures
from connector.engine.nodes.rankings import rankings
from connector.engine.nodes.stages import in_layers
from connector.engine.tables.preparing import ACCOUNTS, G, K
from connector.engine.tables.sources import quoted
from connector.rules.calendar_days import window_start
from connector.rules.ruleset import FormulaOf
from connector.rules.sql.render import Givens, Renderer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from duckdb import DuckDBPyConnection

    from connector.engine.nodes.columns import Columns
    from connector.engine.nodes.stages import Order
    from connector.ports import EvaluationRequest, Progress
    from connector.rules.ruleset import Node, RuleSet


def givens(rules: RuleSet, request: EvaluationRequest) -> Givens:
    """What rendered rules take from the request: its day, window, currency and language."""
    start = window_start(request.as_of, rules.parameters)
    return Givens(request.as_of, start, rules.version, request.home_currency, request.language, rules.parameters)


class Builder(Struct):
    """Builds the columns of an order of nodes: a table for each stage but the last, which stays a query."""

    db: DuckDBPyConnection
    givens: Givens
    columns: Columns
    spare: set[str] = field(default_factory=set)
    """Relations whose records nobody asks for after the last fact over them."""
    standing: list[str] = field(default_factory=list)
    """Tables that are there."""

    def run(self, order: Order, progress: Progress) -> str:
        """Make every node; returns the query of one row per account with all that is published."""
        for number in range(order.last):
            self._table(number, order)
            progress("evaluate steps", number + 1, order.last + 1)
        query = self._query(order.last, order)
        progress("evaluate steps", order.last + 1, order.last + 1)
        return query

    def _table(self, number: int, order: Order) -> None:
        name = stage_table(number)
        self.db.execute(f"create table {name} as {self._query(number, order)}")
        self.standing.append(name)
        self._align(name)
        self._let_go(number, order)

    def _let_go(self, number: int, order: Order) -> None:
        """Drop the columns, and the records, that no later stage asks for."""
        for relation in self.spare - {fact.relation for fact in order.facts_after(number)}:
            self.db.execute(f"drop table {RECORDS[relation]}")
            self.spare.remove(relation)
        for gone in [node for node in self.columns.stage if order.last_use[node] == number]:
            table = stage_table(self.columns.stage.pop(gone))
            for column in self.columns.all_of(gone):
                self.db.execute(f"alter table {table} drop column {quoted(column)}")

    def _align(self, name: str) -> None:
        """Put the accounts in the order they were read in, where the database made them in another."""
        apart = f"select 1 from {ACCOUNTS} a positional join {name} b where a.{K} is distinct from b.{K} limit 1"
        if self.db.execute(apart).fetchone():
            query = f"select b.* from {ACCOUNTS} a join {name} b on b.{K} = a.{K} order by a.rowid"
            self.db.execute(f"create table aligned as {query}; drop table {name}; alter table aligned rename to {name}")

    def _query(self, number: int, order: Order) -> str:
        """The nodes of a stage that are asked for later; in the last one all that is published."""
        nodes = order.stages[number]
        formulas = [node for node in nodes if isinstance(node.definition, FormulaOf)]
        kept = order.kept(number)
        query, there = self._beside(number, nodes, {*kept, *(name for node in formulas for name in node.depends)})
        query = self._layered(query, there, in_layers(formulas), kept)
        if number < order.last:
            kept = [name for name in kept if name not in self.columns.held]
            self.columns.stage.update(dict.fromkeys(kept, number))
        keys = (K, G) if number == order.last else (K,)
        return f"select {', '.join([*keys, *map(quoted, self._columns(kept))])} from ({query})"

    def _beside(self, number: int, nodes: Sequence[Node], asked: Collection[str]) -> tuple[str, list[str]]:
        """The accounts with what is asked for and is no formula of this stage, and the names of that."""
        render = Renderer(self.givens, self.columns.beside)
        beside = [name for node in nodes if not isinstance(node.definition, FormulaOf) for name in node.depends]
        earlier = [name for name in self.columns.made if name in asked and self.columns.is_there(name)]
        used, there = [*earlier, *beside], earlier
        source, key = self.columns.subjects("s", used), self.columns.key("s", used)
        cells = [f"{key} as {K}", f"s.{G}", *(cell for name in earlier for cell in self.columns.cells(name, "s"))]
        if number == 0:
            source = fields(nodes, self.columns)
            there = [name for name in self.columns.made if name in asked]
            cells += map(quoted, there)
            self.columns.held.update(held(nodes, self._read()))
        sides: list[Side] = [
            *facts(nodes, self.columns, self.givens),
            *figures(nodes, self.columns, render),
            *rankings(nodes, self.columns, render),
        ]
        for side in sides:
            for name, rendered in side.values.items():
                cells += [f"{sql} as {quoted(column)}" for column, sql in self.columns.keep(name, rendered).items()]
        there = [*there, *(name for side in sides for name in side.values)]
        return f"select {', '.join(cells)} from {source} {' '.join(side.join for side in sides)}", there

    def _read(self) -> set[str]:
        """The columns the accounts were read with."""
        return {name for (name,) in self.db.execute(f"select column_name from (describe {ACCOUNTS})").fetchall()}

    def _layered(self, query: str, there: Sequence[str], layers: Sequence[Sequence[Node]], kept: Sequence[str]) -> str:
        """Formulas above formulas; each layer lets go of what nobody asks for above it, which planners thank for."""
        for number, layer in enumerate(layers):
            above = {name for later in layers[number:] for node in later for name in node.depends}.union(kept)
            gone = ", ".join(map(quoted, self._columns(name for name in there if name not in above)))
            there = [*(name for name in there if name in above), *(node.name for node in layer)]
            query = f"select *{f' exclude ({gone})' if gone else ''}, {self._made(layer)} from ({query})"
        return query

    def _made(self, layer: Sequence[Node]) -> str:
        render = Renderer(self.givens, self.columns.alone)
        cells = []
        for node in layer:
            rendered = render(node.definition.expression)  # type: ignore[union-attr]
            cells += [f"{sql} as {quoted(column)}" for column, sql in self.columns.keep(node.name, rendered).items()]
        return ", ".join(cells)

    def _columns(self, nodes: Iterable[str]) -> list[str]:
        return [column for name in nodes for column in self.columns.all_of(name)]
