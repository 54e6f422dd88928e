"""The catalogue of logical fields: what a table holds, of what type, and what it means.

Tables travel as text columns named by logical field; one reader (engine) turns text into types for
every source. Where a field lives in a CRM is the CRM's own mapping module, not here.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

Plain = Decimal | str | date | bool
"""One value that is known, typed."""


class Table(StrEnum):
    """What a CRM, a folder of files or a sandbox is made of."""

    ACCOUNTS = "accounts"
    DEALS = "deals"
    TICKETS = "tickets"
    ACTIVITIES = "activities"
    CURRENCY_RATES = "currency_rates"
    DEAL_ACCOUNTS = "deal_accounts"
    """Links: one row per deal and account, where the CRM keeps them apart from the deal."""
    TICKET_ACCOUNTS = "ticket_accounts"
    OWNERS = "owners"
    GONE = "gone"
    """Ids that no longer exist: deleted, archived, or merged into another."""


BESIDE = "tables."
"""In front of the name of a table beside the CRM, as in the settings: no table of a CRM is called so."""


class Type(StrEnum):
    """How a text cell is read. An empty cell is missing, never zero."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    """Exact decimal, up to 6 decimals."""
    RATE = "rate"
    """Exact decimal, up to 12 decimals: home currency per unit of one that is worth little."""
    MONEY = "money"
    """Plain decimal text, rounded half-up to cents when read."""
    PERCENT = "percent"
    """0 to 100."""
    BOOLEAN = "boolean"
    DATE = "date"
    """ISO date; a timestamp is converted to the business time zone first."""
    TIMESTAMP = "timestamp"
    """ISO 8601 with offset."""
    MULTI = "multi"
    """Several options, separated by `;`."""
    LONG_TEXT = "long_text"


class Field(Struct, frozen=True):
    """One column of a table."""

    name: str
    type: Type
    meaning: str = ""


def _fields(*rows: tuple[str, Type, str]) -> tuple[Field, ...]:
    return tuple(Field(*row) for row in rows)


T, I, N, M, P, B, D, S = (  # noqa: E741 - a table reads better with one letter per type
    Type.TEXT,
    Type.INTEGER,
    Type.NUMBER,
    Type.MONEY,
    Type.PERCENT,
    Type.BOOLEAN,
    Type.DATE,
    Type.TIMESTAMP,
)

ACCOUNTS = _fields(
    ("account_id", T, "the CRM's own id"),
    ("name", T, "name"),
    ("type", T, "account type: prospect, partner, reseller, …"),
    ("lifecycle", T, "lifecycle stage"),
    ("lead_status", T, "lead status"),
    ("employees", I, "employees (FTE)"),
    ("own_turnover", M, "the account's own turnover, never our revenue"),
    ("industry", T, "industry"),
    ("activity_code", T, "NACE, SBI, NAICS or SIC code"),
    ("certifications", T, "certifications, separated by `;`"),
    ("parent_id", T, "parent account"),
    ("owner_id", T, "owner"),
    ("country", T, "country"),
    ("last_contact", D, "last contact"),
    ("contacts_with_details", I, "contacts with e-mail or phone"),
    ("pain_fit", T, "fit with the pain we solve: high, medium, low"),
    ("growth_potential", T, "growth potential set by a person: high, low"),
    ("potential_annual_revenue", M, "potential revenue per year"),
    ("share_of_wallet_pct", P, "our share of what they buy"),
    ("current_supplier", T, "current supplier"),
    ("quote_requested_at", D, "quote requested on"),
    ("referred_by", T, "account that referred this one"),
    ("network_role", T, "role in a network: active, passive"),
    ("nps", N, "net promoter score, 0 to 10"),
    ("invoiced_revenue_12m", M, "invoiced revenue, last 12 months"),
    ("reference_customer", B, "serves as reference"),
    ("pilot_customer", B, "takes part in pilots"),
    ("knowhow_index", N, "know-how index, 1.00 to 1.50"),
    ("gross_margin_pct", P, "gross margin"),
    ("sm_cost_12m", M, "sales and marketing spend, 12 months"),
    ("acquisition_cost_total", M, "one-off acquisition cost"),
    ("acquisition_cost_reduction_tried", B, "lowering the acquisition cost was tried"),
    ("service_hours_12m", N, "service hours, 12 months"),
    ("oldest_open_invoice_date", D, "date of the oldest open invoice"),
    ("oldest_open_invoice_due_date", D, "due date of the oldest open invoice"),
    ("first_invoice_open_since", D, "date of the first invoice, still open"),
    ("open_invoice_amount", M, "open amount"),
    ("invoice_disputed", B, "the open invoice is disputed"),
    ("invoice_data_updated_at", D, "when the invoice fields were last refreshed"),
    ("contract_end_date", D, "end of the running contract"),
    ("seg_exclude", B, "leave this account out"),
    ("seg_override_tier", T, "override: tier"),
    ("seg_override_say_no", T, "override: force_say_no, force_clear"),
    ("seg_override_reason", T, "override: reason"),
    ("seg_override_until", D, "override: last day"),
    ("created_at", S, "created; after as_of the record does not exist yet"),
    ("merged_ids", T, "ids merged into this one, separated by `;`"),
)
"""Columns not listed are kept as custom fields, as text."""

DEALS = _fields(
    ("deal_id", T, "the CRM's own id"),
    ("account_id", T, "the one account the deal counts for"),
    ("name", T, "name"),
    ("pipeline", T, "pipeline or record type"),
    ("stage", T, "stage"),
    ("is_won", B, "closed and won"),
    ("is_closed", B, "closed"),
    ("amount", M, "amount in `currency`"),
    ("home_amount", M, "the CRM's own conversion to its company currency"),
    ("currency", T, "ISO 4217 code; empty means the home currency"),
    ("close_date", D, "close date"),
    ("created_at", S, "created"),
    ("deal_type", T, "new or existing"),
    ("is_renewal", B, "renewal"),
    ("probability", N, "0 to 1"),
    ("discount_pct", P, "discount"),
    ("term_months", I, "term in months"),
    ("recurring", B, "the deal recurs"),
    ("owner_id", T, "owner"),
)

TICKETS = _fields(
    ("ticket_id", T, "the CRM's own id"),
    ("account_id", T, "account"),
    ("created_at", S, "created"),
    ("closed_at", S, "closed"),
    ("category", T, "category"),
    ("priority", T, "priority"),
)

ACTIVITIES = _fields(
    ("activity_id", T, "the CRM's own id"),
    ("account_id", T, "account"),
    ("kind", T, "call, meeting, email"),
    ("started_at", S, "started"),
    ("minutes", N, "minutes"),
)

CURRENCY_RATES = _fields(
    ("currency", T, "ISO 4217 code"),
    ("valid_from", D, "first day of the rate"),
    ("rate", Type.RATE, "home currency per unit"),
)

LINKS = _fields(
    ("from_id", T, "deal or ticket"),
    ("account_id", T, "account"),
    ("primary", B, "the association labelled primary"),
)

OWNERS = _fields(
    ("owner_id", T, "the CRM's own id"),
    ("name", T, "name"),
    ("email", T, "e-mail"),
    ("archived", B, "no longer a user"),
)

GONE = _fields(
    ("table", T, "accounts, deals or tickets"),
    ("id", T, "the id that is gone"),
)

CATALOGUE: dict[Table, tuple[Field, ...]] = {
    Table.ACCOUNTS: ACCOUNTS,
    Table.DEALS: DEALS,
    Table.TICKETS: TICKETS,
    Table.ACTIVITIES: ACTIVITIES,
    Table.CURRENCY_RATES: CURRENCY_RATES,
    Table.DEAL_ACCOUNTS: LINKS,
    Table.TICKET_ACCOUNTS: LINKS,
    Table.OWNERS: OWNERS,
    Table.GONE: GONE,
}

KEY: dict[Table, str] = {
    Table.ACCOUNTS: "account_id",
    Table.DEALS: "deal_id",
    Table.TICKETS: "ticket_id",
    Table.ACTIVITIES: "activity_id",
    Table.OWNERS: "owner_id",
}
"""The column that names a record; `deal_accounts` and `ticket_accounts` are keyed by `from_id`."""

ESSENTIAL: dict[str, tuple[str, ...]] = {
    Table.ACCOUNTS: ("account_id",),
    Table.DEALS: ("deal_id", "is_won", "amount", "close_date"),
    Table.TICKETS: ("ticket_id", "created_at"),
    Table.ACTIVITIES: ("activity_id", "account_id", "kind"),
    Table.CURRENCY_RATES: ("currency", "valid_from", "rate"),
    Table.DEAL_ACCOUNTS: ("from_id", "account_id"),
    Table.TICKET_ACCOUNTS: ("from_id", "account_id"),
}
"""Columns without which a table means nothing; any other that is absent is not connected."""
