"""Domain M2, M10, 11.2: the ladder and movement, against the previous state in the files."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from tests.oracle.amounts import ceiling_share
from tests.oracle.pyramid import above

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.oracle.service import Service
    from tests.oracle.world import Group, World

STEPS = {"top_customer": 4, "regular_customer": 3, "prospect": 2, "suspect": 1}
ORDER = ("suspect", "prospect", "inactive", "small", "medium", "big", "top")
ENOUGH_KNOWN = 80


def settle_ladder(world: World, services: Mapping[str, Service]) -> None:
    """Every group's step."""
    best = best_margins(world, services)
    levels = world.parameters.words("ladder.top_levels")
    for group in world.groups:
        if group.active:
            topmost = group.level in levels or id(group) in best
            group.ladder_step = "top_customer" if topmost else "regular_customer" if group.level else None
        else:
            group.ladder_step = {"inactive": "prospect", "prospect": "prospect", "suspect": "suspect"}.get(
                group.lifecycle
            )


def best_margins(world: World, services: Mapping[str, Service]) -> set[int]:
    """The first 1% by margin after service, where margins are known for most."""
    if not world.parameters.flag("ladder.margin_also"):
        return set()
    known = {id(group): margin for group in world.active if (margin := group_margin(group, services)) is not None}
    if not known or len(known) * 100 < len(world.active) * ENOUGH_KNOWN:
        return set()
    cut = ceiling_share(len(world.active), Fraction(1))
    return above(cut, known)


def group_margin(group: Group, services: Mapping[str, Service]) -> Fraction | None:
    """The margin of all members, unknown when one of them is."""
    margins = [services[account.id].margin for account in group.members]
    known = [margin for margin in margins if margin is not None]
    return sum(known[1:], known[0]) if len(known) == len(margins) else None


def ladder_change(world: World, group: Group, *, previous: str | None) -> str | None:
    """M2: against the previous step; `new` only when others were seen before (11.2)."""
    if world.first_run or group.lifecycle == "unknown" or (group.ladder_step is None and previous in STEPS):
        return None
    if previous not in STEPS or group.ladder_step is None:
        return "new"
    step = STEPS[group.ladder_step] - STEPS[previous]
    return "up" if step > 0 else "down" if step < 0 else "same"


def movement(world: World, group: Group, *, previous: str | None) -> str | None:
    """M10 by published levels, as `evaluate` has no stored lines (11.2)."""
    if world.first_run or (group.level is None and previous in ORDER):
        return None
    if previous not in ORDER or group.level is None:
        return "new"
    before, now = ORDER.index(previous), ORDER.index(group.level)
    customer = ORDER.index("small")
    if now >= customer > before:
        return "reactivated" if previous == "inactive" else "won"
    if before >= customer and group.level == "inactive":
        return "lapsed"
    return "up" if now > before else "down" if now < before else "same"
