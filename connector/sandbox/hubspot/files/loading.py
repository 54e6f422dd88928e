"""Loads tables of the outside contract into an account, as an import by an admin would: nothing is validated away.

Ids that are HubSpot's shape (digits) stay; any other gets a minted id and stays readable in `external_id`.
A date in a datetime property becomes noon UTC, the same day in every business time zone of Europe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.model.fields import Table
from connector.sandbox.hubspot.account import writing
from connector.sandbox.hubspot.account.catalogue import add_options
from connector.sandbox.hubspot.account.kinds import kind_of
from connector.sandbox.hubspot.account.linking import refresh_primary
from connector.sandbox.hubspot.account.links import CHILD_TO_PARENT
from connector.sandbox.hubspot.account.times import iso, read_day, read_instant
from connector.sandbox.hubspot.files.mapping import DEAL_TYPES, ELSEWHERE, EXTERNAL_ID, ensure, property_of
from connector.sandbox.hubspot.files.stages import place_deal
from connector.sandbox.hubspot.rest.reference import add_currency, owner

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.sandbox.hubspot.account.portal import Portal
    from connector.sandbox.tables import Row, Tables

LONG_AGO = read_instant("2000-01-01")
"""Creation of a record whose file tells none: before any date it may be asked about."""
DEAL_PRIMARY, TICKET_PRIMARY = 5, 26
ACTIVITIES = {"call": ("calls", 182), "meeting": ("meetings", 188), "email": ("emails", 186)}
MINUTE_MS = 60_000


def load(portal: Portal, tables: Tables) -> None:
    """Fill an empty account with these tables."""
    _load_rates(portal, tables)
    _load_owners(portal, tables)
    accounts = _identify(portal, tables[Table.ACCOUNTS], "account_id")
    _load_accounts(portal, tables[Table.ACCOUNTS], accounts)
    deals = _load_deals(portal, tables[Table.DEALS], accounts)
    _load_tickets(portal, tables.get(Table.TICKETS, []), accounts)
    _load_activities(portal, tables.get(Table.ACTIVITIES, []), accounts)
    _load_links(portal, tables.get(Table.DEAL_ACCOUNTS, []), deals, accounts)
    for shelf in portal.shelves.values():
        shelf.index.settle()


def _load_rates(portal: Portal, tables: Tables) -> None:
    home = portal.account.currency
    for place, row in enumerate(tables.get(Table.CURRENCY_RATES, [])):
        day = iso(read_instant(row["valid_from"]))
        pair = {"id": str(place + 1), "fromCurrencyCode": row["currency"], "toCurrencyCode": home}
        portal.rates.append(pair | {"rate": row["rate"], "effectiveAt": day, "createdAt": day, "updatedAt": day})
    used = {row["currency"] for row in tables[Table.DEALS] if row.get("currency")}
    used |= {rate["fromCurrencyCode"] for rate in portal.rates}
    for currency in sorted(used):
        add_currency(portal, currency)


def _load_owners(portal: Portal, tables: Tables) -> None:
    named = {row["owner_id"]: row for row in tables.get(Table.OWNERS, [])}
    used = {row["owner_id"] for table in (Table.ACCOUNTS, Table.DEALS) for row in tables[table] if row.get("owner_id")}
    for identity in sorted(used | named.keys()):
        row = named.get(identity, {})
        first, _, last = row.get("name", f"Owner {identity}").partition(" ")
        number = identity if identity.isdigit() else str(portal.mint())
        email = row.get("email", f"owner-{identity}@example.com".lower())
        made = owner(number, first, last, email=email, archived=row.get("archived") == "true", at=LONG_AGO)
        portal.owners.append(made)
        portal.owner_names[identity] = number


def _identify(portal: Portal, rows: Iterable[Row], key: str) -> dict[str, int]:
    ids = [row[key] for row in rows]
    kept = {text: int(text) for text in ids if _is_record_id(text)}
    for identity in kept.values():
        portal.reserve(identity)
    return {text: kept.get(text) or portal.mint() for text in ids}


def _is_record_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and not text.startswith("0")


def _load_accounts(portal: Portal, rows: list[Row], ids: dict[str, int]) -> None:
    for row in rows:
        known = {key: value for key, value in row.items() if key != "referred_by"}
        if row.get("referred_by"):
            known["referred_by"] = str(ids.get(row["referred_by"], row["referred_by"]))
        _create(portal, "companies", known, "account_id", ids)
    for row in rows:
        old = [int(text) for text in row.get("merged_ids", "").split(";") if _is_record_id(text)]
        portal.shelves["companies"].aliases |= dict.fromkeys(old, ids[row["account_id"]])
        if row.get("parent_id") in ids:
            portal.links.add(CHILD_TO_PARENT, ids[row["account_id"]], ids[row["parent_id"]])
            refresh_primary(portal, "companies", ids[row["account_id"]])


def _load_deals(portal: Portal, rows: list[Row], accounts: dict[str, int]) -> dict[str, int]:
    ids = _identify(portal, rows, "deal_id")
    for row in rows:
        pipeline, stage = place_deal(portal, row)
        extra = {"pipeline": pipeline, "dealstage": stage}
        if row.get("deal_type"):
            extra["dealtype"] = DEAL_TYPES.get(row["deal_type"], row["deal_type"])
        account = accounts.get(row.get("account_id", ""))
        if account is not None:
            extra["hs_primary_associated_company"] = str(account)
        _create(portal, "deals", row, "deal_id", ids, extra=extra)
        if account is not None:
            portal.links.add(DEAL_PRIMARY, ids[row["deal_id"]], account)
    return ids


def _load_links(portal: Portal, rows: list[Row], deals: dict[str, int], accounts: dict[str, int]) -> None:
    plain = portal.links.plain("deals", "companies").number
    for row in rows:
        deal, account = deals.get(row["from_id"]), accounts.get(row["account_id"])
        if deal is not None and account is not None:
            portal.links.add(DEAL_PRIMARY if row.get("primary") == "true" else plain, deal, account)
            refresh_primary(portal, "deals", deal)


def _load_tickets(portal: Portal, rows: list[Row], accounts: dict[str, int]) -> None:
    ids = _identify(portal, rows, "ticket_id")
    for row in rows:
        stage = "4" if row.get("closed_at") else "1"
        extra = {"subject": f"Ticket {row['ticket_id']}", "hs_pipeline": "0", "hs_pipeline_stage": stage}
        _create(portal, "tickets", row, "ticket_id", ids, extra=extra)
        if row.get("account_id") in accounts:
            portal.links.add(TICKET_PRIMARY, ids[row["ticket_id"]], accounts[row["account_id"]])


def _load_activities(portal: Portal, rows: list[Row], accounts: dict[str, int]) -> None:
    ids = _identify(portal, rows, "activity_id")
    for row in rows:
        name, link = ACTIVITIES[row["kind"]]
        start = read_instant(row["started_at"])
        values = {"hs_timestamp": iso(start), "hs_createdate": iso(start)} | _lasting(row, start)
        identity = ids[row["activity_id"]]
        writing.create(portal, kind_of(name), values, identity=identity, changed=portal.now())
        if row.get("account_id") in accounts:
            portal.links.add(link, identity, accounts[row["account_id"]])


def _lasting(row: Row, start: int) -> dict[str, str]:
    length = round(float(row.get("minutes") or 0) * MINUTE_MS)
    if row["kind"] == "call":
        return {"hs_call_duration": str(length)}
    if row["kind"] == "meeting":
        return {"hs_meeting_start_time": iso(start), "hs_meeting_end_time": iso(start + length)}
    return {}


def _create(
    portal: Portal, kind: str, row: Row, key: str, ids: dict[str, int], *, extra: dict[str, str] | None = None
) -> None:
    values = dict(extra or {})
    for logical, text in row.items():
        name = property_of(kind, logical)
        if text and logical not in ELSEWHERE[kind] and name not in values:
            values[name] = _value(portal, kind, logical, text)
    if not _is_record_id(row[key]):
        values[EXTERNAL_ID] = _value(portal, kind, EXTERNAL_ID, row[key])
    created = kind_of(kind).created
    values.setdefault(created, iso(LONG_AGO))
    record = writing.create(portal, kind_of(kind), values, identity=ids[row[key]], changed=portal.now())
    # What a file says outright stands, also where the vendor would calculate it from the stage.
    told = {name: values[name] for name in ("hs_deal_stage_probability", "amount_in_home_currency") if name in values}
    if told and kind == "deals":
        writing.replace(portal, kind_of(kind), record.replaced(record.properties | told))


def _value(portal: Portal, kind: str, logical: str, text: str) -> str:
    catalogue = portal.catalogues[kind]
    definition = ensure(catalogue, logical, LONG_AGO)
    if logical == "owner_id":
        return portal.owner_names[text]
    if definition["type"] == "enumeration" and not definition["externalOptions"]:
        return _chosen(portal, kind, definition, text)
    return _plain(definition["type"], text)


def _plain(value_type: str, text: str) -> str:
    try:
        if value_type == "datetime":
            noon = "T12:00:00Z" if len(text) == len("2026-01-01") else ""
            return iso(read_instant(text + noon))
        if value_type == "date":
            return read_day(text[: len("2026-01-01")])
    except ValueError:
        return text
    return text.lower() if value_type == "bool" else text


def _chosen(portal: Portal, kind: str, definition: dict[str, Any], text: str) -> str:
    parts = text.split(";") if definition["fieldType"] == "checkbox" else [text]
    known = {found["value"] for found in definition["options"]}
    if known.issuperset(parts):
        return text
    folded = {_folded(value): value for value in known}
    chosen = [folded.get(_folded(part.strip()), part.strip()) for part in parts if part.strip()]
    if not known.issuperset(chosen):
        portal.catalogues[kind].set(add_options(definition, chosen))
    return ";".join(chosen)


def _folded(text: str) -> str:
    return text.casefold().replace(" ", "_")
