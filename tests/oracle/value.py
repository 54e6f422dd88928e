"""Domain M5, 2.10, 11.5, 11.10, 11.14, 11.16: customer value, ambassadors and know-how."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from tests.oracle.amounts import ceiling_share, cents, rounded
from tests.oracle.days import add_months, in_months
from tests.oracle.pyramid import above
from tests.oracle.revenue import bought, falls_inside, in_window, spread
from tests.oracle.world import ZERO, Deal, Group, World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NEW_FROM, YEAR = 3, 12
VALUES = ("seg_customer_value", "seg_margin_value", "seg_clv", "seg_ambassador_index")


def settle_values(world: World) -> None:
    """FW, R, AW, KW and customer value of every group."""
    for group in world.groups:
        group.value_known = known_value(world, group)
        group.fw = financial_value(world, group)
        group.referred = referred_revenue(world, group)
    for group in world.groups:
        _settle_ambassador(world, group)
        group.kw = know_how(world, group)
        factor = group.kw * world.parameters.number("customer_value.reputation")
        brought = max(group.referred or ZERO, ZERO)
        if group.aw is not None and (group.aw_source == "estimate" or (brought and limit(world) is not None)):
            brought = group.fw * (group.aw - 1)
        group.value = (group.fw + brought) * factor if ever_bought(world, group) else ZERO
        if group.aw_source is None and group.value_known and ever_bought(world, group):
            group.value_known, group.value_without_referrals = False, group.fw * factor


def financial_value(world: World, group: Group) -> Fraction:
    """FW: the mean of the last full years; a new customer's contract value per year, else its revenue."""
    if not ever_bought(world, group):
        return ZERO
    years = min(world.parameters.whole("customer_value.fw_years"), (group.tenure or 0) // YEAR)
    source = world.parameters.text("revenue.source")
    if years and source == "account_field":
        return group.revenue
    if years:
        first = add_months(world.as_of, -years * YEAR) + timedelta(days=1)
        won = [deal for deal in group.deals if bought(world, deal)]
        if source == "spread_deals":
            return sum((spread(world, deal, first) for deal in won), ZERO) / years
        return sum((deal.amount or ZERO for deal in won if deal.closed_on and deal.closed_on >= first), ZERO) / years
    won = won_inside(world, group)
    if any(deal.term_months for deal in won):
        return sum((_per_year(deal.amount, deal.term_months) for deal in won), ZERO)
    return annualised(world, group)


def won_inside(world: World, group: Group) -> list[Deal]:
    """Won deals of the revenue window; those with a term are contracts, whose value per year they tell (11.5)."""
    return [deal for deal in group.deals if in_window(world, deal)]


def ever_bought(world: World, group: Group) -> bool:
    """Whether there is a purchase to value: a won deal, or what the books say."""
    invoiced = world.parameters.text("revenue.source") == "account_field" and group.revenue != 0
    return group.won_count > 0 or invoiced


def known_value(world: World, group: Group) -> bool:
    """2.9: a won deal of unknown amount inside the years of FW, or without a date, leaves the value unknown."""
    months = world.parameters.whole("customer_value.fw_years") * YEAR
    months = min(months, (group.tenure or 0) // YEAR * YEAR)
    first = add_months(world.as_of, -months) + timedelta(days=1)
    missing = any(deal.trouble == "AMOUNT_MISSING" and falls_inside(world, deal, first) for deal in group.deals)
    undated = any(account.undated for account in group.members)
    source = world.parameters.text("revenue.source")
    won = won_inside(world, group)
    by_contract = any(deal.term_months for deal in won) and not any(deal.trouble == "AMOUNT_MISSING" for deal in won)
    by_deals = source != "account_field" if months else by_contract
    return not missing and not undated and (group.revenue_known or by_deals)


def _per_year(amount: Fraction | None, months: Fraction | None) -> Fraction:
    if amount is None:
        return ZERO
    return amount * YEAR / months if months else amount


def annualised(world: World, group: Group) -> Fraction:
    """2.10: recurring revenue of a customer of 3 to 11 months, per year."""
    if recurring(world, group.deals) and group.tenure is not None and NEW_FROM <= group.tenure < YEAR:
        return group.revenue / group.tenure * YEAR
    return group.revenue


def recurring(world: World, deals: Sequence[Deal]) -> bool:
    """11.5: all won deals of the window are."""
    won = [deal for deal in deals if in_window(world, deal)]
    return bool(won) and all(deal.row.flag("recurring") is True for deal in won)


def referred_revenue(world: World, group: Group) -> Fraction | None:
    """R: revenue of those who came through this group within the referral window; nobody refers itself.

    None while the revenue of one of them is unknown (2.9).
    """
    ids = {account.id for account in group.everybody}
    months = world.parameters.whole("customer_value.referral_window_months")
    brought = [
        other
        for other in world.groups
        if other is not group
        and in_months(other.customer_since, world.as_of, months)
        and any(account.row.text("referred_by") in ids for account in other.members)
    ]
    if not all(other.revenue_known for other in brought):
        return None
    return sum((other.revenue for other in brought), ZERO)


def _settle_ambassador(world: World, group: Group) -> None:
    """AW: measured, estimated, else 1.0; empty while FW is not positive, unknown while R is."""
    promoter = promotes(world, group)
    if group.referred is not None and group.referred > 0:
        group.aw_source = "measured"
        group.aw = at_most(limit(world), 1 + group.referred / group.fw) if group.fw > 0 else None
    elif promoter:
        group.aw_source = "estimate"
        index = world.parameters.number("customer_value.aw_estimate.index")
        group.aw = at_most(limit(world), index) if group.fw > 0 else None
    elif group.referred is None:
        group.aw, group.aw_source = None, None
    else:
        group.aw = Fraction(1) if group.fw > 0 else None
    reference = group.given("reference_customer")
    group.ambassador = (
        (group.referred or ZERO) > 0 or promoter or bool(reference and reference.flag("reference_customer"))
    )


def limit(world: World) -> Fraction | None:
    """The greatest ambassador index, where one is set."""
    return world.parameters.optional("customer_value.aw_max")


def at_most(most: Fraction | None, value: Fraction) -> Fraction:
    """The value within its limit."""
    return value if most is None else min(most, value)


def promotes(world: World, group: Group) -> bool:
    """A promoter with an active role in a network."""
    nps = nps_of(group)
    role = group.given("network_role")
    wanted = world.parameters.text("customer_value.aw_estimate.network_role")
    active = role is not None and (role.text("network_role") or "").casefold() == wanted
    return nps is not None and nps >= world.parameters.number("customer_value.aw_estimate.nps_min") and active


def nps_of(group: Group) -> Fraction | None:
    """11.14: the group's NPS."""
    row = group.given("nps")
    return row.number("nps") if row else None


def know_how(world: World, group: Group) -> Fraction:
    """KW: the field within its limits; else innovators, who ask for new things or pilot; else the default."""
    number = world.parameters.number
    row = group.given("knowhow_index")
    told = row.number("knowhow_index") if row else None
    if told is not None:
        return min(max(told, number("customer_value.kw.min")), number("customer_value.kw.max"))
    asked = [
        contact
        for account in group.members
        for contact in account.contacts
        if (contact.category or "").casefold() == "feature_request" and in_months(contact.day, world.as_of, YEAR)
    ]
    pilot = group.given("pilot_customer")
    innovator = len(asked) >= number("customer_value.kw.feature_requests_min")
    if (world.tickets and innovator) or (pilot and pilot.flag("pilot_customer")):
        return number("customer_value.kw.innovator")
    return number("customer_value.kw.default")


def dreams(world: World) -> set[int]:
    """M5: groups among the first 20% by customer value, by identity; the rest of the test is per member."""
    return first_by(
        [group for group in world.active if group.value_known],
        world.parameters.number("customer_value.dream_top_pct"),
        lambda group: group.value,
    )


def first_by(base: list[Group], percent: Fraction, value: Callable[[Group], Fraction]) -> set[int]:
    """The first so many percent, rounded up; who shares a place shares the answer, as in the pyramid."""
    return above(ceiling_share(len(base), percent), {id(group): value(group) for group in base})


def lifetime(world: World, group: Group, margin: Fraction | None) -> Fraction | None:
    """M5: value over the years of loyalty; on margin; or m x r / (1 + i - r), m being the lifetime margin."""
    number, way = world.parameters.number, world.parameters.text("customer_value.lifetime")
    whole = group.value * number("customer_value.loyalty_years")
    if way == "years":
        return cents(whole)
    if margin is None:
        return None
    kept, discount = number("customer_value.retention"), number("customer_value.discount_rate")
    return cents(whole * margin * (kept / (1 + discount - kept) if way == "retention" else 1))


def value_outputs(world: World, group: Group) -> dict[str, object]:
    """M5 (5)."""
    told: dict[str, object] = {
        "seg_ambassador_source": group.aw_source,
        "seg_referred_revenue_12m": None if group.referred is None else cents(group.referred),
        "seg_is_ambassador": group.ambassador,
        "seg_knowhow_index": rounded(group.kw, 4),
    }
    row = group.given("gross_margin_pct")
    percent = row.number("gross_margin_pct") if row else None
    percent = world.parameters.optional("service.gross_margin_pct") if percent is None else percent
    valued = ever_bought(world, group) or any(account.undated for account in group.members)
    if valued and not group.value_known:
        return dict.fromkeys(VALUES) | told
    return told | {
        "seg_customer_value": cents(group.value),
        "seg_margin_value": None if percent is None else cents(group.value * percent / 100),
        "seg_clv": lifetime(world, group, None if percent is None else percent / 100),
        "seg_ambassador_index": None if group.aw is None else rounded(group.aw, 4),
    }
