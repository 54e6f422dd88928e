"""Facts: what the related records of each account (or group) come to; one query for all facts over the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.engine.aggregates import median, quotient, variance
from connector.engine.beside import LOST, beside
from connector.engine.columns import OF_ACCOUNTS
from connector.engine.preparing import G, K
from connector.engine.sources import quoted
from connector.rules import sql_logic as logic
from connector.rules import sql_words as w
from connector.rules.ruleset import Aggregate, FactOf, Of, Relation
from connector.rules.sql import Renderer
from connector.rules.sql_words import SCALE, Rendered, Sql
from connector.rules.tree import Name, Scope
from connector.rules.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from connector.engine.columns import Columns
    from connector.rules.ruleset import Node
    from connector.rules.sql import Givens

RECORDS: dict[str, str] = {Relation.DEALS: "deal", Relation.TICKETS: "ticket", Relation.ACTIVITIES: "activity"}
EMPTY: dict[Aggregate, Callable[[], Sql]] = {
    Aggregate.SUM: lambda: w.number(0),
    Aggregate.COUNT: lambda: w.number(0),
    Aggregate.DISTINCT: lambda: w.number(0),
    Aggregate.ANY: w.false,
    Aggregate.ALL: w.true,
}
"""What a fact is over no record at all; the others are unknown."""
PICKED = frozenset({Aggregate.FIRST, Aggregate.PARENT})


@dataclass(frozen=True, slots=True)
class Side:
    """A join that brings some nodes' values beside the subjects (accounts `s`, groups `sg`)."""

    join: str
    values: dict[str, Rendered]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows a batch of facts is over: where they come from, and the key they are gathered by."""

    source: str
    key: str
    on: str
    gaps: bool


def facts(nodes: Iterable[Node], columns: Columns, givens: Givens, tables: Mapping[Of, str]) -> Iterator[Side]:
    """Give one side query per batch of facts over the same rows."""
    batches: dict[Rows, list[tuple[Node, FactOf]]] = {}
    for node in nodes:
        fact = node.definition
        if isinstance(fact, FactOf):
            batches.setdefault(_rows(node, fact, columns, tables), []).append((node, fact))
    for number, (rows, batch) in enumerate(batches.items()):
        yield _side(rows, batch, columns, givens, f"f{number}")


def _rows(node: Node, fact: FactOf, columns: Columns, tables: Mapping[Of, str]) -> Rows:
    used = {_alias(name, fact, columns) for name in _names(fact)}
    record = tables[Of.ACCOUNT] if fact.relation in OF_ACCOUNTS else RECORDS.get(fact.relation) or beside(fact.relation)
    source, key = f"{record} r", K if node.of is Of.ACCOUNT else G
    if fact.relation == Relation.MEMBERS:
        key = G
    if fact.relation == Relation.REFERRED:
        source += f" join referral t on t.{K} = r.{K}"
    if "rg" in used:
        source += f" join {tables[Of.GROUP]} rg on rg.{G} = r.{G}"
    gathered = {K: 't."@to"', G: 't."@to_g"'}[key] if fact.relation == Relation.REFERRED else f"r.{key}"
    subject = "s" if node.of is Of.ACCOUNT else "sg"
    if "s" in used or ("sg" in used and subject == "s"):
        source += f" join {tables[Of.ACCOUNT]} s on s.{key} = {gathered}"
        gathered, key = f"s.{K}", K
    if "sg" in used:
        source += f" join {tables[Of.GROUP]} sg on sg.{G} = {f's.{G}' if subject == 's' else gathered}"
    return Rows(source, gathered, f"{subject}.{key}", fact.gaps)


def _names(fact: FactOf) -> Iterator[Name]:
    for expression in (fact.value, fact.where):
        if expression is not None:
            yield from (part for part in walk(expression) if isinstance(part, Name))


def _alias(name: Name, fact: FactOf, columns: Columns) -> str:
    mine = name.scope is Scope.ACCOUNT
    if not mine and fact.relation not in OF_ACCOUNTS:
        return "r"
    grouped = columns.nodes[name.name].of is Of.GROUP
    return {(True, False): "s", (True, True): "sg", (False, False): "r", (False, True): "rg"}[mine, grouped]


def _side(rows: Rows, batch: list[tuple[Node, FactOf]], columns: Columns, givens: Givens, alias: str) -> Side:
    cells, totals, values = [], [], {}
    for number, (node, fact) in enumerate(batch):
        render = Renderer(givens, lambda name, relation=fact.relation: columns.in_fact(relation, name))  # type: ignore[misc]
        value = Rendered(w.true(), sure=True) if fact.value is None else render(fact.value)
        counts = str(render.truth(fact.where))
        if fact.relation not in RECORDS and fact.relation not in OF_ACCOUNTS:
            counts = f"case when not r.{LOST} then {counts} end"
        cells += [f"{counts} as w{number}", f"{value.value} as v{number}"]
        cells.append(f"{'false' if value.off is None else value.off} as o{number}")
        total, scale = _total(fact.aggregate, number, value)
        totals.append(f"{total} as {quoted(node.name)}")
        values[node.name] = _on_subject(node, fact, alias, scale)
    if any(fact.aggregate in PICKED for _, fact in batch):
        cells += [f"r.{K} as k", f"r.{K} = r.{G} as top"]
    inner = f"select {rows.key} as {quoted('@key')}, {', '.join(cells)} from {rows.source}"
    marked = _marked(inner, len(batch), batch, gaps=rows.gaps)
    query = f'select "@key", {", ".join(totals)} from ({marked}) group by "@key"'
    return Side(f'left join ({query}) {alias} on {alias}."@key" = {rows.on}', values)


def _marked(inner: str, count: int, batch: list[tuple[Node, FactOf]], *, gaps: bool) -> str:
    """Add `u`: the row makes the fact unknown. With gaps the value becomes the days since the row before it."""
    marks, replaced = [], []
    for i in range(count):
        counted = batch[i][1].value is not None
        lost = f"w{i} is null or (w{i} and v{i} is null and not o{i})" if counted else f"w{i} is null"
        marks.append(f"coalesce({lost}, false) as u{i}")
        if gaps:
            here = f"coalesce(w{i} and v{i} is not null, false)"
            before = f'lag(v{i}) over (partition by "@key", {here} order by v{i})'
            replaced.append(f"case when {here} then cast(v{i} - {before} as bigint) end as v{i}")
    swap = f" replace ({', '.join(replaced)})" if replaced else ""
    return f"select *{swap}, {', '.join(marks)} from ({inner})"


def _total(aggregate: Aggregate, i: int, value: Rendered) -> tuple[str, int]:
    """SQL of one fact over the rows of a key, and its scale."""
    here = f"filter (where w{i})"
    known = f"filter (where w{i} and v{i} is not null)"
    scale = value.scale
    match aggregate:
        case Aggregate.ANY:
            return f"case when bool_or(v{i}) {here} then true when bool_or(u{i}) then null else false end", 0
        case Aggregate.ALL:
            return f"case when not bool_and(v{i}) {here} then false when bool_or(u{i}) then null else true end", 0
        case Aggregate.SUM:
            total = f"cast(coalesce(sum(v{i}) {here}, 0) as decimal(38, {scale}))"
        case Aggregate.COUNT:
            total, scale = f"count(*) {here}", 0
        case Aggregate.DISTINCT:
            total, scale = f"count(distinct v{i}) {here}", 0
        case Aggregate.PARENT:
            total = f"max(v{i}) filter (where w{i} and top)"
        case Aggregate.FIRST:
            total = f"coalesce(max(v{i}) filter (where w{i} and top), arg_min(v{i}, k) {known})"
        case Aggregate.MIN | Aggregate.MAX:
            total = f"{aggregate.value}(v{i}) {here}"
        case Aggregate.MEAN:
            total, scale = quotient(f"sum(v{i}) {here}", scale, f"count(v{i}) {here}"), SCALE
        case Aggregate.MEDIAN:
            total, scale = median(f"v{i}", scale, known), SCALE
        case _:
            total, scale = variance(f"v{i}", scale, known), SCALE
    return f"case when bool_or(u{i}) then null else {total} end", scale


def _on_subject(node: Node, fact: FactOf, alias: str, scale: int) -> Rendered:
    """The column on every subject: one without any record has no row here."""
    value: Sql = w.column(node.name, alias)
    if fact.aggregate in EMPTY:
        value = logic.cases([(logic.is_null(w.column("@key", alias)), EMPTY[fact.aggregate]())], value)
    return Rendered(value, scale=scale, sure=not node.may_be_unknown)
