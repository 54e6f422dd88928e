"""Reads an account back into tables of the outside contract: the exact inverse of loading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model.fields import Table, Type
from connector.sandbox.hubspot.account.times import iso
from connector.sandbox.hubspot.files.loading import LONG_AGO
from connector.sandbox.hubspot.files.mapping import DEAL_TYPES, EXTERNAL_ID, PROPERTIES, TYPES

if TYPE_CHECKING:
    from connector.sandbox.hubspot.account.portal import Portal
    from connector.sandbox.hubspot.account.records import Record
    from connector.sandbox.tables import Row, Tables

HIDDEN = {
    "companies": {"hs_object_id", "hs_object_source", "hs_lastmodifieddate", "hs_parent_company_id", EXTERNAL_ID},
    "deals": {
        "hs_object_id",
        "hs_object_source",
        "hs_lastmodifieddate",
        "hs_primary_associated_company",
        "hs_is_closed_lost",
        "dealtype",
        EXTERNAL_ID,
    },
    "tickets": {
        "hs_object_id",
        "hs_object_source",
        "hs_lastmodifieddate",
        "hs_pipeline",
        "hs_pipeline_stage",
        "hs_is_closed",
        "subject",
        EXTERNAL_ID,
    },
}
"""Properties that are no field of the files, or that are read elsewhere."""
RENAMED = {
    "deals": {"hs_is_closed": "is_closed", "hs_is_closed_won": "is_won", "dealstage": "stage", "pipeline": "pipeline"}
}


def unload(portal: Portal) -> Tables:
    """Give accounts, deals and tickets as files would hold them, ids of the files included."""
    return {
        Table.ACCOUNTS: [_account(portal, record) for record in portal.shelves["companies"].live.values()],
        Table.DEALS: [_deal(portal, record) for record in portal.shelves["deals"].live.values()],
        Table.TICKETS: [_ticket(portal, record) for record in portal.shelves["tickets"].live.values()],
    }


def _account(portal: Portal, record: Record) -> Row:
    row = {"account_id": _id(record), **_fields("companies", record)}
    parent = record.properties.get("hs_parent_company_id")
    if parent:
        row["parent_id"] = _id(portal.shelves["companies"].live[int(parent)])
    if row.get("referred_by"):
        known = portal.shelves["companies"].get(row["referred_by"])
        row["referred_by"] = _id(known) if known else row["referred_by"]
    return _owned(portal, row)


def _deal(portal: Portal, record: Record) -> Row:
    row = {"deal_id": _id(record), **_fields("deals", record)}
    account = portal.links.primary("deals", record.id, "companies")
    if account is not None:
        row["account_id"] = _id(portal.shelves["companies"].live[account])
    kinds = {value: key for key, value in DEAL_TYPES.items()}
    if "dealtype" in record.properties:
        row["deal_type"] = kinds.get(record.properties["dealtype"], record.properties["dealtype"])
    return _owned(portal, row)


def _ticket(portal: Portal, record: Record) -> Row:
    row = {"ticket_id": _id(record), **_fields("tickets", record)}
    account = portal.links.primary("tickets", record.id, "companies")
    return row | ({"account_id": _id(portal.shelves["companies"].live[account])} if account is not None else {})


def _id(record: Record) -> str:
    return record.properties.get(EXTERNAL_ID) or str(record.id)


def _owned(portal: Portal, row: Row) -> Row:
    names = {number: name for name, number in portal.owner_names.items()}
    return row | ({"owner_id": names.get(row["owner_id"], row["owner_id"])} if "owner_id" in row else {})


def _fields(kind: str, record: Record) -> Row:
    logical = {name: field for field, name in PROPERTIES[kind].items()} | RENAMED.get(kind, {})
    row = {}
    for name, value in record.properties.items():
        if name not in HIDDEN[kind]:
            field = logical.get(name, name)
            day = TYPES[kind].get(field) is Type.DATE
            row[field] = value[: len("2026-01-01")] if day and value.endswith("T12:00:00Z") else value
    if row.get("created_at") == iso(LONG_AGO):
        del row["created_at"]
    return row
