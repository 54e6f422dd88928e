"""Nodes to columns, stage by stage: one table of accounts and one of groups that grow until everything is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.engine.facts import Side, facts
from connector.engine.fields import group_fields, own_fields
from connector.engine.populations import figures
from connector.engine.preparing import G, K
from connector.engine.rankings import rankings
from connector.engine.sources import quoted
from connector.engine.stages import in_layers
from connector.rules.ruleset import FieldOf, FormulaOf, Of
from connector.rules.sql import Renderer
from connector.rules.walk import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from duckdb import DuckDBPyConnection

    from connector.engine.columns import Columns
    from connector.engine.stages import Order
    from connector.ports import Progress
    from connector.rules.ruleset import Node
    from connector.rules.sql import Givens

KEYS = {Of.ACCOUNT: (f"s.{K}", f"s.{G}"), Of.GROUP: (f"sg.{G}",)}


@dataclass(slots=True)
class Builder:
    """Builds the columns of an order of nodes; `tables` are the accounts and groups as they are by now."""

    db: DuckDBPyConnection
    givens: Givens
    columns: Columns
    tables: dict[Of, str] = field(default_factory=dict)
    kept: dict[Of, list[str]] = field(default_factory=lambda: {Of.ACCOUNT: [], Of.GROUP: []})

    def run(self, order: Order, progress: Progress) -> None:
        """Make every node; afterwards `tables` hold those that are published."""
        for number, stage in enumerate(order.stages):
            for of, nodes in ((Of.GROUP, stage.groups), (Of.ACCOUNT, stage.accounts)):
                if nodes or number == 0:
                    self._stage(number, of, nodes, order)
            progress("evaluate", number + 1, len(order.stages))

    def _stage(self, number: int, of: Of, nodes: Sequence[Node], order: Order) -> None:
        source = self._source(number, of, nodes)
        before = [*self.kept[of], *(node.name for node in nodes if isinstance(node.definition, FieldOf))]
        formulas = [node for node in nodes if isinstance(node.definition, FormulaOf)]
        query = self._beside(of, nodes, source, [name for name in before if order.last_use[name] >= number], formulas)
        for layer in in_layers(formulas):
            query = f"select *, {self._made(layer)} from ({query})"
        stays = number if of is Of.GROUP else number + 1  # accounts of this very stage may name their group's columns
        made = [*before, *(node.name for node in nodes if node.name not in before)]
        self.kept[of] = [name for name in made if order.last_use[name] >= stays]
        columns = [quoted(column) for name in self.kept[of] for column in self.columns.all_of(name)]
        keys = [key.split(".", 1)[1] for key in KEYS[of]]
        self._replace(of, f"{of.value}_{number}", f"select {', '.join([*keys, *columns])} from ({query})")

    def _source(self, number: int, of: Of, nodes: Sequence[Node]) -> str:
        """FROM clause of the subjects, accounts as `s`, groups as `sg`."""
        if of is Of.GROUP:
            return group_fields(nodes, self.columns) if number == 0 else f"{self.tables[of]} sg"
        own = own_fields(nodes, self.columns) if number == 0 else f"{self.tables[of]} s"
        return f"{own} join {self.tables[Of.GROUP]} sg on sg.{G} = s.{G}"

    def _beside(self, of: Of, nodes: Sequence[Node], source: str, live: Iterable[str], formulas: Sequence[Node]) -> str:
        """The subjects with everything joined that the formulas of this stage stand on."""
        render = Renderer(self.givens, self.columns.beside)
        sides: list[Side] = [
            *facts(nodes, self.columns, self.givens, self.tables),
            *figures(nodes, render, source),
            *rankings(nodes, render, source),
        ]
        mine = {Of.ACCOUNT: "s", Of.GROUP: "sg"}[of]
        cells = [f"{mine}.{quoted(column)}" for name in live for column in self.columns.all_of(name)]
        if of is Of.ACCOUNT:
            cells += [
                f"sg.{quoted(column)}" for name in self._of_group(formulas) for column in self.columns.all_of(name)
            ]
        for side in sides:
            for name, rendered in side.values.items():
                cells += [f"{sql} as {quoted(column)}" for column, sql in self.columns.keep(name, rendered).items()]
        return f"select {', '.join([*KEYS[of], *cells])} from {source} {' '.join(side.join for side in sides)}"

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

    def _replace(self, of: Of, name: str, query: str) -> None:
        self.db.execute(f"create table {quoted(name)} as {query}")
        if of in self.tables:
            self.db.execute(f"drop table {quoted(self.tables[of])}")
        self.tables[of] = name
