"""Domain M7, 11.13, 11.14, 11.18: cost to serve, margin, energy and burden of one account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from tests.oracle.amounts import cents, rounded
from tests.oracle.days import in_days, in_months
from tests.oracle.world import ZERO, Account, Contact, Group, World

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

T = TypeVar("T")
HOUR = 60
LOADS = ((40, "extreme"), (15, "high"), (5, "normal"))
QUARTER_DAYS, MONTH_DAYS, YEAR = 90, 30, 12


@dataclass
class Service:
    """What M7 finds of one account; None is unknown or not connected."""

    contacts_90d: int | None
    burden_30d: int | None
    burden_12m: int | None
    cost: Fraction | None
    margin: Fraction | None
    gross_margin: Fraction | None
    net: Fraction | None
    energy: Fraction | None
    burden: Fraction | None
    index: Fraction | None = None
    burden_index: Fraction | None = None


def settle_service(world: World) -> dict[str, Service]:
    """Every account's service by id; the indexes need everybody's energy."""
    found = {account.id: _service(world, group, account) for group, account in world.served}
    base = [account for group in world.active for account in group.members]
    revenue = sum((account.revenue for account in base if account.revenue_known), ZERO)
    energy = sum((found[account.id].energy or ZERO for account in base), ZERO)
    burden = sum((found[account.id].burden or ZERO for account in base), ZERO)
    for account in base:
        service = found[account.id]
        if not account.revenue_known:
            continue
        service.index = _index(service.energy, energy, account.revenue, revenue)
        service.burden_index = _index(service.burden, burden, account.revenue, revenue)
    return found


def _index(part: Fraction | None, total: Fraction, revenue: Fraction, all_revenue: Fraction) -> Fraction | None:
    if part is None or total <= 0 or revenue == 0 or all_revenue == 0:
        return None
    return (part / total) / (revenue / all_revenue)


def _service(world: World, group: Group, account: Account) -> Service:
    number = world.parameters.number
    burden = [contact for contact in account.contacts if not _left_out(world, contact)]
    year = _within_year(world, account.contacts)
    told = account.row.number("service_hours_12m")
    hours = told if told is not None else _if(year * number("service.hours_per_contact"), connected=world.tickets)
    cost = told * number("service.hourly_rate") if told is not None else None
    cost = cost if told is not None else _if(year * number("service.cost_per_contact"), connected=world.tickets)
    burden_hours = _if(_within_year(world, burden) * number("service.hours_per_contact"), connected=world.tickets)
    gross = gross_margin(world, account) if group.active and account.revenue_known else None
    margin = gross - cost if gross is not None and cost is not None else None
    spend = account.row.number("sm_cost_12m")
    return Service(
        _if(sum(in_days(one.day, world.as_of, QUARTER_DAYS) for one in account.contacts), connected=world.tickets),
        _if(sum(in_days(one.day, world.as_of, MONTH_DAYS) for one in burden), connected=world.tickets),
        _if(_within_year(world, burden), connected=world.tickets),
        cost,
        margin,
        gross,
        margin - spend if margin is not None and spend is not None else None,
        _energy(world, account, hours),
        _energy(world, account, told if told is not None else burden_hours),
    )


def _if(value: T, *, connected: bool) -> T | None:
    return value if connected else None


def _left_out(world: World, contact: Contact) -> bool:
    return (contact.category or "").casefold() in world.parameters.words("service.burden_exclude")


def _within_year(world: World, contacts: Sequence[Contact]) -> int:
    return sum(in_months(one.day, world.as_of, YEAR) for one in contacts)


def gross_margin(world: World, account: Account) -> Fraction | None:
    """Own revenue (11.14) times the own percentage, else the parameter."""
    percent = account.row.number("gross_margin_pct")
    percent = world.parameters.optional("service.gross_margin_pct") if percent is None else percent
    return None if percent is None else account.revenue * percent / 100


def _energy(world: World, account: Account, hours: Fraction | None) -> Fraction | None:
    """Service, calls and meetings, from connected sources only."""
    measured = world.tickets or "service_hours_12m" in world.columns
    if not measured and not world.activities:
        return None
    if hours is None and not world.activities:
        return None
    minutes = ZERO
    for effort in account.efforts:
        if (effort.kind or "") in {"call", "meeting"} and in_months(effort.day, world.as_of, YEAR):
            minutes += effort.minutes or ZERO
    return (hours or ZERO) + minutes / HOUR


def configured(world: World) -> bool:
    """11.13: M7 is off without tickets, service hours and margin."""
    told = world.parameters.optional("service.gross_margin_pct") is not None
    return world.tickets or told or bool({"service_hours_12m", "gross_margin_pct"} & world.columns)


def service_outputs(world: World, group: Group, service: Service) -> dict[str, object]:
    """M7 (5) and the talks of M4 (6)."""
    count = service.contacts_90d
    talks = None
    if service.margin is not None:
        budget = service.margin * world.parameters.number("service.talks.budget_pct") / 100
        talks = max(0, budget // world.parameters.number("service.talks.cost_per_talk"))
    load = None if count is None else next((name for least, name in LOADS if count >= least), "low")
    return {
        "seg_cost_to_serve": None if service.cost is None else cents(service.cost),
        "seg_margin_after_service": None if service.margin is None else cents(service.margin),
        "seg_net_contribution": None if service.net is None else cents(service.net),
        "seg_energy_hours_12m": None if service.energy is None else rounded(service.energy, 4),
        "seg_energy_index": None if service.index is None else rounded(service.index, 4),
        "seg_service_load": load,
        "seg_talks_per_year": talks if group.active else None,
    }
