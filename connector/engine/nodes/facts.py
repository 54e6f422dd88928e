"""Facts: what the related records of each account (or group) come to; one query for all facts over the same rows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

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
from connector.rules.tree import Name
from connector.rules.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

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
    """A join that brings some nodes' values beside the subjects `s`."""

    join: str
    values: dict[str, Rendered]


class Rows(Struct, frozen=True):
    """What a batch of facts has in common: its records, by whom they are gathered, and whose columns they ask for."""

    relation: str
    of: Of
    roles: frozenset[str]
    gaps: bool


Batch: TypeAlias = "list[tuple[Node, FactOf]]"


def facts(nodes: Iterable[Node], columns: Columns, givens: Givens) -> Iterator[Side]:
    """Give one side query per batch of facts over the same rows."""
    batches: dict[Rows, Batch] = {}
    for node in nodes:
        fact = node.definition
        if isinstance(fact, FactOf):
            roles = frozenset(columns.role(node.of, name) for name in _names(fact))
            batches.setdefault(Rows(fact.relation, node.of, roles, fact.gaps), []).append((node, fact))
    for number, (rows, batch) in enumerate(batches.items()):
        yield _side(rows, batch, columns, givens, f"f{number}")


class From(Struct, frozen=True):
    """Where the rows of a batch come from, each called `r`."""

    source: str
    key: str
    """What they are gathered by."""
    on: str
    """The key of the subject that receives it."""


def _from(rows: Rows, batch: Batch, columns: Columns) -> From:
    named: dict[str, list[str]] = {}
    for node, fact in batch:
        for name in _names(fact):
            named.setdefault(columns.role(node.of, name), []).append(name.name)
    if rows.relation in OF_ACCOUNTS:
        source = columns.subjects("r", named.get("r", ()))
    else:
        source = f"{RECORDS.get(rows.relation) or beside(rows.relation)} r"
    key = K if rows.of is Of.ACCOUNT and rows.relation != Relation.MEMBERS else G
    gathered = f"r.{key}"
    if rows.relation == Relation.REFERRED:
        source += f" join referral t on t.{K} = r.{K}"
        gathered = {K: 't."@to"', G: 't."@to_g"'}[key]
    if "s" in named:
        account = columns.subjects("s", named["s"])
        if rows.of is Of.GROUP:  # the record's own account
            source += f" join {account} on s.{K} = r.{K}"
        else:
            source += f" join {account} on s.{key} = {gathered}"
            gathered, key = f"s.{K}", K
    if "sg" in named:
        source += f" join {columns.subjects('sg', named['sg'])} on sg.{K} = {gathered}"
    return From(source, gathered, f"s.{key}")


def _names(fact: FactOf) -> Iterator[Name]:
    for expression in (fact.value, fact.where):
        if expression is not None:
            yield from (part for part in walk(expression) if isinstance(part, Name))


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


def _side(rows: Rows, batch: Batch, columns: Columns, givens: Givens, alias: str) -> Side:
    cells, marks, gaps, totals, values = Cells(), Cells(), Cells(), [], {}
    for node, fact in batch:
        render = Renderer(givens, partial(columns.in_fact, fact, node.of))
        gathered = _gathered(fact, render, cells, marks, gaps)
        total, scale = _total(fact.aggregate, gathered)
        totals.append(f"{total} as {quoted(node.name)}")
        values[node.name] = _on_subject(node, fact, alias, scale)
    of = _from(rows, batch, columns)
    place = [f"r.{K} as k", f"r.{K} = r.{G} as top"] if any(fact.aggregate in PICKED for _, fact in batch) else []
    place += [f"r.{G} as grouped"] if any(fact.once for _, fact in batch) else []
    query = f"select {of.key} as {quoted('@key')}, {', '.join([*cells.written(), *place])} from {of.source}"
    query = f"select {', '.join(['*', *marks.written(), *gaps.written()])} from ({query})"
    query = f'select "@key", {", ".join(totals)} from ({query}) group by "@key"'
    return Side(f'left join ({query}) {alias} on {alias}."@key" = {of.on}', values)


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
