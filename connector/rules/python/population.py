"""A whole population in plain Python: slow, plain, and the oracle the engine is held to; runs the examples."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.model.fields import CATALOGUE, Table, Type
from connector.model.outputs import OURS
from connector.rules.cells import IDLE, UNKNOWN, Cell, half_up, is_known
from connector.rules.python.aggregating import fact_value, figure_value
from connector.rules.python.evaluate import Evaluator, Frame
from connector.rules.python.ranking import Ranked, rank
from connector.rules.python.reading import Unreadable, read_beside, read_cell, read_records
from connector.rules.ruleset import (
    Aggregate,
    FactOf,
    FieldOf,
    FormulaOf,
    Node,
    Of,
    Part,
    Pick,
    PopulationOf,
    RankOf,
    Relation,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from connector.rules.python.reading import Records
    from connector.rules.ruleset import Ranking, RuleSet

INPUTS = frozenset(column.name for column in CATALOGUE[Table.ACCOUNTS])
ROOT_FIRST = "\0"
"""Sorts the ultimate parent before every member id."""


def is_ours(column: str) -> bool:
    """Whether a column holds what an earlier run wrote: what is wrong with it is nothing a person should mend."""
    return column.startswith(OURS) and column not in INPUTS


def evaluate(
    rules: RuleSet,
    tables: Mapping[Table, Sequence[Mapping[str, str | None]]],
    *,
    as_of: date,
    time_zone: str = "Europe/Amsterdam",
    home_currency: str = "EUR",
    language: str = "en",
    beside: Mapping[str, Sequence[Mapping[str, str | None]]] | None = None,
) -> dict[str, dict[str, Cell]]:
    """Compute every node of every account; `rules` are connected to the data (connecting.connect).

    `beside` are tables beside the CRM, each row with the `account_id` it was matched to.
    """
    frame = Frame(as_of, rules.parameters, language, home_currency, rules.version)
    records = read_records(tables, frame, time_zone)
    for name, rows in (beside or {}).items():
        read_beside(name, rules.tables[name], rows, records)
    population = Population(frame, records)
    for node in rules.nodes:
        population.add(node)
    return population.cells


class Population(Struct):
    """All accounts with the cells computed so far."""

    frame: Frame
    records: Records
    cells: dict[str, dict[str, Cell]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    ranked: dict[str, Ranked] = field(default_factory=dict)
    figures: dict[str, dict[tuple[Cell, ...], Cell]] = field(default_factory=dict)
    referred: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Lay out accounts and groups."""
        self.cells = {account: {} for account in sorted(self.records.accounts)}
        self.groups = self.records.members()
        for account, row in self.records.accounts.items():
            if row.get("referred_by"):
                self.referred.setdefault(row["referred_by"] or "", []).append(account)

    def add(self, node: Node) -> None:
        """Compute one node for everybody."""
        if node.of is Of.ACCOUNT:
            for account in self.cells:
                self.cells[account][node.name] = self._one(node, account, [account])
            return
        for root, members in self.groups.items():
            value = self._one(node, members[0], members, root)
            for member in members:
                self.cells[member][node.name] = value

    def _one(self, node: Node, subject: str, members: list[str], root: str = "") -> Cell:
        match node.definition:
            case FieldOf():
                return self._field(node, node.definition, subject, members, root)
            case FactOf():
                rows = self._rows(node.definition, members, node.of)
                groups = [self.records.root[other] for other in self._referred(members)] if node.definition.once else ()
                return fact_value(node.definition, rows, self.frame, groups)
            case FormulaOf():
                return Evaluator(self.frame, self.cells[subject]).value(node.definition.expression)
            case PopulationOf():
                return self._figure(node, node.definition, subject)
            case RankOf():
                return self._rank(node, node.definition, subject)

    # ── fields and facts ──

    def _field(self, node: Node, definition: FieldOf, subject: str, members: list[str], root: str) -> Cell:
        if node.of is Of.ACCOUNT:
            return self._read(
                node, definition, self.records.root[subject] if definition.pick is Pick.PARENT else subject
            )
        if definition.pick is Pick.PARENT:
            return self._read(node, definition, root)
        ordered = sorted(members, key=lambda member: ROOT_FIRST if member == root else member)
        known = [cell for member in ordered if is_known(cell := self._read(node, definition, member))]
        if not known:
            return UNKNOWN
        return max(known) if definition.pick is Pick.LATEST else known[0]

    def _read(self, node: Node, definition: FieldOf, account: str) -> Cell:
        if definition.column == "hierarchy_broken":
            return account in self.records.broken
        if definition.column == "unreadable":
            return account in self.records.unreadable
        text = self.records.accounts[account].get(definition.column)
        try:
            cell = read_cell(text, node.type, time_zone=self.records.time_zone)
        except Unreadable:
            if not is_ours(definition.column):
                self.records.unreadable.add(account)
            return UNKNOWN
        if isinstance(cell, str) and node.type in {Type.TEXT, Type.LONG_TEXT}:
            cell = cell.lower() if definition.lower else cell
            return UNKNOWN if node.options and cell not in node.options else cell
        return cell

    def _rows(
        self, fact: FactOf, members: list[str], of: Of
    ) -> Iterable[tuple[Mapping[str, Cell], Mapping[str, Cell]]]:
        """The records with the cells of the account `account.` means: a record's own, or the one that asks."""
        asking = self.cells[members[0]]
        if fact.relation == Relation.MEMBERS:
            root = self.records.root[members[0]]
            group = members if of is Of.GROUP else self.groups[root]
            if fact.aggregate is Aggregate.PARENT:
                group = [root]
            ordered = sorted(group, key=lambda m: ROOT_FIRST if m == root else m)
            return [(self.cells[member], asking) for member in ordered]
        if fact.relation == Relation.REFERRED:
            return [(self.cells[other], asking) for other in self._referred(members)]
        related = self.records.related.get(fact.relation, {})
        return [(row, self.cells[member]) for member in members for row in related.get(member, ())]

    def _referred(self, members: list[str]) -> list[str]:
        """Those whom the group brought in; nobody brings in itself."""
        root = self.records.root
        others = (other for member in members for other in self.referred.get(member, ()))
        return [other for other in others if root[other] != root[members[0]]]

    # ── everybody together ──

    def _subjects(self, node: Node) -> list[str]:
        return list(self.cells) if node.of is Of.ACCOUNT else [members[0] for members in self.groups.values()]

    def _figure(self, node: Node, definition: PopulationOf, subject: str) -> Cell:
        keys = tuple(Evaluator(self.frame, self.cells[subject]).values(definition.by))
        if any(not is_known(key) for key in keys):
            return IDLE if any(key is IDLE for key in keys) else UNKNOWN
        if node.name not in self.figures:
            self.figures[node.name] = self._figures(node, definition)
        found = self.figures[node.name]
        return found[keys] if keys in found else figure_value(definition.figure, ())

    def _figures(self, node: Node, definition: PopulationOf) -> dict[tuple[Cell, ...], Cell]:
        """Compute a figure for every combination of keys at once."""
        found: dict[tuple[Cell, ...], list[Cell]] = {}
        for subject in self._subjects(node):
            evaluator = Evaluator(self.frame, self.cells[subject])
            if evaluator.holds(definition.among):
                keys = tuple(evaluator.values(definition.by))
                value = True if definition.value is None else evaluator.value(definition.value)
                found.setdefault(keys, []).append(value)
        return {keys: figure_value(definition.figure, values) for keys, values in found.items()}

    def _rank(self, node: Node, definition: RankOf, subject: str) -> Cell:
        ranking = definition.ranking
        if ranking.name not in self.ranked:
            self.ranked[ranking.name] = self._ranking(node, ranking)
        ranked = self.ranked[ranking.name]
        if definition.part is Part.COUNT:
            return Decimal(ranked.count)
        if definition.part is Part.LINE:
            return ranked.lines[definition.band]
        if subject not in ranked.rank:
            return self._unranked(ranking, subject)
        return ranked.level[subject] if definition.part is Part.LEVEL else Decimal(ranked.rank[subject])

    def _ranking(self, node: Node, ranking: Ranking) -> Ranked:
        values: dict[str, Decimal] = {}
        last: set[str] = set()
        more = 0
        for subject in self._subjects(node):
            evaluator = Evaluator(self.frame, self.cells[subject])
            value = evaluator.value(ranking.by)
            if not evaluator.holds(ranking.among):
                more += ranking.counted is not None and evaluator.holds(ranking.counted)
            elif isinstance(value, Decimal):
                values[subject] = half_up(value, 2)
            if ranking.last is not None and evaluator.holds(ranking.last):
                last.add(subject)
        evaluator = Evaluator(self.frame, {})
        bands = [(band.then, None if band.percent is None else evaluator.value(band.percent)) for band in ranking.bands]
        return rank(values, bands, frozenset(last), more)  # type: ignore[arg-type]

    def _unranked(self, ranking: Ranking, subject: str) -> Cell:
        evaluator = Evaluator(self.frame, self.cells[subject])
        among = True if ranking.among is None else evaluator.value(ranking.among)
        if among is UNKNOWN:
            return UNKNOWN
        return IDLE if among is not True or evaluator.value(ranking.by) is IDLE else UNKNOWN
