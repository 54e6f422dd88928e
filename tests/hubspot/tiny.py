"""A HubSpot of a hundred lines in memory, for laws over many populations and for servers that misbehave on top of it.

Written from the vendor's documentation like the sandbox; small on purpose, so that a law can make thousands of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from connector.crm.transport import Answer, Call, NoAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.model.secrets import Secret

START = 1_780_000_000_000
"""The portal's clock begins here, in epoch milliseconds (2026-05-28)."""

CAP = 10_000


def iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Row:
    properties: dict[str, str | None]
    modified: int
    versions: list[tuple[int, int]]
    """What the search index shows: (from when on, modified date)."""
    archived_at: int | None = None

    def indexed(self, clock: int, lag: int) -> int | None:
        """The modified date the index knows now; None when it does not show the record."""
        if self.archived_at is not None and self.archived_at + lag <= clock:
            return None
        if len(self.versions) == 1:
            shown, modified = self.versions[0]
            return modified if shown <= clock else None
        return max((modified for shown, modified in self.versions if shown <= clock), default=None)


@dataclass
class Tiny:
    """One portal. `clock` moves by `tick` with every call; `before` runs first and may change anything."""

    rows: dict[str, dict[int, Row]] = field(default_factory=lambda: {"companies": {}, "deals": {}, "tickets": {}})
    links: dict[tuple[str, str], dict[int, list[tuple[int, bool]]]] = field(default_factory=dict)
    definitions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    merged: dict[str, dict[int, int]] = field(default_factory=lambda: {"companies": {}, "deals": {}, "tickets": {}})
    refuses: Callable[[str, dict[str, str]], str] = lambda _record, _values: ""
    before: Callable[[Call], None] = lambda _call: None
    instead: Callable[[str, str, dict[str, Any]], tuple[int, dict[str, Any]] | None] = lambda *_: None
    """Another answer to give, or None."""
    touched: Callable[[int], None] = lambda _number: None
    clock: int = START
    tick: int = 100
    lag: int = 0
    changes: int = 0
    page: int = 100
    calls: list[Call] = field(default_factory=list)

    def add(self, kind: str, number: int, *, modified: int | None = None, **properties: str | None) -> Row:
        at = self.clock if modified is None else modified
        row = Row({"createdate": iso(at), **properties}, at, [(at + self.delay(), at)])
        self.rows[kind][number] = row
        return row

    def touch(self, kind: str, number: int, **properties: str) -> None:
        row = self.rows[kind][number]
        row.properties.update(properties)
        row.modified = self.clock
        self.touched(number)
        row.versions.append((self.clock + self.delay(), self.clock))

    def delay(self) -> int:
        """The index takes each change in its own time, up to the lag: later ones may show before earlier ones."""
        self.changes += 1
        return self.lag * (self.changes * 3 % 5) // 4

    def archive(self, kind: str, number: int) -> None:
        self.rows[kind][number].archived_at = self.clock

    def merge(self, kind: str, first: int, second: int, survivor: int) -> None:
        """Both become aliases of a new record, as merges have done since 2025."""
        for old in (first, second):
            del self.rows[kind][old]
            self.merged[kind] = {n: survivor if s == old else s for n, s in self.merged[kind].items()} | {old: survivor}
        names = [str(n) for n, s in self.merged[kind].items() if s == survivor]
        self.add(kind, survivor, hs_merged_object_ids=";".join(names), name="merged")

    # ── the wire ─────────────────────────────────────────────────────────────────────────────────

    def send(self, call: Call, bearer: Secret | None) -> Answer | NoAnswer:
        assert bearer is not None
        self.clock += self.tick
        self.before(call)
        self.calls.append(call)
        body = dict(call.body or {})
        told = self.instead(call.method, call.path, body)
        status, document = told or self.answer(call.method, call.path, dict(call.query), body)
        return Answer(status, {"Content-Type": "application/json"}, orjson.dumps(document))

    def close(self) -> None:
        """Nothing to close."""

    # ── answers ──────────────────────────────────────────────────────────────────────────────────

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        parts = path.strip("/").split("/")
        match parts:
            case ["account-info", _, "details"]:
                return 200, {"portalId": 1, "timeZone": "Europe/Amsterdam", "companyCurrency": "EUR"}
            case ["crm", "v3", "pipelines", "deals"] | ["crm", "v3", "owners"]:
                return 200, {"results": []}
            case ["crm", "v3", "properties", kind]:
                return 200, {"results": self.definitions.get(kind, [{"name": "name", "type": "string"}])}
            case ["crm", "v3", "objects", kind]:
                return 200, self._list(kind, query)
            case ["crm", "v3", "objects", kind, "search"]:
                return self._search(kind, body)
            case ["crm", "v3", "objects", kind, "batch", "read"]:
                return self._read(kind, body)
            case ["crm", "v3", "objects", kind, "batch", "update"]:
                return self._update(kind, body)
            case ["crm", "v4", "associations", source, target, "batch", "read"]:
                return self._links(source, target, body)
        return 404, {
            "status": "error",
            "message": f"resource not found: {method} {path}",
            "category": "OBJECT_NOT_FOUND",
        }

    def _record(self, number: int, row: Row, *, modified: int | None = None) -> dict[str, Any]:
        at = iso(row.modified if modified is None else modified)
        properties = {**row.properties, "hs_object_id": str(number), "hs_lastmodifieddate": at}
        record: dict[str, Any] = {"id": str(number), "properties": properties, "createdAt": at, "updatedAt": at}
        if row.archived_at is None:
            return record | {"archived": False}
        return record | {"archived": True, "archivedAt": iso(row.archived_at)}

    def _list(self, kind: str, query: dict[str, str]) -> dict[str, Any]:
        archived, first = query.get("archived") == "true", int(query.get("after", "0"))
        numbers = sorted(
            n for n, row in self.rows[kind].items() if n >= first and (row.archived_at is not None) == archived
        )
        shown, more = numbers[: self.page], numbers[self.page :]
        document: dict[str, Any] = {"results": [self._record(n, self.rows[kind][n]) for n in shown]}
        return document | ({"paging": {"next": {"after": str(more[0])}}} if more else {})

    def _search(self, kind: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        since, above = 0, -1
        for item in (body["filterGroups"] or [{"filters": []}])[0]["filters"]:
            if item["propertyName"] == "hs_lastmodifieddate":
                since = int(item["value"])
            else:
                above = int(item["value"])
        known = [(n, row, row.indexed(self.clock, self.lag)) for n, row in self.rows[kind].items() if n > above]
        found = [(n, row, at) for n, row, at in known if at is not None and at >= since]
        found.sort(key=lambda item: -item[2] if body["sorts"][0]["direction"] == "DESCENDING" else item[0])
        offset, limit = int(body.get("after", 0)), int(body["limit"])
        if offset + limit > CAP:
            return 400, {"status": "error", "message": "paging past 10,000", "category": "VALIDATION_ERROR"}
        page = [self._record(n, row, modified=at) for n, row, at in found[offset : offset + limit]]
        return 200, {"total": len(found), "results": page}

    def _read(self, kind: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        assert len(body["inputs"]) <= 100
        found: dict[int, dict[str, Any]] = {}
        missing = []
        for item in body["inputs"]:
            number = int(item["id"])
            number = self.merged[kind].get(number, number)
            row = self.rows[kind].get(number)
            if row is None or row.archived_at is not None:
                missing.append(item["id"])
            else:
                found[number] = self._record(number, row)
        return self._mixed([*found.values()][::-1], missing)

    def _update(self, kind: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        ids = [item["id"] for item in body["inputs"]]
        assert len(ids) <= 100
        assert len(set(ids)) == len(ids)
        words = [text for item in body["inputs"] if (text := self.refuses(item["id"], item["properties"]))]
        if words:
            errors = [{"message": text, "code": "INVALID_OPTION"} for text in words]
            return 400, {"status": "error", "message": "bad", "category": "VALIDATION_ERROR", "errors": errors}
        found, missing = [], []
        for item in body["inputs"]:
            number = int(item["id"])
            row = self.rows[kind].get(number)
            if row is not None and row.archived_at is None:
                self.touch(kind, number, **item["properties"])
                found.append(self._record(number, row))
            elif number not in self.merged[kind]:
                missing.append(item["id"])
        return self._mixed(found, missing)

    def _mixed(self, found: list[dict[str, Any]], missing: list[str]) -> tuple[int, dict[str, Any]]:
        document: dict[str, Any] = {"status": "COMPLETE", "results": found}
        if not missing:
            return 200, document
        error = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "not found", "context": {"ids": missing}}
        return 207, document | {"numErrors": 1, "errors": [error]}

    def _links(self, source: str, target: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        assert len(body["inputs"]) <= 1_000
        known = self.links.get((source, target), {})
        results, errors = [], []
        for item in body["inputs"]:
            linked = known.get(int(item["id"]), [])
            if linked:
                results.append({"from": {"id": item["id"]}, "to": [_to(n, primary=primary) for n, primary in linked]})
            else:
                errors.append(
                    {
                        "category": "OBJECT_NOT_FOUND",
                        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                        "context": {"fromObjectId": [item["id"]]},
                    }
                )
        return (207 if errors else 200), {"results": results, **({"errors": errors} if errors else {})}


def _to(number: int, *, primary: bool) -> dict[str, Any]:
    types = [{"category": "HUBSPOT_DEFINED", "typeId": 341, "label": None}]
    if primary:
        types.append({"category": "HUBSPOT_DEFINED", "typeId": 5, "label": "Primary"})
    return {"toObjectId": number, "associationTypes": types}
