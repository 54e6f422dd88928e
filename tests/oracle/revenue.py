"""Domain 2.3, 2.5, 2.10, 11.5, 11.6, 11.11 and M1 step A: revenue, tenure, lifecycle and their warnings."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from tests.oracle.days import add_months, full_months, window_start
from tests.oracle.world import ZERO, Account, Deal, Group, World

if TYPE_CHECKING:
    from datetime import date

SILENT = {None, "AMOUNT_MISSING"}
TOO_MANY_UNKNOWN = Fraction(1, 5)


def first_day(world: World) -> date:
    """The first day inside the revenue window (2.2)."""
    parameters = world.parameters
    return window_start(parameters.text("window"), world.as_of, parameters.whole("fiscal_year_start_month"))


def in_window(world: World, deal: Deal) -> bool:
    """Whether a won deal closed inside the revenue window."""
    return deal.won and deal.closed_on is not None and first_day(world) <= deal.closed_on <= world.as_of


def bought(world: World, deal: Deal) -> bool:
    """A won deal up to `as_of`."""
    return deal.won and deal.closed_on is not None and deal.closed_on <= world.as_of


def falls_inside(world: World, deal: Deal, first: date) -> bool:
    """Whether something of a won deal falls from `first` to `as_of`: where revenue is spread, a part of its term."""
    if not bought(world, deal) or not deal.closed_on:
        return False
    running = world.parameters.text("revenue.source") == "spread_deals" and bool(deal.term_months)
    end = add_months(deal.closed_on, int(deal.term_months or 0))
    return deal.closed_on >= first or (running and end > first)


def counts(world: World, deal: Deal) -> bool:
    """Whether something of a won deal falls inside the revenue window."""
    return falls_inside(world, deal, first_day(world))


def settle_revenue(world: World) -> None:
    """Revenue, reliability and tenure of every account that counts, then of its group."""
    for account in world.accounts.values():
        _warn_of_deals(world, account)
    for group in world.groups:
        for account in group.members:
            _settle_account(world, account)
        group.revenue = sum((account.revenue for account in group.members), ZERO)
        days = [deal.closed_on for deal in group.deals if bought(world, deal) and deal.closed_on]
        group.won_count = len(days)
        group.customer_since = min(days, default=None)
        group.tenure = full_months(min(days), world.as_of) if days else None
        group.unreliable = any(account.unreliable for account in group.members)
        group.revenue_known = all(account.revenue_known for account in group.members)
        _settle_lifecycle(world, group)


def _settle_account(world: World, account: Account) -> None:
    parameters = world.parameters
    inside = [deal for deal in account.deals if in_window(world, deal)]
    excluded = [deal for deal in inside if deal.trouble and deal.trouble != "AMOUNT_MISSING"]
    missing = any(deal.trouble == "AMOUNT_MISSING" and counts(world, deal) for deal in account.deals)
    account.undated = any(deal.won and deal.closed_on is None for deal in account.deals)
    undated = any(deal.won and deal.closed_on is None and deal.trouble in SILENT for deal in account.deals)
    account.revenue_known = not missing and not undated
    account.unreliable = account.undated or len(excluded) > len(inside) * TOO_MANY_UNKNOWN or account.unreadable
    days = [deal.closed_on for deal in account.deals if bought(world, deal) and deal.closed_on]
    account.tenure = full_months(min(days), world.as_of) if days else None
    source = parameters.text("revenue.source")
    if source == "account_field":
        invoiced = account.row.number("invoiced_revenue_12m")
        account.revenue = invoiced or ZERO
        account.revenue_known = invoiced is not None
    elif source == "spread_deals":
        won = [deal for deal in account.deals if bought(world, deal)]
        account.revenue = sum((spread(world, deal, first_day(world)) for deal in won), ZERO)
    else:
        account.revenue = sum((deal.amount or ZERO for deal in inside), ZERO)
    account.unreliable = account.unreliable or not account.revenue_known


def _warn_of_deals(world: World, account: Account) -> None:
    """2.2, 2.5, 11.6: an excluded deal is said wherever it lies, a missing amount only where it counts."""
    for deal in account.deals:
        if deal.trouble and (deal.trouble != "AMOUNT_MISSING" or counts(world, deal)):
            account.warnings.add(deal.trouble)
        if deal.won and deal.closed_on and deal.closed_on > world.as_of:
            account.warnings.add("FUTURE_WON_DATE")


def spread(world: World, deal: Deal, first: date) -> Fraction:
    """Domain 2.3 and 11.10: by day over the term, first day included; only what falls from `first` to `as_of`."""
    assert deal.closed_on
    if deal.amount is None:
        return ZERO
    if not deal.term_months or deal.term_months <= 0:
        return deal.amount if deal.closed_on >= first else ZERO
    end = add_months(deal.closed_on, int(deal.term_months))
    start, stop = max(deal.closed_on, first), min(end, world.as_of + timedelta(days=1))
    return deal.amount * Fraction(max(0, (stop - start).days), (end - deal.closed_on).days)


def has_contract(world: World, group: Group) -> bool:
    """A running contract of any member (2.3)."""
    ends = [account.row.day("contract_end_date") for account in group.members]
    return any(end is not None and end >= world.as_of for end in ends)


def _settle_lifecycle(world: World, group: Group) -> None:
    """M1 step A, first match."""
    if has_contract(world, group):
        group.lifecycle = "customer"
        if group.revenue_known and group.revenue <= 0:
            _warn(group, "CONTRACT_WITHOUT_REVENUE")
    elif not group.revenue_known:
        group.lifecycle = "unknown"
    elif group.revenue > 0:
        group.lifecycle = "customer"
    elif any(account.undated for account in group.members):
        group.lifecycle = "unknown"
    elif group.won_count:
        group.lifecycle = "inactive"
    elif any(evidence(world, account) for account in group.members):
        group.lifecycle = "prospect"
    if group.revenue_known and group.revenue < 0:
        _warn(group, "NEGATIVE_REVENUE")


def evidence(world: World, account: Account) -> list[str]:
    """M1 step A row 4 and 11.23: what makes a prospect."""
    row = account.row
    found = []
    asked = row.day("quote_requested_at")
    if asked is not None and asked <= world.as_of:
        found.append("quote")
    if account.deals:
        found.append("deal")
    if row.text("current_supplier"):
        found.append("supplier")
    if (row.text("lifecycle") or "").casefold() in world.parameters.words("prospect_stages"):
        found.append("stage")
    return found


def _warn(group: Group, code: str) -> None:
    for account in group.members:
        account.warnings.add(code)
