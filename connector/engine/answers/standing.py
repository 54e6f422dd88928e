"""What a population that was worked out comes to: its figures per combination of keys, and who is ranked."""

from __future__ import annotations

from decimal import Decimal
from itertools import repeat
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from connector.engine.nodes.building import givens
from connector.engine.tables.preparing import G, K
from connector.rules.cells import UNKNOWN, Cell
from connector.rules.python.ranking import Board, Place
from connector.rules.python.standing import Standing, Tally, asked, over_everybody
from connector.rules.ruleset import FieldOf, Figure, Of, Part, PopulationOf, RankOf, needed
from connector.rules.sql import words as w
from connector.rules.sql.render import Renderer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connector.engine.answers.published import Published
    from connector.ports import EvaluationRequest
    from connector.rules.ruleset import Node, Ranking, RuleSet

UNREADABLE = "unreadable"


def alone(rules: RuleSet, request: EvaluationRequest) -> tuple[RuleSet, EvaluationRequest]:
    """The rules and the request of nothing but what is asked of everybody.

    Whether an account is unreadable depends on every column that is read: who asks for that gets everything.
    """
    figures = {node.name for node in over_everybody(rules.nodes) if isinstance(node.definition, PopulationOf)}
    wanted = figures | {*asked(rules.nodes)}
    nodes = needed(rules.nodes, wanted)
    if any(isinstance(node.definition, FieldOf) and node.definition.column == UNREADABLE for node in nodes):
        return rules, replace(request, keep_all=True)
    return (
        replace(rules, nodes=(*nodes, *_rankings(rules.nodes)), outputs=(), warnings={}),
        replace(request, keep_all=False, keep=tuple(sorted(wanted))),
    )


def _rankings(nodes: Iterable[Node]) -> list[Node]:
    """One node of each ranking under a name nobody asks for: who is ranked by what is read without anyone's place."""
    found: dict[str, Node] = {}
    for node in nodes:
        if isinstance(node.definition, RankOf):
            ranked = replace(node.definition, part=Part.COUNT)
            found.setdefault(ranked.ranking.name, replace(node, name=f"_ranking.{node.name}", definition=ranked))
    return [*found.values()]


def standing(published: Published) -> Standing:
    """Read it; the nodes that are asked for and what they ask for must have been kept."""
    published.settle()
    render = Renderer(givens(published.rules, published.request), published.columns.alone)
    batches: dict[tuple[object, ...], list[tuple[Node, PopulationOf]]] = {}
    ranked: dict[str, Board] = {}
    for node in over_everybody(published.rules.nodes):
        if isinstance(node.definition, PopulationOf):
            batches.setdefault((node.of, node.definition.by), []).append((node, node.definition))
        elif isinstance(node.definition, RankOf) and node.definition.ranking.name not in ranked:
            ranked[node.definition.ranking.name] = _ranked(published, render, node, node.definition.ranking)
    figures: dict[str, dict[tuple[Cell, ...], Tally]] = {}
    for batch in batches.values():
        figures |= _figures(published, render, batch)
    return Standing(figures, ranked)


def _subjects(published: Published, of: Of) -> str:
    """FROM clause: everybody, or every group once."""
    return f"{published.verdict}{f' where {K} = {G}' if of is Of.GROUP else ''}"


def _ranked(published: Published, render: Renderer, node: Node, ranking: Ranking) -> Board:
    amount = f"cast(round({render(ranking.by).value}, 2) as decimal(38, 2))"
    last, counted = ("false" if part is None else render.truth(part) for part in (ranking.last, ranking.counted))
    subjects = (
        f"select coalesce({render.truth(ranking.among)}, false) as w, not coalesce({last}, false) as a, {amount} as v, "
        f"coalesce({counted}, false) as c from {_subjects(published, node.of)}"
    )
    rows = published.rows(
        f"select a, v, count(*) from ({subjects}) where w and v is not null group by a, v order by a, v"
    )
    places = [place for ahead, value, count in rows for place in repeat(Place(ahead, value), count)]
    ((more,),) = published.rows(f"select count(*) from ({subjects}) where c and not w")
    return Board(places, more)


def _figures(
    published: Published, render: Renderer, batch: Sequence[tuple[Node, PopulationOf]]
) -> dict[str, dict[tuple[Cell, ...], Tally]]:
    """The figures of one set of keys, in one query: each with its value, how many it is of, and their sum."""
    node, first = batch[0]
    keys = [f"b{number}" for number in range(len(first.by))]
    cells = [f"{render(key).value} as {name}" for key, name in zip(first.by, keys, strict=True)]
    totals: list[str] = []
    for number, (each, figure) in enumerate(batch):
        value = w.null() if figure.value is None else render(figure.value).value
        cells += [f"{render.truth(figure.among)} as w{number}", f"{value} as v{number}"]
        cells.append(f"{w.column(each.name)} as f{number}")
        totals += _totals(number, figure)
    known = f" where {' and '.join(f'{key} is not null' for key in keys)} group by {', '.join(keys)}" if keys else ""
    query = (
        f"select {', '.join([*keys, *totals])} from (select {', '.join(cells)} from {_subjects(published, node.of)})"
    )
    found: dict[str, dict[tuple[Cell, ...], Tally]] = {each.name: {} for each, _ in batch}
    for row in published.rows(query + known):
        of = tuple(map(_cell, row[: len(keys)]))
        for number, (each, _) in enumerate(batch):
            value, count, total = row[len(keys) + 3 * number : len(keys) + 3 * number + 3]
            found[each.name][of] = Tally(_cell(value), count, Decimal(total))
    return found


def _totals(number: int, figure: PopulationOf) -> list[str]:
    here = f"filter (where w{number}{'' if figure.value is None else f' and v{number} is not null'})"
    summed = figure.figure in {Figure.SUM, Figure.MEAN}
    return [
        f"max(f{number})",
        f"count(*) {here}",
        f"cast(coalesce(sum(v{number}) {here}, 0) as varchar)" if summed else "'0'",
    ]


def _cell(value: Any) -> Cell:
    """A column's value as a cell; there are no lists among keys."""
    if value is None:
        return UNKNOWN
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    known: Cell = value
    return known
