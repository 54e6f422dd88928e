"""Cells of the random populations: accounts, deals, tickets, activities and rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tests.oracle.days import add_months

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.oracle.chance import Chance

Record = dict[str, str]
TICKETS = ("ticket_id", "account_id", "created_at", "closed_at", "category", "priority")
ACTIVITIES = ("activity_id", "account_id", "kind", "started_at", "minutes")
RATES = ("currency", "valid_from", "rate")
DEALS = [
    "deal_id",
    "account_id",
    "name",
    "pipeline",
    "stage",
    "is_won",
    "is_closed",
    "amount",
    "currency",
    "close_date",
    "created_at",
    "deal_type",
    "is_renewal",
    "probability",
    "discount_pct",
    "term_months",
    "recurring",
]
BASIC = [
    "account_id",
    "name",
    "type",
    "lifecycle",
    "lead_status",
    "employees",
    "industry",
    "owner_id",
    "country",
    "last_contact",
]
CUSTOM = [
    "own_turnover",
    "activity_code",
    "certifications",
    "parent_id",
    "contacts_with_details",
    "pain_fit",
    "growth_potential",
    "potential_annual_revenue",
    "share_of_wallet_pct",
    "current_supplier",
    "quote_requested_at",
    "referred_by",
    "network_role",
    "nps",
    "invoiced_revenue_12m",
    "reference_customer",
    "pilot_customer",
    "knowhow_index",
    "gross_margin_pct",
    "sm_cost_12m",
    "acquisition_cost_total",
    "acquisition_cost_reduction_tried",
    "service_hours_12m",
    "contract_end_date",
    "seg_exclude",
]
INVOICES = [
    "oldest_open_invoice_date",
    "oldest_open_invoice_due_date",
    "first_invoice_open_since",
    "open_invoice_amount",
    "invoice_disputed",
    "invoice_data_updated_at",
]
OVERRIDES = ["seg_override_tier", "seg_override_say_no", "seg_override_reason", "seg_override_until"]
PREVIOUS = [
    "seg_tier",
    "seg_tier_since",
    "seg_previous_tier",
    "seg_pyramid_level",
    "seg_customer_type",
    "seg_ladder_step",
    "seg_signals",
    "seg_say_no_reasons",
    "seg_last_evaluated",
    "seg_override_status",
]
PEOPLE = (0, 40, 99, 100, 101, 250)
EDGES = (100, 500, 1250, 2500, 5000, 6250, 10_000, 12_500, 25_000, 50_000)
TIERS = ("strategic", "large", "development", "regular", "transactional", "inactive", "prospect", "suspect", "unknown")


@dataclass
class Plan:
    """What this population has: files, columns and habits."""

    account_columns: list[str]
    deal_columns: list[str]
    tickets: bool
    activities: bool
    rates: bool
    groups: bool
    flat: str
    """One price for everybody, or empty."""
    currencies: bool
    spoiled: bool


def draw_plan(chance: Chance) -> Plan:
    """Which files, columns and habits."""
    custom = [name for name in CUSTOM if chance.often(0.85)] if chance.often(0.85) else []
    names = BASIC + custom
    for block, share in ((INVOICES, 0.6), (OVERRIDES, 0.5), (PREVIOUS, 0.5)):
        names = names + block if chance.often(share) else names
    return Plan(
        names,
        [name for name in DEALS if name not in {"discount_pct", "term_months", "recurring"} or chance.often(0.7)],
        chance.often(0.6),
        chance.often(0.5),
        chance.often(0.6),
        chance.often(0.5),
        chance.money(EDGES) if chance.often(0.08) else "",
        chance.often(0.4),
        chance.often(0.2),
    )


def draw_account(chance: Chance, account: str, ids: Sequence[str], plan: Plan) -> Record:
    """One account, all columns; only those of the plan are written."""
    record = {
        "account_id": account,
        "name": f"Name {account}",
        "type": chance.one("", "", "", "PROSPECT", "Customer", "OTHER", chance.one("vendor", "PARTNER", "Reseller")),
        "lifecycle": chance.one("", "", "lead", "customer", "opportunity", "MarketingQualifiedLead", "subscriber"),
        "lead_status": chance.one("", "NEW", "OPEN"),
        "employees": chance.maybe(0.8, str(chance.one(*PEOPLE))),
        "industry": chance.one("", "MACHINERY", "RETAIL", "Manufacturing", "Chemicals", "FOOD_PRODUCTION", "BANKING"),
        "owner_id": chance.one("", "o1", "o2"),
        "country": chance.one("", "NL", "BE"),
        "last_contact": chance.maybe(0.8, chance.ago(3, 30, 60, 90, 180, 300)),
        "activity_code": chance.maybe(0.3, chance.one("10", "C25.11", "33.20", "34", "09", "4711", "2511", "C10")),
        "certifications": chance.maybe(0.3, chance.one("ISO 9001", "VCA;Other", "Other", "haccp", "ISO 14001")),
        "contacts_with_details": chance.maybe(0.8, chance.one("0", "1", "4")),
        "pain_fit": chance.maybe(0.7, chance.one("high", "medium", "low")),
        "own_turnover": chance.maybe(0.5, "9000000"),
    }
    parent = chance.one(*ids, "missing") if plan.groups and chance.often(0.35) else ""
    record["parent_id"] = parent
    record |= _growth(chance, ids) | _costs(chance) | _invoice(chance) | _override(chance) | _previous(chance)
    if plan.spoiled and chance.often(0.05):
        record["employees"] = "12,5"
    return record


def _growth(chance: Chance, ids: Sequence[str]) -> Record:
    return {
        "growth_potential": chance.maybe(0.2, chance.one("high", "low")),
        "potential_annual_revenue": chance.maybe(0.3, chance.money((*EDGES, 15_000, 20_000))),
        "share_of_wallet_pct": chance.maybe(0.25, chance.one("100", "50", "40", "20", "0", "33.3")),
        "current_supplier": chance.maybe(0.1, "Competitor"),
        "quote_requested_at": chance.maybe(0.1, str(chance.month_edge())),
        "referred_by": chance.maybe(0.15, chance.one(*ids, "missing")),
        "network_role": chance.maybe(0.4, chance.one("active", "passive")),
        "nps": chance.maybe(0.5, chance.one("9", "8.99", "6", "6.01", "10", "9.5", "0")),
        "invoiced_revenue_12m": chance.maybe(0.8, chance.money(EDGES)),
        "reference_customer": chance.maybe(0.3, chance.one("true", "false")),
        "pilot_customer": chance.maybe(0.2, chance.one("true", "false")),
        "knowhow_index": chance.maybe(0.2, chance.one("1.00", "1.25", "1.50", "2.00", "0.50", "1.10")),
    }


def _costs(chance: Chance) -> Record:
    return {
        "gross_margin_pct": chance.maybe(0.6, chance.one("0", "5", "10", "35", "60", "70", "-10")),
        "sm_cost_12m": chance.maybe(0.5, chance.one("0", "100", "1250.00", "2500.01", "3000", "20000")),
        "acquisition_cost_total": chance.maybe(0.3, chance.one("0", "300", "6000")),
        "acquisition_cost_reduction_tried": chance.maybe(0.4, chance.one("true", "false")),
        "service_hours_12m": chance.maybe(0.3, chance.one("0", "1.5", "12", "100")),
        "contract_end_date": chance.maybe(0.15, chance.ago(-300, -1, 0, 1, 50)),
        "seg_exclude": chance.maybe(0.1, chance.one("true", "false")),
    }


def _invoice(chance: Chance) -> Record:
    oldest = chance.ago(5, 29, 31, 59, 60, 61, 89, 90, 91, 200)
    return {
        "oldest_open_invoice_date": chance.maybe(0.7, oldest),
        "oldest_open_invoice_due_date": chance.maybe(0.5, chance.ago(-10, 0, 1, 30, 31, 59, 60, 90)),
        "first_invoice_open_since": chance.maybe(0.3, chance.one(oldest, chance.ago(90, 200))),
        "open_invoice_amount": chance.maybe(0.8, chance.one("0", "99.99", "100.00", "500", "100.01")),
        "invoice_disputed": chance.maybe(0.3, chance.one("true", "false", "false")),
        "invoice_data_updated_at": chance.maybe(0.6, chance.ago(0, 1, 45, 46)),
    }


def _override(chance: Chance) -> Record:
    if not chance.often(0.3):
        return dict.fromkeys(OVERRIDES, "")
    return {
        "seg_override_tier": chance.maybe(0.6, chance.one(*TIERS[:8])),
        "seg_override_say_no": chance.maybe(0.5, chance.one("force_say_no", "force_clear")),
        "seg_override_reason": chance.maybe(0.85, "Agreed with the board"),
        "seg_override_until": chance.maybe(0.85, chance.ago(0, -30, -180, 1, 200)),
    }


def _previous(chance: Chance) -> Record:
    if chance.often(0.2):
        return dict.fromkeys(PREVIOUS, "")
    codes = ("DEMANDING", "UNPROFITABLE", "HIGH_ACQ_COST", "BAD_PAYER", "LEAST_IDEAL", "TRANSACTIONAL")
    hits = ("N1", "N2", "N3", "N4", "N7", "W1", "W2", "W4", "W6", "W3")
    return {
        "seg_tier": chance.one(*TIERS, "excluded"),
        "seg_tier_since": str(chance.past_day(600)),
        "seg_previous_tier": chance.maybe(0.5, chance.one(*TIERS)),
        "seg_pyramid_level": chance.one("top", "big", "medium", "small", "inactive", "prospect", "suspect", ""),
        "seg_customer_type": chance.one("strategic", "large", "development", "transactional", "unknown", ""),
        "seg_ladder_step": chance.one("top_customer", "regular_customer", "prospect", "suspect", ""),
        "seg_signals": ";".join(code for code in codes if chance.often(0.25)),
        "seg_say_no_reasons": ";".join(code for code in hits if chance.often(0.15)),
        "seg_last_evaluated": str(chance.past_day(120)),
        "seg_override_status": chance.one("none", "active", ""),
    }


def draw_deals(chance: Chance, account: str, plan: Plan, parameters: Mapping[str, str]) -> list[Record]:
    """Some deals of one account."""
    del parameters
    count = chance.one(0, 0, 1, 1, 2, 3, 4, 7)
    return [_deal(chance, account, plan) for _ in range(count)]


def _deal(chance: Chance, account: str, plan: Plan) -> Record:
    won = chance.often(0.7)
    closed = chance.month_edge() if chance.often(0.5) else chance.past_day(800)
    if not won and chance.often(0.5):
        closed = chance.as_of + timedelta(days=chance.one(10, 100, 364, 365, 366, 400))
    created = min(closed, chance.as_of) - timedelta(days=chance.one(0, 1, 30, 200))
    if chance.often(0.05):
        created = chance.as_of + timedelta(days=1)
    amount = plan.flat or chance.money(EDGES)
    record = {
        "account_id": account,
        "name": "deal",
        "pipeline": "default",
        "stage": chance.one("won", "open"),
        "is_won": "true" if won else chance.one("false", "false", ""),
        "is_closed": "true" if won else chance.one("true", "false", "false", ""),
        "amount": "-" + amount if won and chance.often(0.06) else amount,
        "currency": chance.one("EUR", "EUR", "USD", "GBP") if plan.currencies else chance.one("EUR", "EUR", ""),
        "close_date": str(closed),
        "created_at": chance.maybe(0.9, chance.moment(created)),
        "deal_type": chance.one("new", "existing", ""),
        "is_renewal": chance.one("true", "false", ""),
        "probability": chance.maybe(0.8, chance.one("0", "0.1", "0.5", "0.25", "1")),
        "discount_pct": chance.maybe(0.7, chance.one("0", "5", "10", "30")),
        "term_months": chance.maybe(0.3, chance.one("1", "12", "24", "36", "6")),
        "recurring": chance.one("true", "false", "true", ""),
    }
    return record | _spoil(chance, plan)


def _spoil(chance: Chance, plan: Plan) -> Record:
    if chance.often(0.01):
        return {"amount": ""}
    if not plan.spoiled or not chance.often(0.04):
        return {}
    return chance.one({"amount": "12,5"}, {"amount": "1e5"}, {"close_date": "31/03/2026"}, {"close_date": ""})


def draw_tickets(chance: Chance, account: str) -> list[Record]:
    """Service contacts around the counts that matter: 5, 10, 12, 15, 40."""
    recent = chance.one(0, 0, 0, 0, 1, 4, 5, 9, 10, 11, 14, 15, 16)
    older = chance.one(0, 0, 0, 1, 2, 3, 11, 12, 13, 40)
    days = [chance.as_of - timedelta(days=chance.one(0, 1, 10, 29, 29, 30)) for _ in range(recent)]
    days += [_older(chance) for _ in range(older)]
    return [
        {
            "account_id": account,
            "created_at": chance.moment(day) if chance.often(0.5) else str(day),
            "closed_at": "",
            "category": chance.one("", "", "QUESTION", "FEATURE_REQUEST", "PRODUCT_ISSUE"),
            "priority": chance.one("", "HIGH"),
        }
        for day in days
    ]


def _older(chance: Chance) -> date:
    return chance.one(
        chance.past_day(365),
        chance.past_day(120),
        chance.as_of - timedelta(days=89),
        chance.as_of - timedelta(days=90),
        add_months(chance.as_of, -12),
        add_months(chance.as_of, -12) + timedelta(days=1),
        chance.as_of + timedelta(days=1),
    )


def draw_activities(chance: Chance, account: str) -> list[Record]:
    """Calls, meetings and mails with minutes."""
    return [
        {
            "account_id": account,
            "kind": chance.one("call", "meeting", "email"),
            "started_at": chance.moment(_older(chance)),
            "minutes": chance.maybe(0.97, chance.one("0", "15", "60", "90", "7.5")),
        }
        for _ in range(chance.one(0, 0, 1, 3))
    ]


def draw_rates(chance: Chance) -> list[Record]:
    """Rates of one currency, some of them later than some deals; the other currency may have none."""
    rows = [("USD", -30, "0.9"), ("USD", -6, "0.91234"), ("USD", 0, "0.95")]
    rows += [("GBP", -14, "1.15")] if chance.often(0.5) else []
    return [
        {"currency": name, "valid_from": str(add_months(chance.as_of, months)), "rate": rate}
        for name, months, rate in rows
    ]
