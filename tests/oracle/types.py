"""Domain M4, 5.6.2, 11.3, 11.15, 11.17: potential, upside, the axis of current value and the four types."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from tests.oracle.days import add_months
from tests.oracle.icp import manufacturing
from tests.oracle.pyramid import LEVELS, same_quarter
from tests.oracle.world import ZERO, Deal, Group, World

PEERS_NEEDED = 5
WHOLE = 100
if TYPE_CHECKING:
    from datetime import date


def settle_types(world: World) -> None:
    """Potential and upside of every group; the type of active customers and prospects."""
    for group in world.groups:
        _settle_potential(world, group)
        group.value_high = group.active and current_value_high(world, group)
        group.customer_type = _type(world, group)


def _settle_potential(world: World, group: Group) -> None:
    """The first source that gives an answer; the upside of the first that gives an amount."""
    sources = [
        (planned(group), True),
        (share_left(group), True),
        (pipeline(world, group), False),
        (peers(world, group), True),
    ]
    if not group.revenue_known:
        sources = [(pipeline(world, group) if group.active else None, False)]
    amounts = [amount for amount, _ in sources if amount is not None]
    group.upside = max(amounts[0], ZERO) if amounts else None
    told = group.given("growth_potential")
    answer = (told.text("growth_potential") or "").casefold() if told else ""
    if answer in {"high", "low"}:
        group.potential = answer
        return
    for amount, proves_low in sources:
        if amount is not None and (proves_low or is_high(world, group, amount)):
            group.potential = "high" if is_high(world, group, amount) else "low"
            return


def is_high(world: World, group: Group, upside: Fraction) -> bool:
    """Both thresholds."""
    number = world.parameters.number
    return (
        group.revenue_known
        and upside >= number("customer_type.potential.min_abs")
        and (upside >= number("customer_type.potential.min_rel") * group.revenue)
    )


def planned(group: Group) -> Fraction | None:
    """Source 2."""
    row = group.given("potential_annual_revenue")
    told = row.number("potential_annual_revenue") if row else None
    return None if told is None else told - group.revenue


def share_left(group: Group) -> Fraction | None:
    """Source 3; only while there is revenue (11.15)."""
    row = group.given("share_of_wallet_pct")
    share = row.number("share_of_wallet_pct") if row else None
    if share is None or not 0 < share <= WHOLE or group.revenue <= 0:
        return None
    return group.revenue * (WHOLE / share - 1)


def pipeline(world: World, group: Group) -> Fraction | None:
    """Source 4: weighted for customers and former ones, the plain sum for prospects."""
    until = add_months(world.as_of, 12)
    counted = [deal for deal in group.deals if _in_pipeline(deal, until)]
    plain = group.lifecycle == "prospect"
    total = sum((_weighted(deal, plain=plain) for deal in counted), ZERO)
    return total if total > 0 else None


def _weighted(deal: Deal, *, plain: bool) -> Fraction:
    """An amount that nobody knows, or a chance that nobody gave, adds nothing: it proves nothing high."""
    share = Fraction(1) if plain else deal.row.number("probability")
    return (deal.amount or ZERO) * (share or ZERO)


def _in_pipeline(deal: Deal, until: date) -> bool:
    renewal = deal.row.flag("is_renewal") is True
    return deal.open and not renewal and deal.closed_on is not None and deal.closed_on <= until


def peers(world: World, group: Group) -> Fraction | None:
    """Source 5: what customers of the same kind and size buy, for prospects."""
    kind = _kind(world, group)
    if group.lifecycle != "prospect" or kind is None:
        return None
    alike = [other.revenue for other in world.active if other.revenue_known and _kind(world, other) == kind]
    return sum(alike, ZERO) / len(alike) if len(alike) >= PEERS_NEEDED else None


def _kind(world: World, group: Group) -> tuple[bool, int] | None:
    """11.15: manufacturing or not, and fewer than, exactly or more than 100 employees."""
    code, industry = group.given("activity_code"), group.given("industry")
    told = code or industry
    made = manufacturing(told) if told else None
    known = [people for account in group.everybody if (people := account.row.number("employees")) is not None]
    if made is None or not known:
        return None
    line = world.parameters.number("icp.criteria.size.employees_more_than")
    return made, (max(known) > line) - (max(known) < line)


def current_value_high(world: World, group: Group) -> bool | None:
    """The first axis, with its buffer around the line; None where no line is known (2.9)."""
    told = world.parameters.optional("customer_type.current_value.high_min")
    line = world.lines.get("medium") if told is None else told
    value = judged(world, group)
    if value is None or value <= 0:
        return False
    before = previously_high(group)
    if same_quarter(world, group) and before is not None and told_whole(world, group):
        return before
    if line is None:
        return None
    buffer = world.parameters.number("stability.hysteresis") if before is not None else ZERO
    return value >= line * (1 - buffer if before else 1 + buffer)


def judged(world: World, group: Group) -> Fraction | None:
    """What counts as current value; without the referrals that nobody knows it is the least."""
    if world.parameters.text("customer_type.current_value.metric") == "revenue_12m":
        return group.revenue if group.revenue_known else None
    return group.value if group.value_known else group.value_without_referrals


def told_whole(world: World, group: Group) -> bool:
    """Whether what counts as current value is known, and not only the least it can be."""
    by_revenue = world.parameters.text("customer_type.current_value.metric") == "revenue_12m"
    return group.revenue_known if by_revenue else group.value_known


def previously_high(group: Group) -> bool | None:
    """11.3: only a type given to an active customer tells."""
    level, kind = group.given("seg_pyramid_level"), group.given("seg_customer_type")
    if level is None or kind is None or level.text("seg_pyramid_level") not in LEVELS:
        return None
    return kind.text("seg_customer_type") in {"strategic", "large"}


def metric_configured(world: World) -> bool:
    """2.9: whether the pyramid ranks by something that is configured; margins need a percentage and service."""
    if world.parameters.text("pyramid.metric") != "margin_after_service":
        return True
    percent = world.parameters.optional("service.gross_margin_pct") is not None or "gross_margin_pct" in world.columns
    return percent and (world.tickets or "service_hours_12m" in world.columns)


def _type(world: World, group: Group) -> str | None:
    if group.value_high is None:
        return "unknown" if metric_configured(world) else None
    valued = group.revenue_known and judged(world, group) is not None and (group.value_high or told_whole(world, group))
    if group.lifecycle == "unknown" or (group.active and not valued):
        return "unknown"
    if group.lifecycle not in {"customer", "prospect"}:
        return None
    if not group.value_high:
        return {"high": "development", "low": "transactional"}.get(group.potential, "unknown")
    if group.potential != "high":
        return "large"
    needs = world.parameters.flag("customer_type.strategic_requires_ambassador")
    return "large" if needs and not group.ambassador else "strategic"
