"""A made-up book of business: companies, three years of deals, tickets, calls and people, from a seed alone.

Everything is fictional. The shape is that of a real book: revenue is skewed (one company in a hundred brings
a large part of it), many companies never bought, some left, data has gaps, and a few records are awkward.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model.fields import Table
from connector.sandbox.chance import seeded
from connector.sandbox.population.accounts import make_accounts
from connector.sandbox.population.deals import make_deals
from connector.sandbox.population.people import make_owners
from connector.sandbox.population.service import make_activities, make_tickets

if TYPE_CHECKING:
    from datetime import date

    from connector.sandbox.tables import Tables

DEALS_PER_COMPANY = 4


def generate(*, companies: int, as_of: date, seed: int = 1, deals: int | None = None) -> Tables:
    """Make a population of so many companies and, by default, four times as many deals.

    The same arguments give the same tables, byte for byte; no date lies after `as_of` but expected closings
    and ends of contracts.
    """
    chance = seeded(seed)
    owners = make_owners(chance, companies)
    accounts = make_accounts(chance, companies, as_of, owners)
    wanted = DEALS_PER_COMPANY * companies if deals is None else deals
    sales, links = make_deals(chance, accounts, wanted, as_of)
    return {
        Table.ACCOUNTS: [account.row for account in accounts],
        Table.DEALS: sales,
        Table.TICKETS: make_tickets(chance, accounts, as_of),
        Table.ACTIVITIES: make_activities(chance, accounts, as_of),
        Table.CURRENCY_RATES: _rates(as_of),
        Table.OWNERS: owners,
        Table.DEAL_ACCOUNTS: links,
    }


def _rates(as_of: date) -> list[dict[str, str]]:
    from_year = range(as_of.year - 4, as_of.year + 1)
    return [
        {"currency": currency, "valid_from": f"{year}-01-01", "rate": rate}
        for year in from_year
        for currency, rate in (("USD", "0.92"), ("GBP", "1.17"))
    ]
