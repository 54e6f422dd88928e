"""Rank bands set-wise: competition ranks, ties that stay together, lines between bands (domain.md M1, steps B to E)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from connector.engine.nodes.facts import Side
from connector.engine.tables.sources import quoted_text
from connector.rules.binding.constants import constant
from connector.rules.ruleset import Part, RankOf
from connector.rules.sql import logic
from connector.rules.sql import words as w
from connector.rules.sql.words import Rendered, Sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from connector.engine.nodes.columns import Columns
    from connector.rules.ruleset import Node, Of, Ranking
    from connector.rules.sql.render import Givens, Renderer

CENTS = 2
LINE_SCALE = 3
"""The mean of two amounts in cents has at most three decimals."""


def rankings(nodes: Iterable[Node], columns: Columns, render: Renderer) -> Iterator[Side]:
    """Give one side per ranking for what is each subject's own, and one for what is the same for everybody."""
    batches: dict[tuple[Of, str], list[tuple[Node, RankOf]]] = {}
    for node in nodes:
        if isinstance(node.definition, RankOf):
            batches.setdefault((node.of, node.definition.ranking.name), []).append((node, node.definition))
    for number, batch in enumerate(batches.values()):
        yield _side(batch, render, columns.everybody([node for node, _ in batch]), f"r{number}")


def _side(batch: Sequence[tuple[Node, RankOf]], render: Renderer, subjects: str, alias: str) -> Side:
    ranking = batch[0][1].ranking
    by, among = render(ranking.by), render.truth(ranking.among)
    amount = f"cast(round({by.value}, {CENTS}) as decimal(38, {CENTS}))"
    behind = "false" if ranking.last is None else f"coalesce({render.truth(ranking.last)}, false)"
    cuts = _cuts(ranking, render.givens)
    blocks = (
        f"select b, v, cast(sum(c) over (order by b, v desc) - c + 1 as bigint) as i, "
        f"cast(sum(c) over (order by b, v desc) as bigint) as j, cast(sum(c) over () as bigint) as m, "
        f"m + {_unplaced(ranking, render, subjects)} as n "
        f"from (select b, v, count(*) as c from (select {behind} as b, {amount} as v, {among} as w from {subjects}) "
        f"where w and v is not null group by b, v)"
    )
    lines = [f"{_line(cut)} as line{number}" for number, cut in enumerate(cuts)]
    same = f"select coalesce(max(n), 0) as n{''.join(f', {line}' for line in lines)} from ({blocks})"
    own = f"select b, v, i, {_level(ranking, cuts)} as level from ({blocks})"
    mine = f"{alias}.v = case when {among} then {amount} end and {alias}.b = {behind}"
    join = f"left join ({own}) {alias} on {mine} cross join ({same}) {alias}s"
    return Side(join, {node.name: _part(part, render, alias) for node, part in batch})


def _unplaced(ranking: Ranking, render: Renderer, subjects: str) -> str:
    """SQL of how many count in the number without being ranked."""
    if ranking.counted is None:
        return "0"
    counted, among = render.truth(ranking.counted), render.truth(ranking.among)
    return f"(select count(*) filter (where {counted} and {among} is not true) from {subjects})"


def _cuts(ranking: Ranking, givens: Givens) -> list[str]:
    """SQL of the last position of every band but the last: ceil(n * p / 100), in whole numbers only."""
    total, cuts = Decimal(0), []
    for band in ranking.bands:
        if band.percent is None:
            break
        total += constant(band.percent, givens.parameters) or Decimal(0)
        above, below = total.as_integer_ratio()
        cuts.append(f"((n * {above} + {100 * below - 1}) // {100 * below})")
    return cuts


def _level(ranking: Ranking, cuts: Sequence[str]) -> str:
    """A block belongs to the first band it lies in, or overlaps by no more than max(1, a tenth of the cut)."""
    tests = [
        f"when j <= {cut} or (i <= {cut} and j <= {cut} + greatest(1, {cut} // 10)) then {quoted_text(band.then)}"
        for band, cut in zip(ranking.bands, cuts, strict=False)
    ]
    last = quoted_text(ranking.bands[-1].then)
    return f"case {' '.join(tests)} else {last} end" if tests else last


def _line(cut: str) -> str:
    """Halfway between the amounts at the cut and next to it; without a next one, the last amount up to the cut."""
    cut = f"least({cut}, m)"
    here = f"max(v) filter (where i <= {cut} and {cut} <= j)"
    following = f"max(v) filter (where i <= {cut} + 1 and {cut} + 1 <= j)"
    return f"cast(({here} + coalesce({following}, {here})) * 0.5 as decimal(38, {LINE_SCALE}))"


def _part(part: RankOf, render: Renderer, alias: str) -> Rendered:
    names = [band.then for band in part.ranking.bands]
    match part.part:
        case Part.COUNT:
            return Rendered(w.column("n", f"{alias}s"), sure=True)
        case Part.LINE:
            return Rendered(w.column(f"line{names.index(part.band)}", f"{alias}s"), scale=LINE_SCALE)
        case Part.RANK:
            return Rendered(w.column("i", alias), off=_outside(part, render))
        case _:
            return Rendered(_own_level(part, render, alias), off=_outside(part, render))


def _own_level(part: RankOf, render: Renderer, alias: str) -> Sql:
    level = w.column("level", alias)
    if part.ranking.last is None:
        return level
    sent_last = logic.all_of([logic.is_known(level), render.truth(part.ranking.last)])
    return logic.cases([(sent_last, w.text(part.ranking.bands[-1].then))], level)


def _outside(part: RankOf, render: Renderer) -> Sql | None:
    """Not applicable where `among` is false or `by` does not apply; where they are unknown, so is the level."""
    offs = [] if (by := render(part.ranking.by)).off is None else [by.off]
    if part.ranking.among is not None:
        among = render(part.ranking.among)
        truth = logic.truth(among)
        offs.append(logic.negation(truth if among.sure else w.call("COALESCE", truth, w.true())))
    return logic.any_of(offs) if offs else None
