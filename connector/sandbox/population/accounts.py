"""Made-up companies: who they are, and how they will behave in deals, service and payment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from connector.sandbox.chance import likely
from connector.sandbox.population.people import company_name

if TYPE_CHECKING:
    from random import Random

    from connector.sandbox.tables import Row

FIRST_ID = 9_000_000_001
INDUSTRIES = (
    "MACHINERY",
    "INDUSTRIAL_AUTOMATION",
    "PLASTICS",
    "CHEMICALS",
    "FOOD_PRODUCTION",
    "ELECTRICAL_ELECTRONIC_MANUFACTURING",
    "LOGISTICS_AND_SUPPLY_CHAIN",
    "CONSTRUCTION",
    "COMPUTER_SOFTWARE",
    "RETAIL",
    "HOSPITALITY",
    "LEGAL_SERVICES",
)
OFTEN = (14, 12, 11, 11, 11, 11, 8, 7, 6, 4, 3, 2)
"""How often each industry is met, in per cent: a supplier of manufacturers knows mostly these."""
COUNTRIES = ("Netherlands", "Belgium", "Germany", "France", "Sweden", "United Kingdom")
KINDS = (("customer", 46), ("lapsed", 12), ("prospect", 18), ("suspect", 18), ("partner", 4), ("vendor", 2))
"""Share of each behaviour, in per cent."""
TYPES = {"partner": "PARTNER", "vendor": "VENDOR", "prospect": "PROSPECT", "suspect": "PROSPECT"}


@dataclass(slots=True)
class Account:
    """A company and the traits its deals, tickets and invoices follow."""

    row: Row
    kind: str
    size: float
    """What it buys against the median, 1.0."""
    created: date
    demanding: bool
    """Whether it asks far more of service than others."""


def make_accounts(chance: Random, count: int, as_of: date, owners: list[Row]) -> list[Account]:
    """Make companies; sizes follow a Pareto curve, so that few of them bring most of the revenue."""
    names, weights = zip(*KINDS, strict=True)
    made = []
    for number in range(count):
        kind = chance.choices(names, weights)[0]
        size = min(chance.paretovariate(1.15), 120.0)
        created = as_of - timedelta(days=chance.randint(20, 2200))
        made.append(Account(_row(chance, number, kind, size, owners), kind, size, created, likely(chance, 1 / 15)))
        made[-1].row["created_at"] = f"{created.isoformat()}T{chance.randint(7, 17):02d}:15:00+00:00"
    for account in made:
        _add_custom(chance, account, as_of)
        _add_payment(chance, account, as_of)
    _add_family(chance, made)
    return made


def _row(chance: Random, number: int, kind: str, size: float, owners: list[Row]) -> Row:
    employees = round(160 * size**0.5 * chance.lognormvariate(0, 0.7)) + 1
    row = {
        "account_id": str(FIRST_ID + number * 7),
        "name": company_name(chance, number + 1),
        "industry": chance.choices(INDUSTRIES, OFTEN)[0],
        "country": chance.choices(COUNTRIES, (55, 20, 12, 6, 4, 3))[0],
        "employees": str(employees),
        "own_turnover": str(employees * chance.randint(90, 260) * 1000),
        "owner_id": chance.choice(owners)["owner_id"],
        "lifecycle": {"customer": "customer", "lapsed": "customer", "prospect": "opportunity"}.get(kind, "lead"),
    }
    if kind in TYPES:
        row["type"] = TYPES[kind]
    for field, gap in (("employees", 0.12), ("industry", 0.08), ("own_turnover", 0.3), ("owner_id", 0.05)):
        if likely(chance, gap):
            del row[field]
    return row


def _add_custom(chance: Random, account: Account, as_of: date) -> None:
    row = account.row
    _maybe(chance, row, "pain_fit", 0.7, chance.choices(("high", "medium", "low"), (40, 45, 15))[0])
    _maybe(chance, row, "growth_potential", 0.5, chance.choices(("high", "low"), (62, 38))[0])
    _maybe(chance, row, "potential_annual_revenue", 0.3, str(round(account.size * chance.randint(8, 60)) * 1000))
    _maybe(chance, row, "share_of_wallet_pct", 0.4, str(chance.randint(5, 100)))
    _maybe(chance, row, "nps", 0.35, str(chance.choices(range(11), (1, 1, 1, 2, 2, 5, 8, 14, 24, 22, 20))[0]))
    _maybe(chance, row, "current_supplier", 0.2, f"Supplier {chance.randint(1, 25)}")
    _maybe(chance, row, "reference_customer", 0.08, "true")
    _maybe(chance, row, "gross_margin_pct", 0.5, f"{chance.uniform(12, 55):.1f}")
    _maybe(chance, row, "sm_cost_12m", 0.4, f"{account.size * chance.uniform(100, 1500):.2f}")
    _maybe(chance, row, "service_hours_12m", 0.4, f"{account.size * chance.uniform(0, 30):.1f}")
    _maybe(chance, row, "network_role", 0.15, chance.choice(("active", "passive")))
    if account.kind in {"prospect", "customer"}:
        asked = as_of - timedelta(days=chance.randint(3, 400))
        _maybe(chance, row, "quote_requested_at", 0.3, asked.isoformat())
    if account.kind == "customer":
        contact = as_of - timedelta(days=min(730, int(chance.expovariate(1 / 60))))
        _maybe(chance, row, "last_contact", 0.9, contact.isoformat())
        ends = as_of + timedelta(days=chance.randint(-200, 900))
        _maybe(chance, row, "contract_end_date", 0.25, ends.isoformat())


def _add_payment(chance: Random, account: Account, as_of: date) -> None:
    if account.kind not in {"customer", "lapsed"} or likely(chance, 0.2):
        return
    row = account.row
    row["invoice_data_updated_at"] = (as_of - timedelta(days=chance.randint(0, 9))).isoformat()
    if likely(chance, 0.45):
        days = chance.choices((10, 40, 75, 120), (20, 20, 20, 40) if account.demanding else (60, 26, 10, 4))[0]
        days += chance.randint(0, 14)
        row["oldest_open_invoice_date"] = (as_of - timedelta(days=days)).isoformat()
        row["oldest_open_invoice_due_date"] = (as_of - timedelta(days=days - 30)).isoformat()
        row["open_invoice_amount"] = f"{account.size * chance.uniform(200, 4000):.2f}"
        _maybe(chance, row, "invoice_disputed", 0.06, "true")
        _maybe(chance, row, "first_invoice_open_since", 0.04, row["oldest_open_invoice_date"])


def _add_family(chance: Random, accounts: list[Account]) -> None:
    """Give one company in twenty a parent, and one in thirty a company that referred it."""
    by_size = sorted(accounts, key=lambda account: account.size, reverse=True)
    parents = by_size[: max(1, len(accounts) // 25)]
    heads = {account.row["account_id"] for account in parents}
    for account in accounts:
        if account.row["account_id"] not in heads and likely(chance, 0.05):
            account.row["parent_id"] = chance.choice(parents).row["account_id"]
        if likely(chance, 0.03):
            referrer = chance.choice(accounts)
            if referrer is not account:
                account.row["referred_by"] = referrer.row["account_id"]


def _maybe(chance: Random, row: Row, field: str, share: float, value: str) -> None:
    if likely(chance, share):
        row[field] = value
