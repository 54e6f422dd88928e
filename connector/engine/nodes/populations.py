"""Figures of the whole population, or of those with equal keys, joined back to every subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.engine.nodes.aggregates import gini, quotient
from connector.engine.nodes.facts import Side
from connector.engine.tables.sources import quoted
from connector.rules.ruleset import Figure, PopulationOf
from connector.rules.sql import logic
from connector.rules.sql import words as w
from connector.rules.sql.words import SCALE, Rendered, Sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from connector.engine.nodes.columns import Columns
    from connector.rules.ruleset import Node, Of
    from connector.rules.sql.render import Renderer
    from connector.rules.tree import Expression


def figures(nodes: Iterable[Node], columns: Columns, render: Renderer) -> Iterator[Side]:
    """Give one side per set of keys."""
    batches: dict[tuple[Of, tuple[Expression, ...]], list[tuple[Node, PopulationOf]]] = {}
    for node in nodes:
        if isinstance(node.definition, PopulationOf):
            batches.setdefault((node.of, node.definition.by), []).append((node, node.definition))
    for number, ((_, keys), batch) in enumerate(batches.items()):
        yield _side(keys, batch, render, columns.everybody([node for node, _ in batch]), f"p{number}")


def _side(
    keys: tuple[Expression, ...],
    batch: Sequence[tuple[Node, PopulationOf]],
    render: Renderer,
    subjects: str,
    alias: str,
) -> Side:
    parts = [render(key) for key in keys]
    by, off = [part.value for part in parts], logic.off_of(parts)
    names = [f"b{number}" for number in range(len(by))]
    cells = [f"{key} as {name}" for key, name in zip(by, names, strict=True)]
    totals, values = [], {}
    for number, (node, figure) in enumerate(batch):
        value = Rendered(w.null()) if figure.value is None else render(figure.value)
        cells += [f"{render.truth(figure.among)} as w{number}", f"{value.value} as v{number}"]
        total, scale = _total(figure, number, value.scale)
        totals.append(f"{total} as {quoted(node.name)}")
        values[node.name] = _on_subject(node, alias, scale, off)
    rows = _ranked(f"select {', '.join(cells)} from {subjects}", names, batch)
    if not keys:
        return Side(f"cross join (select {', '.join(totals)} from ({rows})) {alias}", values)
    known = " and ".join(f"{name} is not null" for name in names)
    same = " and ".join(f"{alias}.{name} = ({key})" for key, name in zip(by, names, strict=True))
    query = f"select {', '.join([*names, *totals])} from ({rows}) where {known} group by {', '.join(names)}"
    return Side(f"left join ({query}) {alias} on {same}", values)


def _ranked(rows: str, names: Sequence[str], batch: Sequence[tuple[Node, PopulationOf]]) -> str:
    """Add each value's place from the lowest, for the Gini coefficient only: it is the one figure that needs a sort."""
    places = []
    for number, (_, figure) in enumerate(batch):
        if figure.figure is Figure.GINI:
            here = f"coalesce(w{number} and v{number} is not null, false)"
            places.append(
                f"row_number() over (partition by {', '.join([*names, here])} order by v{number}) as i{number}"
            )
    return f"select *, {', '.join(places)} from ({rows})" if places else rows


def _total(figure: PopulationOf, i: int, scale: int) -> tuple[str, int]:
    here = f"filter (where w{i} and v{i} is not null)"
    match figure.figure:
        case Figure.COUNT:
            return f"count(*) filter (where w{i})" if figure.value is None else f"count(*) {here}", 0
        case Figure.SUM:
            return f"cast(coalesce(sum(v{i}) {here}, 0) as decimal(38, {scale}))", scale
        case Figure.MEAN:
            return quotient(f"sum(v{i}) {here}", scale, f"count(v{i}) {here}"), SCALE
        case Figure.GINI:
            only = f"case when w{i} then v{i} end"
            return gini(only, f"i{i}", scale), SCALE
        case _:
            return f"{figure.figure.value}(v{i}) {here}", scale


def _on_subject(node: Node, alias: str, scale: int, off: Sql | None) -> Rendered:
    """The column on every subject: one with known keys is among the rows itself, so its keys always have a row."""
    return Rendered(w.column(node.name, alias), off=off, scale=scale, sure=not node.may_be_unknown)
