"""Domain M1 steps B to E, 5.6.2, 11.12: ranking, ties, lines, levels and their buffer."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from tests.oracle.amounts import ceiling_share, cents
from tests.oracle.days import quarter
from tests.oracle.world import ZERO, Group, World

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LEVELS = ("top", "big", "medium", "small")
FLAT = Fraction(1, 10)
SURE, FAIR = 100, 20
BEST = Fraction(20)
"""Per cent that are big of a base of two levels."""


def settle_levels(world: World) -> None:
    """Every group's level: by rank or amount, kept by its buffer; other groups carry their lifecycle."""
    base = sorted(
        (group for group in world.active if group.revenue_known and group.metric is not None),
        key=lambda group: (_bare(group), -ranked_by(group)),
    )
    count = len(base)
    if world.parameters.text("pyramid.population") == "active_plus_inactive":
        count += sum(group.lifecycle == "inactive" for group in world.groups)
    cuts = cut_offs(world, count)
    _settle_lines(world, base, cuts)
    if two_level(world):
        cuts = [("big", ceiling_share(count, BEST))]
    for group in world.groups:
        group.level = group.computed_level = (
            group.lifecycle if group.lifecycle in {"inactive", "prospect", "suspect"} else None
        )
        if group.active and group.revenue_known and _bare(group):
            group.level = group.computed_level = "small"
    for first, last in tied_blocks(base):
        level = "small" if _bare(base[first - 1]) else block_level(first, last, cuts)
        for group in base[first - 1 : last]:
            group.rank = first
            group.computed_level = by_amount(world, group) or level
            group.level = kept_level(world, group, group.computed_level)
    _warn_when_flat(world, [group for group in world.active if group.revenue_known])


def ranked_by(group: Group) -> Fraction:
    """What a group is ranked by; only of groups that can be ranked."""
    assert group.metric is not None
    return group.metric


def _bare(group: Group) -> bool:
    """A contract without revenue: ranks last, always small (11.12)."""
    return group.revenue <= 0


def cut_offs(world: World, count: int) -> list[tuple[str, int]]:
    """M1 step B: each level with the last position it reaches, but for small."""
    parameters = world.parameters
    shares = [(level, parameters.number(f"pyramid.levels.{level}.customers_pct")) for level in LEVELS[:3]]
    total = ZERO
    cuts = []
    for level, share in shares:
        total += share
        cuts.append((level, ceiling_share(count, total)))
    return cuts


def two_level(world: World) -> bool:
    """M1 step D: two groups for a small base."""
    return len(world.active) < world.parameters.whole("pyramid.two_level_below")


def tied_blocks(base: Sequence[Group]) -> list[tuple[int, int]]:
    """M1 step C: positions of neighbours with the same metric, to the cent; the bare ones among themselves."""
    blocks: list[tuple[int, int]] = []
    for position, group in enumerate(base, 1):
        before = base[position - 2] if position > 1 else None
        if before and _bare(before) == _bare(group) and cents(ranked_by(before)) == cents(ranked_by(group)):
            blocks[-1] = (blocks[-1][0], position)
        else:
            blocks.append((position, position))
    return blocks


def block_level(first: int, last: int, cuts: Sequence[tuple[str, int]]) -> str:
    """M1 step C: a block inside a level, or the higher one within the tolerance, else the next down."""
    return next((level for level, cut in cuts if within(first, last, cut)), "small")


def within(first: int, last: int, cut: int) -> bool:
    """M1 step C: whether who shares these places is above the cut; also said of shares by margin and by value."""
    return first <= cut and last <= cut + max(1, cut // 10)


def above(cut: int, values: Mapping[int, Fraction]) -> set[int]:
    """Who is above the cut by these values, equal ones to the cent together."""
    told = [cents(value) for value in values.values()]
    places = {
        value: (sum(other > value for other in told) + 1, sum(other >= value for other in told)) for value in told
    }
    return {key for key, value in values.items() if within(*places[cents(value)], cut)}


def _settle_lines(world: World, base: Sequence[Group], cuts: Sequence[tuple[str, int]]) -> None:
    """M1 step E: half way between the value at the cut and the next one; above nobody there is no line."""
    told = {level: world.parameters.optional(f"pyramid.absolute_lines.{level}") for level in LEVELS[:3]}
    world.lines = dict.fromkeys(LEVELS[:3])
    for level, cut in cuts:
        if base and cut:
            here = ranked_by(base[min(cut, len(base)) - 1])
            after = ranked_by(base[cut]) if cut < len(base) else here
            world.lines[level] = (here + after) / 2
    if told["medium"] is not None:
        world.lines = told


def by_amount(world: World, group: Group) -> str | None:
    """M1 step D, option `absolute_lines`: levels by amounts instead of ranks, from the highest that has an amount."""
    told = {level: world.parameters.optional(f"pyramid.absolute_lines.{level}") for level in LEVELS[:3]}
    if told["medium"] is None:
        return None
    if _bare(group):
        return "small"
    return next((level for level, line in told.items() if line is not None and ranked_by(group) >= line), "small")


def kept_level(world: World, group: Group, computed: str) -> str:
    """5.6.2: one step up needs the line and a tenth, one step down falls under it by a tenth."""
    row = group.given("seg_pyramid_level")
    previous = (row.text("seg_pyramid_level") if row else None) or ""
    if previous not in LEVELS or _bare(group):
        return computed
    if same_quarter(world, group):
        return previous
    step = LEVELS.index(computed) - LEVELS.index(previous)
    if abs(step) != 1 or two_level(world):
        return computed
    line = world.lines[computed if step < 0 else previous]
    if line is None:
        return computed
    buffer = world.parameters.number("stability.hysteresis")
    metric = ranked_by(group)
    moves = metric >= line * (1 + buffer) if step < 0 else metric < line * (1 - buffer)
    return computed if moves else previous


def same_quarter(world: World, group: Group) -> bool:
    """11.4: published quarterly, and already evaluated in this quarter."""
    if world.parameters.text("stability.publish") != "quarterly":
        return False
    told = [day for account in group.everybody if (day := account.row.day("seg_last_evaluated"))]
    return bool(told) and quarter(max(told)) == quarter(world.as_of)


def gini(amounts: Sequence[Fraction]) -> Fraction | None:
    """7.2: the Gini coefficient; nothing to share is shared equally."""
    total, count = sum(amounts, ZERO), len(amounts)
    if total <= 0:
        return Fraction(0) if amounts else None
    ordered = sorted(amounts)
    weighted = sum(((2 * place - count - 1) * amount for place, amount in enumerate(ordered, 1)), ZERO)
    return weighted / (count * total)


def _warn_when_flat(world: World, base: Sequence[Group]) -> None:
    """M1 step C: the pyramid tells nothing when all buy the same; said on every active account (11.12)."""
    share = gini([group.revenue for group in base])
    if share is not None and share < FLAT:
        for group in world.active:
            for account in group.members:
                account.warnings.add("FLAT_DISTRIBUTION")


def confidence(world: World) -> str:
    """M1 step D."""
    count = len(world.active)
    return "high" if count >= SURE else "medium" if count >= FAIR else "low"
