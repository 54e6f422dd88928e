"""A desk to ask the sandbox from, without a socket between."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from connector.sandbox.hubspot.account.portal import Portal
from connector.sandbox.hubspot.app import respond
from connector.sandbox.hubspot.limits import UNLIMITED, Quota
from connector.sandbox.hubspot.requests import Request

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@dataclass
class Time:
    """A clock and a stopwatch that stand still until they are moved."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def tick(self) -> float:
        return self.seconds


@dataclass(frozen=True)
class Reply:
    """An answer, read."""

    status: int
    json: Any
    headers: dict[str, str]

    @property
    def results(self) -> list[dict[str, Any]]:
        return list(self.json["results"])

    @property
    def ids(self) -> list[str]:
        return [record["id"] for record in self.results]


@dataclass
class Desk:
    """Asks one portal; every call is one of the vendor's."""

    quota: Quota = UNLIMITED
    index_lag: float = 0.0
    token: str = "pat-eu1-test"
    time: Time = field(default_factory=Time)
    portal: Portal = field(init=False)

    def __post_init__(self) -> None:
        self.portal = Portal(now=self.time.now, tick=self.time.tick, quota=self.quota, index_lag=self.index_lag)

    def ask(self, method: str, path: str, body: object = None) -> Reply:
        parts = urlsplit(path)
        raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        headers = {b"authorization": f"Bearer {self.token}".encode()} if self.token else {}
        query = parse_qs(parts.query, keep_blank_values=True)
        found = respond(self.portal, Request(method, parts.path, query=query, headers=headers, body=raw))
        json = orjson.loads(found.body) if found.body[:1] in {b"{", b"["} else None
        return Reply(found.status, json, {name.decode(): value.decode() for name, value in found.headers})

    def get(self, path: str) -> Reply:
        return self.ask("GET", path)

    def post(self, path: str, body: object = None) -> Reply:
        return self.ask("POST", path, body)

    def patch(self, path: str, body: object = None) -> Reply:
        return self.ask("PATCH", path, body)

    def delete(self, path: str) -> Reply:
        return self.ask("DELETE", path)

    def create(self, kind: str = "companies", **properties: object) -> str:
        """Create one record; give its id."""
        reply = self.post(f"/crm/v3/objects/{kind}", {"properties": properties})
        assert reply.status == 201, reply.json
        return str(reply.json["id"])

    def companies(self, count: int) -> list[str]:
        """Create companies named 0, 1, 2, …; give their ids in ascending order."""
        inputs = [{"properties": {"name": str(number)}} for number in range(count)]
        made = []
        for start in range(0, count, 100):
            made += self.post("/crm/v3/objects/companies/batch/create", {"inputs": inputs[start : start + 100]}).ids
        return sorted(made, key=int)

    def value(self, identity: str, name: str, kind: str = "companies") -> str | None:
        """Read one property back."""
        found = self.get(f"/crm/v3/objects/{kind}/{identity}?properties={name}").json["properties"][name]
        return None if found is None else str(found)

    def define(self, name: str, kind: str = "companies", **more: object) -> Reply:
        """Create a property in the object's own group."""
        group = {"companies": "companyinformation", "deals": "dealinformation"}[kind]
        asked = {"name": name, "label": name, "groupName": group, "type": "string", "fieldType": "text", **more}
        return self.post(f"/crm/v3/properties/{kind}", asked)

    def link(self, deal: str, company: str, *numbers: int) -> Reply:
        """Associate a deal with a company by association type numbers."""
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number} for number in numbers]
        pair = {"from": {"id": deal}, "to": {"id": company}, "types": types}
        return self.post("/crm/v4/associations/deals/companies/batch/create", {"inputs": [pair]})
