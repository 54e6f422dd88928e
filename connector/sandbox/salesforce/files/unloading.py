"""Reads an org back into tables of the outside contract: the inverse of loading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.model.fields import Table
from connector.sandbox.salesforce.files.loading import LONG_AGO
from connector.sandbox.salesforce.files.mapping import DEAL_TYPES, EXTERNAL_ID, STANDARD, TYPES, custom_name

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org.org import Org
    from connector.sandbox.salesforce.org.schema import SObject
    from connector.sandbox.salesforce.org.tables import Record
    from connector.sandbox.tables import Row, Tables

KEYS = {"Account": "account_id", "Opportunity": "deal_id", "Case": "ticket_id"}
LOOKUPS = {"parent_id": "Account", "referred_by": "Account", "account_id": "Account"}
PERCENT = 100


def unload(org: Org) -> Tables:
    """Give the accounts, deals and tickets as files would hold them, ids of the files included."""
    return {
        Table.ACCOUNTS: [_row(org, "Account", record) for record in org.table("Account").live()],
        Table.DEALS: [_deal(org, record) for record in org.table("Opportunity").live()],
        Table.TICKETS: [_row(org, "Case", record) for record in org.table("Case").live()],
    }


def _deal(org: Org, record: Record) -> Row:
    row = _row(org, "Opportunity", record)
    kinds = {value: key for key, value in DEAL_TYPES.items()}
    if "deal_type" in row:
        row["deal_type"] = kinds.get(row["deal_type"], row["deal_type"])
    if "probability" in row:
        row["probability"] = _plain(record["Probability"] / PERCENT)
    types = org.table("RecordType").rows
    row["pipeline"] = types[record["RecordTypeId"]]["Name"] if "RecordTypeId" in record else "default"
    return row


def _row(org: Org, sobject: str, record: Record) -> Row:
    held = org.objects[sobject.lower()]
    row: Row = {KEYS[sobject]: _id(org, sobject, record["Id"])}
    for name, logical in _columns(held).items():
        value = record.get(name)
        if value is not None and not (name == "CreatedDate" and value == LONG_AGO):
            row[logical] = _text(org, logical, value)
    return row


def _columns(sobject: SObject) -> dict[str, str]:
    """Give the logical field of each field that has one: standard, custom by its name, or a custom column."""
    found = {name: logical for logical, name in STANDARD[sobject.name].items() if logical != "pipeline"}
    known = {custom_name(logical).lower(): logical for logical in TYPES[sobject.name]}
    for held in sobject.fields.values():
        if held.custom and held.name != EXTERNAL_ID:
            found[held.name] = known.get(held.name.lower(), held.name.removesuffix("__c").lower())
    return found


def _id(org: Org, sobject: str, identity: str) -> str:
    return str(org.table(sobject).rows.get(identity, {}).get(EXTERNAL_ID, identity))


def _text(org: Org, logical: str, value: Any) -> str:
    if logical == "owner_id":
        return org.owner_names.get(value, str(value))
    if logical in LOOKUPS:
        return _id(org, LOOKUPS[logical], value)
    if isinstance(value, bool):
        return str(value).lower()
    return _plain(value) if isinstance(value, float) else str(value)


def _plain(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
