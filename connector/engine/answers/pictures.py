"""The population from above: what each value of each output holds, how accounts moved, what is missing."""

from __future__ import annotations

from array import array
from decimal import Decimal
from typing import TYPE_CHECKING

from connector.engine.answers.insights import insights
from connector.engine.answers.overridden import overrides
from connector.engine.tables.preparing import G, K
from connector.model.fields import Type
from connector.model.outputs import ENERGY_HOURS, LADDER_STEP, LEVEL, MARGIN, REVENUE, TIER
from connector.model.pictures import Crossing, MissingField, Override, Pictures, Slice, WarningCount, Window
from connector.planning.overrides import SOON
from connector.rules.calendar_days import window_start
from connector.rules.ruleset import Part, RankOf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.engine.answers.published import Published
    from connector.rules.ruleset import Node, OutputOf

MOVED = (TIER, LEVEL, LADDER_STEP)
MISSING = "missing_fields"
"""The node that lists, by code, the fields a person should fill."""


def draw(published: Published) -> Pictures:
    """Count everything once; bounded in size, whatever the population."""
    enumerations = [o for o in published.written if o.output.options and o.output.type is Type.TEXT and o.node]
    return Pictures(
        window=_window(published),
        revenues_cents=_revenues(published),
        slices={o.output.name: _slices(published, o) for o in enumerations},
        crossings={name: _crossings(published, name) for name in MOVED if published.named(name)},
        benchmarks=_benchmarks(published),
        lines_cents=_lines(published),
        missing=_missing(published),
        warnings=_warnings(published),
        overrides=tuple(_overrides(published)),
        insights=insights(published),
        deals_without_account=published.homeless(),
    )


def _window(published: Published) -> Window:
    parameters, as_of = published.rules.parameters, published.request.as_of
    named = parameters.get("window")
    return Window(str(named.value) if named else "trailing_12_months", window_start(as_of, parameters), as_of)


def line_nodes(published: Published) -> dict[str, str]:
    """The nodes of the lines between pyramid levels, per level: of the ranking with the most bands."""
    lines = {node.name: node.definition for node in published.columns.nodes.values() if is_line(node)}
    rankings = [line.ranking for line in lines.values() if isinstance(line, RankOf)]
    if not rankings or published.named(LEVEL) is None:
        return {}
    most = max(rankings, key=lambda ranking: len(ranking.bands)).name
    return {line.band: name for name, line in lines.items() if isinstance(line, RankOf) and line.ranking.name == most}


def is_line(node: Node) -> bool:
    """Tell the amount between two bands from other nodes."""
    return isinstance(node.definition, RankOf) and node.definition.part is Part.LINE


def _revenues(published: Published) -> array[int]:
    query = (
        f"select max({published.cents(REVENUE)}) as revenue from {published.subjects} "
        f"where {published.active} group by s.{G} having revenue is not null order by revenue desc"
    )
    return array("q", (row[0] for row in published.rows(query)))


def _slices(published: Published, output: OutputOf) -> tuple[Slice, ...]:
    hours, margin = published.named(ENERGY_HOURS), MARGIN
    query = (
        "select value, count(*), count(*) filter (where first), "
        "cast(coalesce(sum(revenue) filter (where first), 0) as bigint), sum(hours), cast(sum(margin) as bigint) from ("
        f"select {published.wanted(output)} as value, {published.cents(REVENUE)} as revenue, "
        f"{published.stored(hours) if hours else 'null::decimal(38, 2)'} as hours, "
        f"{published.cents(margin)} as margin, {_first('value')} as first from {published.subjects}) "
        "group by value order by value nulls last"
    )
    return tuple(Slice(*row) for row in published.rows(query))


def _first(values: str) -> str:
    """SQL: the first of its group with these values, the one that brings the group's revenue."""
    return f"row_number() over (partition by s.{G}, {values} order by s.{K}) = 1"


def _crossings(published: Published, name: str) -> tuple[Crossing, ...]:
    query = (
        "select before, after, count(*), cast(coalesce(sum(revenue) filter (where first), 0) as bigint) from ("
        f"select {published.text(name, before=True)} as before, {published.text(name)} as after, "
        f"{published.cents(REVENUE)} as revenue, {_first('before, after')} as first from {published.subjects}) "
        "group by before, after order by before nulls first, after nulls first"
    )
    return tuple(Crossing(*row) for row in published.rows(query))


def _benchmarks(published: Published) -> dict[str, Decimal]:
    found = {}
    for name, parameter in published.rules.parameters.items():
        level = name.removeprefix("pyramid.levels.").removesuffix(".benchmark_revenue_pct")
        if name == f"pyramid.levels.{level}.benchmark_revenue_pct" and isinstance(parameter.value, Decimal):
            found[level] = parameter.value
    return found


def _lines(published: Published) -> dict[str, int]:
    nodes = line_nodes(published)
    if not nodes:
        return {}
    cells = ", ".join(f"cast(round(max({published.cell(node)}), 2) * 100 as bigint)" for node in nodes.values())
    row = next(published.rows(f"select {cells} from {published.subjects}"))
    return {level: cents for level, cents in zip(nodes, row, strict=True) if cents is not None}


def _missing(published: Published) -> tuple[MissingField, ...]:
    if MISSING not in published.columns.nodes:
        return ()
    query = (
        f"select field, count(*), cast(coalesce(sum(revenue), 0) as bigint) from (select "
        f"unnest(string_split({published.cell(MISSING)}, ';')) as field, {published.cents(REVENUE)} as revenue "
        f"from {published.subjects}) where field <> '' group by field order by 3 desc, 2 desc, field"
    )
    return tuple(MissingField(*row) for row in published.rows(query))


def _warnings(published: Published) -> tuple[WarningCount, ...]:
    query = (
        f"select code, count(*) from (select unnest(string_split({published.warnings}, ';')) as code "
        f"from {published.subjects}) where code <> '' group by code order by code"
    )
    return tuple(WarningCount(*row) for row in published.rows(query))


def _overrides(published: Published) -> Iterator[Override]:
    """Those that ended, end soon, or are what the rules say by now."""
    latest = published.request.as_of + SOON
    for one in overrides(published):
        if one.until is None or one.until <= latest or one.tier == one.computed is not None:
            yield one
