"""What newer seeds draw on top: figures that meet a line exactly, other pipelines, missing amounts and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.oracle.chance import Chance
    from tests.oracle.populations import Population, Record

SINCE = 400
"""The first seed; the populations of the earlier ones stay what they were."""
WALLETS = (("75", "30000"), ("60", "15000"), ("80", "40000"), ("90", "90000"), ("37.5", "6000"), ("75", "29999.99"))
"""Share of wallet and revenue that leave 10,000, and a cent less."""
CONTRACTS = (("100", "36"), ("25000", "7"), ("12500", "18"), ("9000", "24"), ("50000.01", "36"))
OPTIONAL = ("is_closed", "probability", "is_renewal", "created_at", "deal_type")
PARAMETERS = {
    "sales_pipelines": ("default", "default,partners"),
    "customer_value.aw_max": ("1.5", "2.5"),
    "customer_type.current_value.metric": ("revenue_12m",),
    "customer_type.current_value.high_min": ("30000", "25000", "100", "12500"),
    "pyramid.metric": ("margin_after_service",),
    "revenue.source": ("spread_deals",),
}


def sharpen(population: Population, chance: Chance) -> None:
    """Change some cells, columns and parameters."""
    accounts = {one["account_id"]: one for one in population.tables["accounts"]}
    for account in accounts.values():
        if chance.often(0.3):
            account["service_hours_12m"] = chance.one("0", "0", "0.1")
    for deal in population.tables["deals"]:
        _sharpen_deal(chance, deal, accounts[deal["account_id"]])
    for effort in population.tables.get("activities", []):
        effort["minutes"] = chance.one(effort["minutes"], "10", "20", "40", "50")
    for name in [name for name in OPTIONAL if chance.often(0.08)]:
        population.columns["deals"] = [one for one in population.columns["deals"] if one != name]
    for name in [name for name in PARAMETERS if chance.often(0.15)]:
        population.parameters.setdefault(name, chance.one(*PARAMETERS[name]))


def _sharpen_deal(chance: Chance, deal: Record, account: Record) -> None:
    deal["pipeline"] = chance.one("default", "default", "default", "Partners", "renewals", "")
    if chance.often(0.15):
        account["share_of_wallet_pct"], deal["amount"] = chance.one(*WALLETS)
    elif chance.often(0.15):
        deal["amount"], deal["term_months"] = chance.one(*CONTRACTS)
    elif chance.often(0.03):
        deal["amount"] = ""
    elif chance.often(0.01):
        deal["close_date"] = ""
