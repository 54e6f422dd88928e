"""Nodes to columns, stage by stage: one table of accounts and one of groups that grow until everything is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.engine.nodes.facts import Side, facts
from connector.engine.nodes.fields import group_fields, own_fields
from connector.engine.nodes.populations import figures
from connector.engine.nodes.rankings import rankings
from connector.engine.nodes.stages import in_layers, read_once
from connector.engine.tables.preparing import G, K
from connector.engine.tables.sources import quoted
from connector.rules.calendar_days import window_start
from connector.rules.ruleset import FieldOf, FormulaOf, Of
from connector.rules.sql.render import Givens, Renderer
from connector.rules.walk import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from duckdb import DuckDBPyConnection

    from connector.engine.nodes.columns import Columns
    from connector.engine.nodes.stages import Order
    from connector.ports import EvaluationRequest, Progress
    from connector.rules.ruleset import Node, RuleSet

KEYS = {Of.ACCOUNT: (K, G), Of.GROUP: (G,)}
ALIAS = {Of.ACCOUNT: "s", Of.GROUP: "sg"}


def givens(rules: RuleSet, request: EvaluationRequest) -> Givens:
    """What rendered rules take from the request: its day, window, currency and language."""
    start = window_start(request.as_of, rules.parameters)
    return Givens(request.as_of, start, rules.version, request.home_currency, request.language, rules.parameters)


class Builder(Struct):
    """Builds the columns of an order of nodes."""

    db: DuckDBPyConnection
    givens: Givens
    columns: Columns
    tables: dict[Of, str] = field(default_factory=dict)
    """The accounts and groups as they are by now: a table, or the query of what is read no more than once."""
    standing: list[str] = field(default_factory=list)
    """Tables that are there."""
    kept: dict[Of, list[str]] = field(default_factory=lambda: {Of.ACCOUNT: [], Of.GROUP: []})

    def run(self, order: Order, progress: Progress) -> str:
        """Make every node; returns the query of one row per account with all that is published."""
        for number, stage in enumerate(order.stages):
            for of, nodes in ((Of.GROUP, stage.groups), (Of.ACCOUNT, stage.accounts)):
                if nodes or number == 0:
                    self._stage(number, of, nodes, order)
            progress("evaluate steps", number + 1, len(order.stages))
        of_group = [f"sg.{quoted(column)}" for column in self._columns(self.kept[Of.GROUP])]
        return f"select {', '.join(['s.*', *of_group])} from {self._source(1, Of.ACCOUNT, ())}"

    def _stage(self, number: int, of: Of, nodes: Sequence[Node], order: Order) -> None:
        source = self._source(number, of, nodes)
        before = [*self.kept[of], *(node.name for node in nodes if isinstance(node.definition, FieldOf))]
        formulas = [node for node in nodes if isinstance(node.definition, FormulaOf)]
        live = [name for name in before if order.last_use[name] >= number]
        query, there = self._beside(of, nodes, source, live, formulas)
        stays = number if of is Of.GROUP else number + 1  # accounts of this very stage may name their group's columns
        made = [*before, *(node.name for node in nodes if node.name not in before)]
        self.kept[of] = [name for name in made if order.last_use[name] >= stays]
        query = self._layered(of, query, there, in_layers(formulas))
        once = of is Of.ACCOUNT and read_once(order.stages[number + 1 :])
        self._replace(of, f"{of.value}_{number}", f"{self._select(of, self.kept[of])} from ({query})", once=once)

    def _layered(self, of: Of, query: str, there: Sequence[str], layers: Sequence[Sequence[Node]]) -> str:
        """Formulas above formulas; each layer lets go of what nobody asks for above it, which planners thank for."""
        for number, layer in enumerate(layers):
            above = {name for later in layers[number:] for node in later for name in node.depends} | {*self.kept[of]}
            gone = ", ".join(map(quoted, self._columns(name for name in there if name not in above)))
            there = [*(name for name in there if name in above), *(node.name for node in layer)]
            query = f"select *{f' exclude ({gone})' if gone else ''}, {self._made(layer)} from ({query})"
        return query

    def _select(self, of: Of, nodes: Iterable[str]) -> str:
        return f"select {', '.join([*KEYS[of], *map(quoted, self._columns(nodes))])}"

    def _columns(self, nodes: Iterable[str]) -> list[str]:
        return [column for name in nodes for column in self.columns.all_of(name)]

    def _source(self, number: int, of: Of, nodes: Sequence[Node]) -> str:
        """FROM clause of the subjects, accounts as `s`, groups as `sg`."""
        if of is Of.GROUP:
            return group_fields(nodes, self.columns) if number == 0 else f"{self.tables[of]} sg"
        own = own_fields(nodes, self.columns) if number == 0 else f"{self.tables[of]} s"
        return f"{own} join {self.tables[Of.GROUP]} sg on sg.{G} = s.{G}"

    def _beside(
        self, of: Of, nodes: Sequence[Node], source: str, live: Sequence[str], formulas: Sequence[Node]
    ) -> tuple[str, list[str]]:
        """The subjects with everything joined that formulas of this stage stand on, and the nodes that are there."""
        render = Renderer(self.givens, self.columns.beside)
        sides: list[Side] = [
            *facts(nodes, self.columns, self.givens, self.tables),
            *figures(nodes, render, source),
            *rankings(nodes, render, source),
        ]
        cells = [f"{ALIAS[of]}.{key}" for key in KEYS[of]]
        taken = [(ALIAS[of], name) for name in live]
        taken += [("sg", name) for name in self._of_group(formulas)] if of is Of.ACCOUNT else []
        cells += [f"{alias}.{quoted(column)}" for alias, name in taken for column in self.columns.all_of(name)]
        for side in sides:
            for name, rendered in side.values.items():
                cells += [f"{sql} as {quoted(column)}" for column, sql in self.columns.keep(name, rendered).items()]
        there = [*(name for _, name in taken), *(name for side in sides for name in side.values)]
        return f"select {', '.join(cells)} from {source} {' '.join(side.join for side in sides)}", there

    def _of_group(self, formulas: Sequence[Node]) -> list[str]:
        used = (name for node in formulas for name in names(node.definition.expression))  # type: ignore[union-attr]
        return [name for name in dict.fromkeys(used) if self.columns.nodes[name].of is Of.GROUP]

    def _made(self, layer: Sequence[Node]) -> str:
        render = Renderer(self.givens, self.columns.alone)
        cells = []
        for node in layer:
            rendered = render(node.definition.expression)  # type: ignore[union-attr]
            cells += [f"{sql} as {quoted(column)}" for column, sql in self.columns.keep(node.name, rendered).items()]
        return ", ".join(cells)

    def _replace(self, of: Of, name: str, query: str, *, once: bool) -> None:
        """Go on with a new table, or with the query itself; the table before it goes unless a query reads it."""
        before, self.tables[of] = self.tables.get(of), f"({query})" if once else name
        if once:
            return
        self.db.execute(f"create table {name} as {query}")
        self.standing.append(name)
        if before in self.standing and self.tables[Of.ACCOUNT] in self.standing:
            self.db.execute(f"drop table {before}")
            self.standing.remove(before)
