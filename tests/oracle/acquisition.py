"""Domain M6, 2.10, 11.17: acquisition cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.oracle.amounts import rounded
from tests.oracle.service import gross_margin
from tests.oracle.value import NEW_FROM, YEAR, recurring

if TYPE_CHECKING:
    from fractions import Fraction

    from tests.oracle.world import Account, Group, World


@dataclass(frozen=True)
class Acquisition:
    """What M6 finds of one account."""

    ratio: Fraction | None
    status: str | None
    low: bool | None
    """Low revenue, of prospects low expected value; None when unknown."""
    value: Fraction | None
    payback: Fraction | None


def acquisition(world: World, group: Group, account: Account) -> Acquisition:
    """Ratio, status and payback."""
    worth = _worth(world, group, account)
    spend = account.row.number("sm_cost_12m")
    ratio = spend / worth if spend is not None and worth is not None and worth > 0 else None
    return Acquisition(
        ratio, _status(world, spend, worth, ratio), _low(world, group, account), worth, _payback(world, group, account)
    )


def _worth(world: World, group: Group, account: Account) -> Fraction | None:
    """Revenue of customers, annualised while new and recurring; the expected value of who never bought."""
    if group.lifecycle in {"prospect", "suspect"}:
        return group.upside
    if group.lifecycle != "customer" or not account.revenue_known:
        return None
    if recurring(world, account.deals) and account.tenure is not None and NEW_FROM <= account.tenure < YEAR:
        return account.revenue / account.tenure * YEAR
    return account.revenue


def _status(world: World, spend: Fraction | None, worth: Fraction | None, ratio: Fraction | None) -> str | None:
    if spend is None:
        return None
    if worth is None or worth <= 0:
        return "no_revenue"
    assert ratio is not None
    if ratio <= world.parameters.number("acquisition.healthy_max"):
        return "healthy"
    return "high" if ratio > world.parameters.number("acquisition.high_above") else "acceptable"


def _low(world: World, group: Group, account: Account) -> bool | None:
    line = world.parameters.optional("acquisition.low_revenue_max")
    line = world.lines.get("medium") if line is None else line
    worth = account.revenue if group.active else group.upside
    if line is None or worth is None:
        return None
    return worth < line


def _payback(world: World, group: Group, account: Account) -> Fraction | None:
    """Cost over the margin of a month."""
    cost, gross = account.row.number("acquisition_cost_total"), gross_margin(world, account)
    if cost is None or gross is None or account.revenue <= 0 or gross <= 0 or not group.active:
        return None
    return cost / (gross / YEAR)


def acquisition_outputs(found: Acquisition) -> dict[str, object]:
    """M6 (5)."""
    return {
        "seg_acq_cost_ratio": None if found.ratio is None else rounded(found.ratio, 4),
        "seg_acq_status": found.status,
        "seg_cac_payback_months": None if found.payback is None else rounded(found.payback, 1),
    }
