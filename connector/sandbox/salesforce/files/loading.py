"""Loads tables of the outside contract into an org, as an import by an admin would: nothing is validated away.

Ids that are Salesforce's own (15 or 18 characters with the object's prefix) stay; any other gets a minted id and
stays readable in `External_Id__c`. Currencies other than the org's own turn several currencies on.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connector.model.fields import Table
from connector.sandbox.salesforce.files.mapping import DEAL_TYPES, EXTERNAL_ID, ensure
from connector.sandbox.salesforce.files.placing import Stages, record_type
from connector.sandbox.salesforce.files.reading import read
from connector.sandbox.salesforce.org.derived import derive, periods, stage_facts
from connector.sandbox.salesforce.org.founding import add_currency, add_user, grant_all, place, several_currencies
from connector.sandbox.salesforce.org.ids import canonical
from connector.sandbox.salesforce.org.schema import with_values
from connector.sandbox.salesforce.org.times import read_moment, read_stamp, second

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org.org import Org
    from connector.sandbox.salesforce.org.schema import Field, SObject
    from connector.sandbox.tables import Row, Tables

LONG_AGO = "2000-01-01T00:00:00.000+0000"
"""Creation of a record whose file tells none: before any date it may be asked about."""
SINCE = timedelta(hours=1)
"""How long ago the import was: no window of changes begins within it."""
ELSEWHERE = {
    "Account": {"account_id", "parent_id", "referred_by", "owner_id", "created_at"},
    "Opportunity": {"deal_id", "account_id", "owner_id", "created_at", "stage", "pipeline", "is_won", "is_closed"}
    | {"probability", "deal_type", "currency"},
    "Case": {"ticket_id", "account_id", "created_at", "closed_at"},
}
"""Columns that need more than being read."""
PERCENT = 100


class Loader:
    """Fills an empty org with tables; ids of the files -> ids here are kept while it works."""

    def __init__(self, org: Org, tables: Tables) -> None:
        self.org, self.tables = org, tables
        self._stamp = second(org.now() - SINCE)
        self._nobody = next(iter(org.table("User").rows))
        """Owner of what has none in the files."""
        self._falses = {name: _falses(held) for name, held in org.objects.items()}
        self._owners: dict[str, str] = {}
        self._accounts: dict[str, str] = {}
        self._fields: dict[tuple[str, str], Field] = {}

    def load(self) -> None:
        """Put every table in."""
        self._load_currencies()
        self._load_owners()
        for name in ("Account", "Opportunity", "Case"):
            ensure(self.org.objects[name.lower()], EXTERNAL_ID)
        self._load_accounts(self.tables[Table.ACCOUNTS])
        self._load_deals(self.tables[Table.DEALS])
        self._load_tickets(self.tables.get(Table.TICKETS, []))
        self._load_activities(self.tables.get(Table.ACTIVITIES, []))
        self._untick()
        grant_all(self.org)
        self.org.schema_version += 1

    def _untick(self) -> None:
        """Let a checkbox that came with a later row be off on the earlier ones."""
        for name in ("Account", "Opportunity", "Case"):
            falses = _falses(self.org.objects[name.lower()])
            for record in self.org.table(name).rows.values():
                for field, off in falses.items():
                    record.setdefault(field, off)

    def _load_currencies(self) -> None:
        org, home = self.org, self.org.identity.currency
        rates = self.tables.get(Table.CURRENCY_RATES, [])
        used = {row["currency"] for row in [*rates, *self.tables[Table.DEALS]] if row.get("currency")}
        if not used - {home}:
            return
        several_currencies(org)
        org.identity.dated_rates = bool(rates)
        latest = {row["currency"]: row for row in sorted(rates, key=lambda row: row["valid_from"])}
        for code in sorted(latest.keys() - {home}):
            add_currency(org, code, 1 / float(latest[code]["rate"]))
        self._load_rates(rates)

    def _load_rates(self, rates: list[Row]) -> None:
        by_code: dict[str, list[Row]] = {}
        for row in sorted(rates, key=lambda row: row["valid_from"]):
            by_code.setdefault(row["currency"], []).append(row)
        for code, rows in by_code.items():
            ends = [row["valid_from"] for row in rows[1:]] + ["9999-12-31"]
            for row, end in zip(rows, ends, strict=True):
                days = {"StartDate": row["valid_from"][:10], "NextStartDate": end[:10]}
                place(
                    self.org, "DatedConversionRate", {"IsoCode": code, "ConversionRate": 1 / float(row["rate"]), **days}
                )

    def _load_owners(self) -> None:
        org, named = self.org, {row["owner_id"]: row for row in self.tables.get(Table.OWNERS, [])}
        tables = (self.tables[Table.ACCOUNTS], self.tables[Table.DEALS])
        used = {row["owner_id"] for table in tables for row in table if row.get("owner_id")}
        profile = next(iter(org.table("Profile").rows))
        for key in sorted(used | named.keys()):
            row = named.get(key, {})
            first, _, last = row.get("name", f"Owner {key}").rpartition(" ")
            email = row.get("email", f"owner-{key}@example.com".lower())
            active = row.get("archived") != "true"
            self._owners[key] = add_user(org, email, last, first=first, email=email, active=active, profile=profile)
        org.owner_names = {identity: key for key, identity in self._owners.items()}

    def _identify(self, sobject: SObject, rows: list[Row], key: str) -> dict[str, str]:
        found = {}
        for row in rows:
            whole = canonical(row[key])
            own = whole is not None and whole.startswith(sobject.prefix)
            found[row[key]] = whole if own and whole else self.org.mint.next(sobject.prefix)
        return found

    def _begun(self, sobject: SObject, row: Row, key: str, ids: dict[str, str]) -> dict[str, Any]:
        """Give a record with its id, stamps, owner, and every column that is simply read."""
        created = _instant(row.get("created_at")) or LONG_AGO
        stamp = max(self._stamp, created)
        owner = self._owners.get(row.get("owner_id", ""), self._nobody)
        record: dict[str, Any] = {"Id": ids[row[key]], **self._falses[sobject.name.lower()], "OwnerId": owner}
        if ids[row[key]] != canonical(row[key]):
            record[EXTERNAL_ID] = row[key]
        for logical, text in row.items():
            if text and logical not in ELSEWHERE[sobject.name]:
                held = self._field(sobject, logical)
                value = read(held, text)
                if value is not None:
                    record[held.name] = self._chosen(sobject, held, value)
        if self.org.identity.multi_currency:
            record["CurrencyIsoCode"] = row.get("currency") or self.org.identity.currency
        by = {"CreatedById": self._nobody, "LastModifiedById": self._nobody}
        return record | by | {"CreatedDate": created, "LastModifiedDate": stamp, "SystemModstamp": stamp}

    def _field(self, sobject: SObject, logical: str) -> Field:
        known = self._fields.get((sobject.name, logical))
        if known is None:
            known = self._fields[sobject.name, logical] = ensure(sobject, logical)
        return known

    def _chosen(self, sobject: SObject, held: Field, value: Any) -> Any:
        if held.type not in {"picklist", "multipicklist"}:
            return value
        known = {found["value"] for found in held.values}
        if not known.issuperset(parts := str(value).split(";")):
            made = sobject.add(with_values(held, parts))
            self._fields = {key: made if found is held else found for key, found in self._fields.items()}
        return value

    def _load_accounts(self, rows: list[Row]) -> None:
        sobject, table = self.org.objects["account"], self.org.table("Account")
        self._accounts = self._identify(sobject, rows, "account_id")
        for row in rows:
            record = self._begun(sobject, row, "account_id", self._accounts)
            for logical in ("parent_id", "referred_by"):
                if row.get(logical) in self._accounts:
                    record[self._field(sobject, logical).name] = self._accounts[row[logical]]
            table.put(record)

    def _load_deals(self, rows: list[Row]) -> None:
        sobject, table = self.org.objects["opportunity"], self.org.table("Opportunity")
        ids, stages = self._identify(sobject, rows, "deal_id"), Stages(self.org)
        for row in rows:
            record = self._begun(sobject, row, "deal_id", ids)
            stage = stages.of(row)
            record |= {"StageName": stage["ApiName"], **stage_facts(stage)}
            record["CloseDate"] = record.get("CloseDate") or record["CreatedDate"][:10]
            record |= periods(record["CloseDate"])
            probability = row.get("probability", "")
            record["Probability"] = (
                float(probability) * PERCENT if _number(probability) else stage["DefaultProbability"]
            )
            if row.get("account_id") in self._accounts:
                record["AccountId"] = self._accounts[row["account_id"]]
            if row.get("deal_type"):
                held = sobject.fields["type"]
                record["Type"] = self._chosen(sobject, held, DEAL_TYPES.get(row["deal_type"], row["deal_type"]))
            if row.get("pipeline", "default") != "default":
                record["RecordTypeId"] = record_type(self.org, "Opportunity", row["pipeline"])
            if "Amount" in record:
                record["ExpectedRevenue"] = round(record["Amount"] * record["Probability"] / PERCENT, 2)
            table.put(record)

    def _load_tickets(self, rows: list[Row]) -> None:
        sobject, table = self.org.objects["case"], self.org.table("Case")
        ids = self._identify(sobject, rows, "ticket_id")
        for row in rows:
            record = self._begun(sobject, row, "ticket_id", ids)
            closed = _instant(row.get("closed_at"))
            record |= {"Subject": f"Ticket {row['ticket_id']}", "Status": "Closed" if closed else "New"}
            record |= {"ClosedDate": closed} if closed else {}
            if row.get("account_id") in self._accounts:
                record["AccountId"] = self._accounts[row["account_id"]]
            table.put(derive(self.org, "Case", record, None))

    def _load_activities(self, rows: list[Row]) -> None:
        for row in rows:
            name = "Event" if row["kind"] == "meeting" else "Task"
            sobject = self.org.objects[name.lower()]
            started = read_stamp(row["started_at"])
            record: dict[str, Any] = {
                **self._falses[sobject.name.lower()],
                "OwnerId": self._nobody,
                "Subject": row["kind"].capitalize(),
            }
            record |= _lasting(row, started)
            if row.get("account_id") in self._accounts:
                record |= dict.fromkeys(("WhatId", "AccountId"), self._accounts[row["account_id"]])
            made = place(self.org, name, record, stamped=self._stamp)
            made["CreatedDate"] = started


def _falses(sobject: SObject) -> dict[str, bool]:
    return {held.name: False for held in sobject.fields.values() if held.type == "boolean"}


def _lasting(row: Row, started: str) -> dict[str, Any]:
    minutes = float(row.get("minutes") or 0)
    if row["kind"] == "meeting":
        ended = second(read_moment(started) + timedelta(minutes=minutes))
        times = {"StartDateTime": started, "ActivityDateTime": started, "EndDateTime": ended}
        return {**times, "ActivityDate": started[:10], "DurationInMinutes": round(minutes), "EventSubtype": "Event"}
    call = {"CallDurationInSeconds": round(minutes * 60)} if row["kind"] == "call" else {}
    done = {"Status": "Completed", "IsClosed": True, "Priority": "Normal", "CompletedDateTime": started}
    return {"ActivityDate": started[:10], "TaskSubtype": row["kind"].capitalize(), **done, **call}


def _instant(text: str | None) -> str | None:
    try:
        return read_stamp(text) if text else None
    except ValueError:
        return None


def _number(text: str) -> bool:
    return re.fullmatch(r"\d*\.?\d+", text) is not None
