"""A desk to ask the Salesforce sandbox from, without a socket between."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson

from connector.sandbox.calls import Call
from connector.sandbox.salesforce.app import respond
from connector.sandbox.salesforce.limits import UNLIMITED, Quota
from connector.sandbox.salesforce.org.founding import found
from connector.sandbox.salesforce.org.org import Org

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
INTEGRATION, ADMIN = "00D5g00000000G8!sandbox-integration", "00D5g00000000G8!sandbox-admin"
V = "/services/data/v66.0"


@dataclass
class Time:
    """A clock that stands still until it is moved."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)


@dataclass(frozen=True)
class Reply:
    """An answer, read."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def code(self) -> str:
        """The error code of a refusal."""
        return str(self.json[0]["errorCode"])

    @property
    def message(self) -> str:
        return str(self.json[0]["message"])


@dataclass
class Desk:
    """Asks one org; every call is one of the vendor's."""

    quota: Quota = UNLIMITED
    token: str = INTEGRATION
    time: Time = field(default_factory=Time)
    org: Org = field(init=False)

    def __post_init__(self) -> None:
        self.org = Org(now=self.time.now, quota=self.quota)
        found(self.org)

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Reply:
        parts = urlsplit(path if path.startswith("/services") else V + path)
        raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        sent = {b"host": b"127.0.0.1"} | ({b"authorization": f"Bearer {self.token}".encode()} if self.token else {})
        sent |= {name.replace("_", "-").lower().encode(): text.encode() for name, text in headers.items()}
        query = parse_qs(parts.query, keep_blank_values=True)
        got = respond(self.org, Call(method, parts.path, query=query, headers=sent, body=raw))
        return Reply(got.status, got.body, {name.decode(): value.decode() for name, value in got.headers})

    def get(self, path: str, **headers: str) -> Reply:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> Reply:
        return self.ask("POST", path, body, **headers)

    def patch(self, path: str, body: object = None, **headers: str) -> Reply:
        return self.ask("PATCH", path, body, **headers)

    def form(self, **fields: str) -> Reply:
        """Ask for a token."""
        return self.ask("POST", "/services/oauth2/token", urlencode(fields).encode())

    def create(self, sobject: str = "Account", **values: object) -> str:
        """Create one record; give its id."""
        reply = self.post(f"/sobjects/{sobject}/", values)
        assert reply.status == 201, reply.text
        return str(reply.json["id"])

    def accounts(self, count: int) -> list[str]:
        """Create accounts named 0000, 0001, …; give their ids."""
        records = [{"attributes": {"type": "Account"}, "Name": f"{number:04d}"} for number in range(count)]
        made = []
        for start in range(0, count, 200):
            made += self.post("/composite/sobjects", {"records": records[start : start + 200]}).json
        return [str(one["id"]) for one in made]

    def opportunity(self, **values: object) -> str:
        base = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-12-01"}
        return self.create("Opportunity", **{**base, **values})

    def query(self, text: str, *, deleted: bool = False, **headers: str) -> Reply:
        return self.get(f"/{'queryAll' if deleted else 'query'}/?{urlencode({'q': text})}", **headers)

    def rows(self, text: str, *, deleted: bool = False) -> list[dict[str, Any]]:
        """Run a query of one page; give its rows without their attributes."""
        reply = self.query(text, deleted=deleted)
        assert reply.status == 200, reply.text
        return [{name: value for name, value in row.items() if name != "attributes"} for row in reply.json["records"]]

    def values(self, text: str, *, deleted: bool = False) -> list[Any]:
        """Run a query of one column; give its values."""
        return [next(iter(row.values())) for row in self.rows(text, deleted=deleted)]

    def as_admin(self) -> Desk:
        """Give the same org as its administrator sees it."""
        other = Desk.__new__(Desk)
        other.quota, other.token, other.time, other.org = self.quota, ADMIN, self.time, self.org
        return other
