"""Which HubSpot property holds which logical field, and how its text becomes canonical (pure).

Source: domain.md 3.2 and HubSpot's value conventions: every value is a text or null, dates may be epoch
milliseconds, several options are joined by `;`, an empty text clears.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connector.crm.overrides import Overrides
from connector.crm.texts import lines, number, options
from connector.model.changes import Target
from connector.model.fields import CATALOGUE, Table, Type

KIND: dict[Table, str] = {Table.ACCOUNTS: "companies", Table.DEALS: "deals", Table.TICKETS: "tickets"}
"""HubSpot's name of the objects behind a table."""

TABLE_OF: dict[Target, Table] = {Target.ACCOUNT: Table.ACCOUNTS, Target.DEAL: Table.DEALS}

MODIFIED = "hs_lastmodifieddate"
MERGED = "hs_merged_object_ids"

_PROPERTIES: dict[Table, dict[str, str]] = {
    Table.ACCOUNTS: {
        "account_id": "hs_object_id",
        "lifecycle": "lifecyclestage",
        "lead_status": "hs_lead_status",
        "employees": "numberofemployees",
        "own_turnover": "annualrevenue",
        "activity_code": "nace_code",
        "parent_id": "hs_parent_company_id",
        "owner_id": "hubspot_owner_id",
        "last_contact": "notes_last_contacted",
        "referred_by": "referred_by_company_id",
        "created_at": "createdate",
        "merged_ids": MERGED,
    },
    Table.DEALS: {
        "deal_id": "hs_object_id",
        "name": "dealname",
        "stage": "dealstage",
        "is_won": "hs_is_closed_won",
        "is_closed": "hs_is_closed",
        "home_amount": "amount_in_home_currency",
        "currency": "deal_currency_code",
        "close_date": "closedate",
        "created_at": "createdate",
        "deal_type": "dealtype",
        "probability": "hs_deal_stage_probability",
        "recurring": "hs_mrr",
        "owner_id": "hubspot_owner_id",
    },
    Table.TICKETS: {
        "ticket_id": "hs_object_id",
        "created_at": "createdate",
        "closed_at": "closed_date",
        "category": "hs_ticket_category",
        "priority": "hs_ticket_priority",
    },
}

DEAL_TYPES = {"newbusiness": "new", "existingbusiness": "existing"}

COMPUTED = frozenset({"is_won", "is_closed", "deal_type", "recurring", "currency", "home_amount"})
"""Deal columns that need more than the text of one property, unless a setting names a property for them."""

LINKED = "account_id"
"""Deals and tickets: the association decides, delivered as links; never a column of their own."""

_MADE_OF: dict[Table, dict[str, tuple[str, ...]]] = {
    Table.DEALS: {"amount": ("amount_in_home_currency", "amount"), "recurring": ("hs_mrr", "hs_arr")}
}
"""Columns that look at more than one property."""


class FieldMap(Overrides, frozen=True):
    """Logical field to property, with the overrides of `[fields]`."""

    def property(self, table: Table, logical: str) -> str:
        """The property that holds a logical field; without a row of its own, the logical name itself."""
        return self.override(table, logical) or _PROPERTIES.get(table, {}).get(logical, logical)

    def sources(self, table: Table, logical: str) -> tuple[str, ...]:
        """Every property a column is made of, as people see them in HubSpot; empty for a link."""
        if logical == LINKED and table is not Table.ACCOUNTS:
            return ()
        behind = {} if self.override(table, logical) else _MADE_OF.get(table, {})
        return behind.get(logical) or (self.property(table, logical),)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def day(text: str) -> str:
    """A date as ISO text; epoch milliseconds (always midnight UTC for a date) are converted."""
    moment = _from_epoch(text)
    return text if moment is None else moment.date().isoformat()


def moment(text: str) -> str:
    """A timestamp as ISO text with offset, to the millisecond; epoch milliseconds are converted.

    HubSpot may leave the fraction out: the same moment must read the same in every pull, or it passes for a change.
    """
    if len(text) == _WHOLE_SECONDS and text[-1] == "Z":
        return f"{text[:-1]}.000Z"
    found = _from_epoch(text)
    return text if found is None else found.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _from_epoch(text: str) -> datetime | None:
    digits = text.removeprefix("-")
    if not digits.isdecimal():
        return None
    try:
        return _EPOCH + timedelta(milliseconds=int(text))
    except OverflowError:
        return None


def to_hubspot(value: str | None) -> str:
    """Canonical text as HubSpot takes it: the same, and an empty text clears."""
    return value or ""


_WHOLE_SECONDS = len("2026-01-31T00:00:00Z")
_CANONICAL = {"number": number, "date": day, "datetime": moment, "string": lines}


def canonical(text: str | None, kind: str, field_kind: str = "") -> str | None:
    """HubSpot's text of a property of this type as canonical text; empty is None."""
    if not text:
        return None
    if kind == "enumeration" and field_kind == "checkbox":
        return options(text) or None
    convert = _CANONICAL.get(kind)
    return convert(text) if convert else text


CATALOGUE_TYPES: dict[Table, dict[str, Type]] = {
    table: {known.name: known.type for known in fields} for table, fields in CATALOGUE.items()
}
