"""Facts: what the related records of each account (or group) come to; one query for all facts over the same rows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.engine.nodes.aggregates import median, quotient, variance
from connector.engine.nodes.columns import OF_ACCOUNTS
from connector.engine.tables.beside import LOST, beside
from connector.engine.tables.preparing import G, K
from connector.engine.tables.sources import quoted
from connector.rules.ruleset import Aggregate, FactOf, Of, Relation
from connector.rules.sql import logic
from connector.rules.sql import words as w
from connector.rules.sql.render import Renderer
from connector.rules.sql.words import SCALE, Rendered, Sql
from connector.rules.tree import Name, Scope
from connector.rules.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from connector.engine.nodes.columns import Columns
    from connector.rules.ruleset import Node
    from connector.rules.sql.render import Givens

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


class Side(Struct, frozen=True):
    """A join that brings some nodes' values beside the subjects (accounts `s`, groups `sg`)."""

    join: str
    values: dict[str, Rendered]


class Rows(Struct, frozen=True):
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
    if "s" in used and subject == "sg":  # the record's own account
        source += f" join {tables[Of.ACCOUNT]} s on s.{K} = r.{K}"
    elif "s" in used or ("sg" in used and subject == "s"):
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


class Cells(Struct):
    """The columns that facts over the same rows are gathered from; two facts that ask the same share one."""

    made: dict[tuple[str, str], str] = field(default_factory=dict)

    def name(self, kind: str, sql: str) -> str:
        """Give the column of that kind that holds `sql`."""
        return self.made.setdefault((kind, sql), f"{kind}{len(self.made)}")

    def written(self) -> list[str]:
        """SQL of all of them."""
        return [f"{sql} as {name}" for (_, sql), name in self.made.items()]


class Gathered(Struct, frozen=True):
    """One fact's columns."""

    where: str
    """Whether a row counts."""
    value: str
    scale: int
    lost: str | None
    """Whether a row makes the fact unknown; None where no row can."""


def _side(rows: Rows, batch: list[tuple[Node, FactOf]], columns: Columns, givens: Givens, alias: str) -> Side:
    cells, marks, gaps, totals, values = Cells(), Cells(), Cells(), [], {}
    for node, fact in batch:
        render = Renderer(givens, partial(columns.in_fact, fact.relation))
        gathered = _gathered(fact, render, cells, marks, gaps)
        total, scale = _total(fact.aggregate, gathered)
        totals.append(f"{total} as {quoted(node.name)}")
        values[node.name] = _on_subject(node, fact, alias, scale)
    place = [f"r.{K} as k", f"r.{K} = r.{G} as top"] if any(fact.aggregate in PICKED for _, fact in batch) else []
    place += [f"r.{G} as grouped"] if any(fact.once for _, fact in batch) else []
    query = f"select {rows.key} as {quoted('@key')}, {', '.join([*cells.written(), *place])} from {rows.source}"
    query = f"select {', '.join(['*', *marks.written(), *gaps.written()])} from ({query})"
    query = f'select "@key", {", ".join(totals)} from ({query}) group by "@key"'
    return Side(f'left join ({query}) {alias} on {alias}."@key" = {rows.on}', values)


def _gathered(fact: FactOf, render: Renderer, cells: Cells, marks: Cells, gaps: Cells) -> Gathered:
    """Name the columns of a fact. With gaps the value is the days since the row before it."""
    value = Rendered(w.true(), sure=True) if fact.value is None else render(fact.value)
    here, held = cells.name("w", _counts(fact, render)), cells.name("v", value.value)
    lost = _lost(render, fact, here, held, "" if value.off is None else f" and not {cells.name('o', value.off)}")
    unknown = marks.name("u", lost) if lost else None
    if fact.gaps:
        counts = f"coalesce({here} and {held} is not null, false)"
        before = f'lag({held}) over (partition by "@key", {counts} order by {held})'
        held = gaps.name("g", f"case when {counts} then cast({held} - {before} as bigint) end")
    if fact.once:
        first = f'row_number() over (partition by "@key", grouped, {here}) = 1'
        here = marks.name("m", f"{here} and {first}")
    return Gathered(here, held, value.scale, unknown)


def _counts(fact: FactOf, render: Renderer) -> str:
    """SQL: whether a row counts; unknown for one of a table beside the CRM whose account was lost."""
    counts = str(render.truth(fact.where))
    return f"case when not r.{LOST} then {counts} end" if _beside(fact) else counts


def _beside(fact: FactOf) -> bool:
    return fact.relation not in RECORDS and fact.relation not in OF_ACCOUNTS


def _lost(render: Renderer, fact: FactOf, here: str, held: str, applies: str) -> str:
    """SQL: nobody knows whether the row counts, or it counts and its value is unknown; empty where that cannot be.

    Never NULL: where `here` is, its test says so.
    """
    known = not _beside(fact) and (fact.where is None or render(fact.where).sure)
    lost = [] if known else [f"{here} is null"]
    if fact.value is not None and not render(fact.value).sure:
        lost.append(f"({here} and {held} is null{applies})")
    return " or ".join(lost)


def _total(aggregate: Aggregate, of: Gathered) -> tuple[str, int]:
    """SQL of one fact over the rows of a key, and its scale."""
    value, scale = of.value, of.scale
    here, known = f"filter (where {of.where})", f"filter (where {of.where} and {value} is not null)"
    match aggregate:
        case Aggregate.ANY:
            return f"case when bool_or({value}) {here} then true {_unless(of)}else false end", 0
        case Aggregate.ALL:
            return f"case when not bool_and({value}) {here} then false {_unless(of)}else true end", 0
        case Aggregate.SUM:
            total = f"cast(coalesce(sum({value}) {here}, 0) as decimal(38, {scale}))"
        case Aggregate.COUNT:
            total, scale = f"count(*) {here}", 0
        case Aggregate.DISTINCT:
            total, scale = f"count(distinct {value}) {here}", 0
        case Aggregate.PARENT:
            total = f"max({value}) filter (where {of.where} and top)"
        case Aggregate.FIRST:
            total = f"coalesce(max({value}) filter (where {of.where} and top), arg_min({value}, k) {known})"
        case Aggregate.MIN | Aggregate.MAX:
            total = f"{aggregate.value}({value}) {here}"
        case Aggregate.MEAN:
            total, scale = quotient(f"sum({value}) {here}", scale, f"count({value}) {here}"), SCALE
        case Aggregate.MEDIAN:
            total, scale = median(value, scale, known), SCALE
        case _:
            total, scale = variance(value, scale, known), SCALE
    return f"case {_unless(of)}else {total} end" if of.lost else total, scale


def _unless(of: Gathered) -> str:
    return f"when bool_or({of.lost}) then null " if of.lost else ""


def _on_subject(node: Node, fact: FactOf, alias: str, scale: int) -> Rendered:
    """The column on every subject: one without any record has no row here."""
    value: Sql = w.column(node.name, alias)
    if fact.aggregate in EMPTY:
        value = logic.cases([(logic.is_null(w.column("@key", alias)), EMPTY[fact.aggregate]())], value)
    return Rendered(value, scale=scale, sure=not node.may_be_unknown)
