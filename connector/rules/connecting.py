"""Fitting a rule set to the data at hand: what is not connected drops out, and says so.

A field without its column, a fact without its table, and everything that can be nothing without them is *not
configured*: its outputs go (but for the core set, which stays empty), and so do the codes and sentences
that can no longer occur.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from connector.model.fields import Table
from connector.model.outputs import OURS
from connector.rules.columns import EXTRA_ACCOUNT_COLUMNS, EXTRA_DEAL_COLUMNS
from connector.rules.expressions import expressions
from connector.rules.fold import FALSE, Folder, idle
from connector.rules.ruleset import FactOf, FieldOf, FormulaOf, PopulationOf, RankOf, Relation
from connector.rules.states import fact_may_be_unknown, states
from connector.rules.tree import Case, Collect, Scope
from connector.rules.walk import names as names_in

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from connector.rules.ruleset import Definition, Node, OutputOf, RuleSet
    from connector.rules.tree import Expression

ALWAYS: Mapping[str, frozenset[str]] = {
    Table.ACCOUNTS: frozenset(EXTRA_ACCOUNT_COLUMNS),
    Table.DEALS: frozenset(EXTRA_DEAL_COLUMNS),
}
OF_ACCOUNTS = frozenset({Relation.MEMBERS, Relation.REFERRED})


def connect(rules: RuleSet, available: Mapping[str, Collection[str]]) -> RuleSet:
    """Leave out what the data cannot feed. `available` holds the columns of each connected table."""
    off: dict[str, str] = {}
    there = {str(name): frozenset(columns) for name, columns in available.items()}
    connector = _Connector(rules, there, off, Folder(off, rules.parameters))
    for node in rules.nodes:
        connector.add(node)
    return replace(
        rules,
        nodes=tuple(connector.nodes.values()),
        outputs=tuple(kept for output in rules.outputs if (kept := connector.output(output)) is not None),
        warnings={code: name for code, name in rules.warnings.items() if name in connector.nodes},
        not_configured=off,
    )


class _Connector(Struct):
    rules: RuleSet
    available: Mapping[str, frozenset[str]]
    off: dict[str, str]
    folder: Folder
    """Simplifies with what is off by then."""
    nodes: dict[str, Node] = field(default_factory=dict)

    def add(self, node: Node) -> None:
        definition = self._fit(node, node.definition)
        if isinstance(definition, str):
            self.off[node.name] = definition
            return
        self.nodes[node.name] = self._refit(node, definition)

    def output(self, output: OutputOf) -> OutputOf | None:
        """Keep an output that is fed, or of the core set; a list keeps the options that can occur."""
        if output.node and output.node not in self.nodes:
            return replace(output, node="") if output.core else None
        node = self.nodes.get(output.node)
        if node is None or not isinstance(node.definition, FormulaOf):
            return output
        if not isinstance(node.definition.expression, Collect):
            return output
        options = {code: label for code, label in output.output.options.items() if code in node.options}
        return replace(output, output=replace(output.output, options=options))

    def _fit(self, node: Node, definition: Definition) -> Definition | str:
        match definition:
            case FieldOf():
                return (
                    definition if self._is_there(definition.column) else f"account.{definition.column} is not connected"
                )
            case FactOf():
                return self._fit_fact(definition)
            case FormulaOf():
                folded = self._fold(definition.expression)
                never = node.name == node.model and _last(folded) == FALSE != _last(definition.expression)
                return self._why(node) if idle(folded) or never else FormulaOf(folded)
            case PopulationOf():
                return self._fit_figure(node, definition)
            case RankOf():
                return self._fit_rank(node, definition)

    def _is_there(self, column: str) -> bool:
        """Our own properties are always there: before the first run they are merely empty."""
        there = self.available.get(Table.ACCOUNTS, frozenset()) | ALWAYS[Table.ACCOUNTS]
        return column in there or column.startswith(OURS)

    def _fit_fact(self, fact: FactOf) -> FactOf | str:
        missing: frozenset[str] = frozenset(self.off)
        if fact.relation not in OF_ACCOUNTS:
            table = fact.relation
            if table not in self.available:
                return f"{fact.relation} are not connected"
            there = self.available[table] | ALWAYS.get(table, frozenset())
            used = {name for e in (fact.value, fact.where) if e is not None for name in names_in(e, Scope.ROW)}
            missing = frozenset(used - there)
        elif fact.relation == Relation.REFERRED and "referred_by" not in self.available.get(
            Table.ACCOUNTS, frozenset()
        ):
            return "account.referred_by is not connected"
        folder = Folder(self.off, self.rules.parameters, missing)
        value = None if fact.value is None else folder.fold(fact.value)
        where = None if fact.where is None else folder.fold(fact.where)
        if fact.relation in self.rules.tables and where == FALSE != fact.where:  # nothing counts, which is not 0
            return f"{fact.relation}.{', '.join(sorted(missing))} is not connected"
        if value is not None and idle(value):
            gone = ", ".join(sorted(missing & self._rows(fact)))
            return f"{fact.relation}.{gone} is not connected" if gone else "no file defines what it needs"
        return replace(fact, value=value, where=where)

    def _rows(self, fact: FactOf) -> set[str]:
        return set(names_in(fact.value, Scope.ROW)) if fact.value is not None else set()

    def _fit_figure(self, node: Node, figure: PopulationOf) -> PopulationOf | str:
        value = None if figure.value is None else self._fold(figure.value)
        keys = tuple(self._fold(key) for key in figure.by)
        if (value is not None and idle(value)) or any(idle(key) for key in keys):
            return self._why(node)
        return replace(figure, value=value, among=self._maybe(figure.among), by=keys)

    def _fit_rank(self, node: Node, rank: RankOf) -> RankOf | str:
        by = self._fold(rank.ranking.by)
        if idle(by):
            return self._why(node)
        ranking = rank.ranking
        among, last, counted = (self._maybe(part) for part in (ranking.among, ranking.last, ranking.counted))
        counted = None if counted == FALSE else counted
        return replace(rank, ranking=replace(ranking, by=by, among=among, last=last, counted=counted))

    def _maybe(self, expression: Expression | None) -> Expression | None:
        return None if expression is None else self._fold(expression)

    def _fold(self, expression: Expression) -> Expression:
        return self.folder.fold(expression)

    def _why(self, node: Node) -> str:
        """Give the first reason among the names it needs."""
        reasons = (self.off[name] for name in node.depends if name in self.off)
        return next(reasons, "no file defines what it needs")

    def _refit(self, node: Node, definition: Definition) -> Node:
        used = expressions(definition)
        depends = dict.fromkeys(name for e in used for name in names_in(e))
        if isinstance(definition, FactOf) and definition.relation in OF_ACCOUNTS:
            depends |= dict.fromkeys(name for e in used for name in names_in(e, Scope.ROW))
        changed = replace(node, definition=definition, depends=tuple(depends))
        if isinstance(definition, FactOf):
            changed = replace(
                changed, may_be_unknown=fact_may_be_unknown(definition, self.nodes, self.rules.parameters)
            )
        if isinstance(definition, FormulaOf):
            unknown, idles = states(definition.expression, self.nodes, self.rules.parameters)
            changed = replace(changed, may_be_unknown=unknown, may_not_apply=idles)
            if isinstance(definition.expression, Collect):
                changed = replace(changed, options=tuple(entry.code for entry in definition.expression.entries))
        return changed


def _last(expression: Expression) -> Expression:
    """Give what a rule or signal comes down to: FALSE there means that it can never hold."""
    while isinstance(expression, Case):
        expression = expression.otherwise
    return expression
