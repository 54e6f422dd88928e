"""Domain 5.2, 11.1: signals with a line for going on and one for going off."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.oracle.acquisition import Acquisition
    from tests.oracle.icp import Profile
    from tests.oracle.payment import Payment
    from tests.oracle.service import Service
    from tests.oracle.world import Account, Group, World

DERIVED = {
    "DEMANDING": {"N2", "N4", "W1", "W6"},
    "UNPROFITABLE": {"N3", "N4", "W4"},
    "HIGH_ACQ_COST": {"N7", "W2"},
}


def previous_signals(world: World, account: Account) -> set[str]:
    """11.1: the previous signals; where there are none, what the previous reasons tell."""
    told = set(account.row.words("seg_signals"))
    if told or ("seg_signals" in world.columns and account.row.text("seg_tier") is None):
        return told
    reasons = set(account.row.words("seg_say_no_reasons"))
    return {signal for signal, codes in DERIVED.items() if codes & reasons}


def demanding(world: World, service: Service, *, was: bool) -> bool:
    """M7: almost daily contacts, or much more energy than revenue."""
    number = world.parameters.number
    month, year, index = service.burden_30d, service.burden_12m, service.burden_index
    if month is None or year is None:
        return False
    often = month >= number("service.demanding.contacts_30d")
    heavy = index is not None and index >= number("service.demanding.energy_index")
    if often or (heavy and year >= number("service.demanding.contacts_12m")):
        return True
    quiet = month < number("service.demanding.off_30d")
    light = index is None or index < number("service.demanding.off_index")
    return was and not (quiet and light)


def unprofitable(world: World, account: Account, service: Service, *, was: bool) -> bool:
    """M7: a loss after service, until a margin of 5% is left."""
    if service.margin is None:
        return False
    if service.margin < world.parameters.number("service.unprofitable.on_below"):
        return True
    return was and service.margin < world.parameters.number("service.unprofitable.off_margin") * account.revenue


def high_acquisition_cost(world: World, found: Acquisition, *, was: bool) -> bool:
    """M6: a high ratio on low revenue."""
    if found.ratio is None or not found.low:
        return False
    if found.ratio > world.parameters.number("acquisition.high_above"):
        return True
    return was and found.ratio > world.parameters.number("acquisition.off_at")


def signals(
    world: World,
    group: Group,
    account: Account,
    found: tuple[Profile, Service, Acquisition, Payment],
) -> set[str]:
    """Every signal that is on; the value ones not in the months of grace."""
    profile, service, cost, paid = found
    was = previous_signals(world, account)
    new = group.tenure is not None and group.tenure < world.parameters.whole("grace_months")
    on = {
        "TRANSACTIONAL": account.tier == "transactional",
        "LEAST_IDEAL": profile.fit == "least_ideal",
        "POOR_FIT": profile.fit == "poor",
        "UNPROFITABLE": not new and unprofitable(world, account, service, was="UNPROFITABLE" in was),
        "HIGH_ACQ_COST": not new and high_acquisition_cost(world, cost, was="HIGH_ACQ_COST" in was),
        "DEMANDING": demanding(world, service, was="DEMANDING" in was),
        "BAD_PAYER": paid.status == "bad_payer",
    }
    return {name for name, holds in on.items() if holds}
