"""A Salesforce of a hundred lines in memory: for servers that misbehave on top of it.

Written from the vendor's documentation like the sandbox; small on purpose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

STAMP = "2026-06-01T05:00:00.000+0000"
V = "/services/data/v66.0"

KINDS = {"Id": "id", "AnnualRevenue": "currency", "NumberOfEmployees": "int", "Amount": "currency"}


def account(number: int) -> str:
    """The 18-character id of an account."""
    return f"001xx{number:010d}AAA"


def deal(number: int) -> str:
    """The 18-character id of an opportunity."""
    return f"006xx{number:010d}AAA"


def described(name: str, **more: Any) -> dict[str, Any]:
    """A field as describe tells it."""
    kind = KINDS.get(name, "string")
    told = {"name": name, "type": kind, "label": name, "length": 255 if kind == "string" else 0, "updateable": True}
    return told | {"precision": 18, "scale": 2, "picklistValues": []} | more


def picklist(name: str, *values: str) -> dict[str, Any]:
    """A restricted picklist as describe tells it."""
    options = [{"value": value, "label": value, "active": True} for value in values]
    return described(name, type="picklist", restrictedPicklist=True, picklistValues=options)


@dataclass
class Tiny:
    """One organisation: rows by kind and id; `SystemModstamp` and `IsDeleted` are kept among their values."""

    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {"Account": {}, "Opportunity": {}})
    fields: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    page: int = 2000
    results: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    queries: list[str] = field(default_factory=list)
    written: list[list[str]] = field(default_factory=list)
    refuses: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Record id -> code and message of the tries that fail, in order."""

    def add(self, entity: str, record: str, **values: Any) -> None:
        self.rows[entity][record] = {"Id": record, "SystemModstamp": STAMP, "IsDeleted": False, **values}

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        parts = path.removeprefix(V).strip("/").split("/")
        match [method, *parts]:
            case ["GET", "sobjects", entity, "describe"] if entity in self.fields:
                return 200, {"name": entity, "updateable": True, "fields": self.fields[entity], "recordTypeInfos": []}
            case ["GET", "query" | "queryAll" as kind]:
                return self._query(query["q"], deleted=kind == "queryAll")
            case ["GET", "query", locator]:
                return self._page(locator.partition("-")[0], int(locator.partition("-")[2]))
            case ["GET", "sobjects", _, "deleted"]:
                return 200, {"deletedRecords": [], "earliestDateAvailable": STAMP, "latestDateCovered": STAMP}
            case ["POST", "composite", "sobjects", _] if len(set(body["fields"])) < len(body["fields"]):
                return 400, [{"errorCode": "INVALID_FIELD", "message": "duplicate field selected: Id"}]
            case ["POST", "composite", "sobjects", entity]:
                found = [self.rows[entity].get(record) for record in body["ids"]]
                return 200, [row and {name: row.get(name) for name in body["fields"]} for row in found]
            case ["PATCH", "composite", "sobjects"]:
                return 200, self._update(body["records"])
            case ["GET", "limits"]:
                return 200, {"DailyApiRequests": {"Max": 15000, "Remaining": 14998}}
        return 404, [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]

    def _query(self, text: str, *, deleted: bool) -> tuple[int, Any]:
        self.queries.append(text)
        found = re.fullmatch(r"SELECT (.+?) FROM (\w+)(?: WHERE (.+?))?(?: ORDER BY (.+?))?(?: LIMIT (\d+))?", text)
        assert found, text
        names, entity, where = found[1].split(", "), found[2], found[3] or ""
        if entity not in self.rows:
            return 400, [{"errorCode": "INVALID_TYPE", "message": f"sObject type '{entity}' is not supported."}]
        rows = [row for row in self.rows[entity].values() if deleted or not row["IsDeleted"]]
        if "IsDeleted = true" in where:
            rows = [row for row in rows if row["IsDeleted"]]
        if "MasterRecordId != null" in where:
            rows = [row for row in rows if row.get("MasterRecordId")]
        rows = [row for row in rows if _is_behind(row, where)]
        if ids := re.search(r"(Id|AccountId) IN \((.+?)\)", where):
            rows = [row for row in rows if f"'{row.get(ids[1])}'" in ids[2]]
        if names == ["COUNT()"]:
            return 200, {"totalSize": len(rows), "done": True, "records": []}
        if found[4]:
            keys = [name.split()[0] for name in found[4].split(", ")]
            rows = sorted(rows, key=lambda row: [str(row[key]) for key in keys], reverse="DESC" in found[4])
        rows = rows[: int(found[5])] if found[5] else rows
        cursor = f"0r8{len(self.results)}"
        self.results[cursor] = [{name: row.get(name) for name in names} for row in rows]
        return self._page(cursor, 0)

    def _page(self, cursor: str, start: int) -> tuple[int, Any]:
        rows, end = self.results[cursor], start + self.page
        document: dict[str, Any] = {"totalSize": len(rows), "done": end >= len(rows)}
        if not document["done"]:
            document["nextRecordsUrl"] = f"{V}/query/{cursor}-{end}"
        return 200, document | {"records": rows[start:end]}

    def _update(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        assert len(records) <= 200
        self.written.append([item["Id"] for item in records])
        return [self._write(item) for item in records]

    def _write(self, item: dict[str, Any]) -> dict[str, Any]:
        record, entity = item["Id"], item["attributes"]["type"]
        if tries := self.refuses.get(record):
            code, message = tries.pop(0)
            return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": []}]}
        if record not in self.rows[entity]:
            error = {"statusCode": "INVALID_CROSS_REFERENCE_KEY", "message": "invalid cross reference id", "fields": []}
            return {"success": False, "errors": [error]}
        values = {name: value for name, value in item.items() if name not in ("attributes", "Id")}
        self.rows[entity][record] |= values
        return {"id": record, "success": True, "errors": []}


def _is_behind(row: dict[str, Any], where: str) -> bool:
    """Whether a record meets what a query says of stamps and ids."""
    stamp, either = _moment(str(row["SystemModstamp"])), re.search(r"\(SystemModstamp > (\S+) OR Id > '(\w+)'\)", where)
    rest = where.replace(either[0], "") if either else where
    return (
        (either is None or stamp > _moment(either[1]) or row["Id"] > either[2])
        and all(stamp >= _moment(at) for at in re.findall(r"SystemModstamp >= (\S+)", rest))
        and all(stamp < _moment(at) for at in re.findall(r"SystemModstamp < (\S+)", rest))
        and all(row["Id"] > at for at in re.findall(r"\bId > '(\w+)'", rest))
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def organisation(*, accounts: int = 7, deals: int = 5, page: int = 2000) -> Tiny:
    """A small population with our fields."""
    tiny = Tiny(page=page)
    say_no = described("Seg_Say_No__c", type="boolean")
    ours = [picklist("Seg_Tier__c", "large", "small"), described("Seg_Reason__c"), say_no]
    common = [described("Id"), described("Name"), described("SystemModstamp", type="datetime")]
    tiny.fields = {
        "Account": [*common, described("AnnualRevenue"), *ours],
        "Opportunity": [*common, described("AccountId", type="reference"), described("Amount")],
    }
    for number in range(1, accounts + 1):
        tiny.add("Account", account(number), Name=f"company {number}", AnnualRevenue=1000.5 * number)
    for number in range(1, deals + 1):
        tiny.add("Opportunity", deal(number), Name=f"deal {number}", AccountId=account(1), Amount=10.0)
    return tiny
