"""Domain M9, 11.18: purchase pattern, risk, attention and the offer to who is loyal already."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from tests.oracle.days import in_months
from tests.oracle.revenue import bought
from tests.oracle.value import nps_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from tests.oracle.world import Account, Deal, Group, World

DETRACTOR = 6
NORMED = ("strategic", "large", "development", "regular", "inactive", "prospect")
LEVELS = ("top", "big", "medium")
TWO_YEARS, YEAR = 24, 12
REGULAR_FROM = 3


def pattern(world: World, group: Group) -> str | None:
    """From the won deals of two years; unknown while one of them lacks its date."""
    if any(account.undated for account in group.members):
        return None
    days = won_days(world, group)
    if len(days) < REGULAR_FROM:
        return ("none", "one_off", "occasional")[len(days)]
    gaps = gaps_of(days)
    mean = Fraction(sum(gaps), len(gaps))
    variance = sum(((gap - mean) ** 2 for gap in gaps), Fraction(0)) / len(gaps)
    return "regular" if mean > 0 and variance <= mean * mean / 4 else "occasional"


def won_days(world: World, group: Group) -> list[date]:
    """Ascending."""
    won = [deal.closed_on for deal in group.deals if bought(world, deal)]
    return sorted(day for day in won if day and in_months(day, world.as_of, TWO_YEARS))


def gaps_of(days: Sequence[date]) -> list[int]:
    """Days between neighbours."""
    return [(after - before).days for before, after in pairwise(days)]


def at_risk(world: World, group: Group) -> bool | None:
    """Longer silent than one and a half of its own median interval."""
    if pattern(world, group) is None and group.lifecycle in {"customer", "unknown"}:
        return None
    if not group.active or pattern(world, group) != "regular":
        return False
    days = won_days(world, group)
    return (world.as_of - days[-1]).days > Fraction(3, 2) * Fraction(median(gaps_of(days)))


def next_contact(world: World, group: Group, account: Account) -> date | None:
    """The last contact and the shortest norm that applies; none for who deserves no attention."""
    last = account.row.day("last_contact")
    if last is None or account.tier in {"transactional", "suspect", "excluded"} or account.status == "say_no":
        return None
    applying = [name for name, known in ((account.tier, NORMED), (group.level, LEVELS)) if name in known]
    norms = [world.parameters.whole(f"contact_norm_days.{name}") for name in applying]
    return last + timedelta(days=min(norms)) if norms else None


def new_business_mean(world: World) -> Fraction | None:
    """The mean discount of new business won in a year, None with too few deals of either kind."""
    deals = [deal for group in world.groups for deal in group.deals]
    new, old = _discounts(world, deals, "new"), _discounts(world, deals, "existing")
    enough = world.parameters.whole("loyalty.min_deals")
    return sum(new, Fraction(0)) / len(new) if len(new) >= enough and len(old) >= enough else None


def _discounts(world: World, deals: Sequence[Deal], kind: str) -> list[Fraction]:
    won = [deal for deal in deals if deal.won and in_months(deal.closed_on, world.as_of, YEAR)]
    found = [deal.row.number("discount_pct") for deal in won if deal.row.text("deal_type") == kind]
    return [discount for discount in found if discount is not None]


def offer_due(world: World, group: Group, account: Account) -> bool | None:
    """An open deal of a loyal customer far below what new ones get."""
    mean, nps = new_business_mean(world), nps_of(group)
    least = world.parameters.whole("loyalty.min_tenure_months")
    loyal = group.lifecycle in {"customer", "unknown"} and group.tenure is not None and group.tenure >= least
    if mean is None or not loyal or account.status == "say_no" or (nps is not None and nps <= DETRACTOR):
        return False
    line = mean - world.parameters.number("loyalty.gap_points")
    offers = [deal.row.number("discount_pct") for deal in account.deals if _existing_open(deal)]
    due = any(offer is not None and offer <= line for offer in offers)
    return None if due and group.lifecycle == "unknown" else due


def _existing_open(deal: Deal) -> bool:
    return deal.open and deal.row.text("deal_type") == "existing"


def loyalty_outputs(world: World, group: Group, account: Account) -> dict[str, object]:
    """M9 (5)."""
    due = next_contact(world, group, account)
    details = account.row.number("contacts_with_details")
    return {
        "seg_purchase_pattern": pattern(world, group),
        "seg_at_risk": at_risk(world, group),
        "seg_next_contact_due": due,
        "seg_attention_due": None if due is None else world.as_of > due,
        "seg_upgrade_offer_due": offer_due(world, group, account),
        "seg_contact_data_ok": None if details is None else details >= 1,
    }
