"""One account of the mirror, worked out in Python beside what the whole population comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from connector.engine.tables.nearby import available, read
from connector.model.fields import Table
from connector.model.verdicts import Explanation, NodeValue, State, Verdict
from connector.rules.cells import IDLE, UNKNOWN, Cell
from connector.rules.connecting import connect
from connector.rules.python.canonical import canonical, written
from connector.rules.python.evaluate import Frame
from connector.rules.python.few import Few, Moved, note_unreadable
from connector.rules.python.reading import Records, read_beside, read_records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.engine.tables.nearby import Nearby
    from connector.ports import EvaluationRequest
    from connector.rules.python.standing import Standing
    from connector.rules.ruleset import Node, RuleSet


class One(Struct):
    """An account with all its cells; `rules` are connected to the data."""

    rules: RuleSet
    request: EvaluationRequest
    nearby: Nearby
    standing: Standing
    few: Few
    available: Mapping[str, frozenset[str]]
    """The columns of the data."""

    @property
    def cells(self) -> Mapping[str, Cell]:
        """The account's own."""
        return self.few.cells[self.few.account]

    @property
    def frame(self) -> Frame:
        """What is the same for everybody."""
        return self.few.frame

    @property
    def was_referred(self) -> bool:
        """Whether somebody referred an account of its group."""
        return any(self.few.records.accounts[member].get("referred_by") for member in self.few.group)

    def after(self, deal: Mapping[str, str | None], nodes: Sequence[Node]) -> Mapping[str, Cell]:
        """Some nodes of the account with one deal more; raises CannotTellError when others would move along."""
        tables = self.nearby.tables | {Table.DEALS: [*self.nearby.tables[Table.DEALS], dict(deal)]}
        records = _records(self.rules, self.request, self.frame, self.nearby, tables)
        moved = Moved(self.frame, records, account=self.few.account, standing=self.standing, before=self.few)
        return moved.work_out(nodes)

    def explanation(self) -> Explanation:
        """The verdict, and every value on the way to it."""
        cells, rules = self.cells, self.rules
        written_outputs = [output for output in rules.outputs if output.output.written]
        values = {o.output.name: canonical(cells[o.node], o.output) if o.node else None for o in written_outputs}
        warnings = tuple(code for code, node in sorted(rules.warnings.items()) if cells[node] is True)
        name = self.few.records.accounts[self.few.account].get("name")
        nodes = tuple(node_value(node.name, cells[node.name]) for node in rules.nodes)
        return Explanation(Verdict(self.few.account, values, warnings), name, nodes, rules.not_configured)


def one(rules: RuleSet, request: EvaluationRequest, standing: Standing, account: str) -> One | None:
    """Work an account out; None when there is no such account by that day."""
    there = available(rules, request)
    rules = connect(rules, there)
    nearby = read(rules, request, account)
    frame = Frame(request.as_of, rules.parameters, request.language, request.home_currency, rules.version)
    records = _records(rules, request, frame, nearby, nearby.tables)
    if account not in records.accounts:
        return None
    few = Few(frame, records, account=account, standing=standing)
    few.work_out(rules.nodes)
    return One(rules, request, nearby, standing, few, there)


def _records(
    rules: RuleSet,
    request: EvaluationRequest,
    frame: Frame,
    nearby: Nearby,
    tables: Mapping[Table, Sequence[Mapping[str, str | None]]],
) -> Records:
    records = read_records(tables, frame, request.time_zone)
    for name, rows in nearby.beside.items():
        asked = {column: kind for column, kind in rules.tables[name].items() if any(column in row for row in rows)}
        read_beside(name, asked, rows, records)
    note_unreadable(records, rules.nodes)
    return records


def node_value(name: str, cell: Cell) -> NodeValue:
    """A cell as it is told."""
    if cell is UNKNOWN:
        return NodeValue(name, State.UNKNOWN, None)
    return NodeValue(name, State.OFF, None) if cell is IDLE else NodeValue(name, State.KNOWN, written(cell))
