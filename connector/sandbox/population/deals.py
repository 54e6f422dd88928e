"""Made-up deals over three years: won, lost and open, renewals, other currencies, and a few awkward ones."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

from connector.sandbox.chance import likely

if TYPE_CHECKING:
    from random import Random

    from connector.sandbox.population.accounts import Account
    from connector.sandbox.tables import Row

FIRST_ID = 50_000_000_001
YEARS = 3
OPEN_STAGES = (
    ("appointmentscheduled", "0.2"),
    ("qualifiedtobuy", "0.4"),
    ("presentationscheduled", "0.6"),
    ("decisionmakerboughtin", "0.8"),
    ("contractsent", "0.9"),
)
DEALS_OF = {"customer": 1.0, "lapsed": 0.5, "prospect": 0.16, "suspect": 0.0, "partner": 0.3, "vendor": 0.02}
"""How often a deal is with a company of each behaviour."""


def make_deals(chance: Random, accounts: list[Account], count: int, as_of: date) -> tuple[list[Row], list[Row]]:
    """Make deals, and the further companies some of them are linked to."""
    weights = [DEALS_OF[account.kind] * account.size**0.35 for account in accounts]
    if not any(weights):
        return [], []
    totals = list(accumulate(weights))
    bought: set[str] = set()
    rows = []
    for number in range(count):
        account = chance.choices(accounts, cum_weights=totals)[0]
        rows.append(_deal(chance, number, account, as_of))
        if rows[-1]["is_won"] == "true":
            known = account.row["account_id"] in bought
            bought.add(account.row["account_id"])
            rows[-1]["deal_type"] = "existing" if known else "new"
    return rows, _links(chance, rows, accounts)


def _deal(chance: Random, number: int, account: Account, as_of: date) -> Row:
    outcome = _outcome(chance, account)
    row = {
        "deal_id": str(FIRST_ID + number * 3),
        "account_id": account.row["account_id"],
        "name": f"{chance.choice(('Order', 'Project', 'Renewal', 'Extension', 'Pilot'))} {number + 1}",
        "pipeline": "default",
        "amount": _amount(chance, account.size),
        "is_renewal": str(likely(chance, 0.15)).lower(),
    }
    row |= _stage(chance, outcome)
    row |= _dates(chance, account, outcome, as_of)
    currency = chance.choices(("", "USD", "GBP", "XAU"), (940, 40, 18, 2))[0]
    if currency:
        row["currency"] = currency
    if likely(chance, 0.3):
        row["discount_pct"] = str(chance.choice((2, 5, 5, 10, 15, 25)))
    if "owner_id" in account.row:
        row["owner_id"] = account.row["owner_id"]
    return row


def _outcome(chance: Random, account: Account) -> str:
    shares = {"customer": (62, 24, 14), "lapsed": (70, 30, 0), "prospect": (0, 35, 65)}.get(account.kind, (40, 40, 20))
    return chance.choices(("won", "lost", "open"), shares)[0]


def _amount(chance: Random, size: float) -> str:
    cents = round(size * chance.lognormvariate(7.6, 0.7) * 100)
    if likely(chance, 0.01):
        cents = -cents // 4
    return f"{cents // 100}.{cents % 100:02d}" if cents >= 0 else f"-{-cents // 100}.{-cents % 100:02d}"


def _stage(chance: Random, outcome: str) -> Row:
    if outcome == "open":
        stage, probability = chance.choice(OPEN_STAGES)
        return {"stage": stage, "is_won": "false", "is_closed": "false", "probability": probability}
    won = outcome == "won"
    stage = "closedwon" if won else "closedlost"
    return {"stage": stage, "is_won": str(won).lower(), "is_closed": "true", "probability": "1" if won else "0"}


def _dates(chance: Random, account: Account, outcome: str, as_of: date) -> Row:
    latest = as_of - timedelta(days=400 if account.kind == "lapsed" else 0)
    closed = latest - timedelta(days=chance.randint(0, 365 * YEARS))
    if outcome == "open":
        closed = as_of + timedelta(days=chance.randint(-30, 150))
    created = min(closed, as_of) - timedelta(days=chance.randint(3, 160))
    stamp = f"{created.isoformat()}T{chance.randint(7, 17):02d}:{chance.randint(0, 59):02d}:00+00:00"
    return {"close_date": closed.isoformat(), "created_at": stamp}


def _links(chance: Random, deals: list[Row], accounts: list[Account]) -> list[Row]:
    """Link one deal in thirty to a partner as well; the deal's own company stays its primary one."""
    partners = [account.row["account_id"] for account in accounts if account.kind == "partner"]
    if not partners:
        return []
    linked = [deal for deal in deals if likely(chance, 1 / 30)]
    return [{"from_id": deal["deal_id"], "account_id": chance.choice(partners), "primary": "false"} for deal in linked]
