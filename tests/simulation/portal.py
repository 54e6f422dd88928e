"""The sandbox HubSpot as a town."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import urlencode

import orjson

from connector.crm.hubspot import HubSpot, connect
from connector.model.changes import Target
from connector.model.outputs import GROUP_NAME
from connector.sandbox.calls import read_query
from connector.sandbox.faults import Rule
from connector.sandbox.hubspot.account.portal import Portal
from connector.sandbox.hubspot.app import respond
from connector.sandbox.hubspot.failures import SPOILS, instead, spoiled
from connector.sandbox.hubspot.limits import UNLIMITED
from connector.sandbox.hubspot.requests import Request
from tests.simulation.town import LOST, OPEN, TIER, VIP, WON, Faults, Sent, Town

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.crm.transport import Call
    from connector.model.outputs import Output
    from connector.model.secrets import Secret
    from connector.sandbox.answers import Answer
    from tests.simulation.town import Shares

TOKEN = "pat-eu1-simulated-worker-0001"
PERSON = "pat-eu1-simulated-person-0002"
APP_SHARE = 0.4
"""Share of the seeds that log in as an app."""
KIND = {Target.ACCOUNT: "companies", Target.DEAL: "deals"}
TARGET = {kind: target for target, kind in KIND.items()}
STAGE = {WON: "closedwon", OPEN: "appointmentscheduled", LOST: "closedlost"}
NAMES = {"stage": "dealstage"}


def asked(method: str, path: str, query: str = "", body: bytes = b"", *, token: str) -> Request:
    headers = {b"authorization": f"Bearer {token}".encode(), b"content-type": b"application/json"}
    return Request(method=method, path=path, query=read_query(query.encode()), headers=headers, body=body)


@dataclass
class HubSpotTown(Town):
    """A portal and the people who work in it."""

    portal: Portal = field(init=False)
    refresh_token: str = ""

    LOGIN: ClassVar[str] = "oauth"
    FAULTS: ClassVar[Faults] = Faults(
        passing=(
            *("429-ten-secondly", "429-secondly", "423", "500", "502", "503", "504", "524"),
            *("reset-before", "slow-before"),
        ),
        losing=(
            *("reset-after", "cut", "slow-after", "late", "drips-for-ever"),
            *("truncate", "empty", "html", "empty-object", "no-results"),
        ),
        odd=("drop-result", "no-fraction", "no-headers", "drips"),
        lasting=("401-expired", "429-daily", "401-invalid", "403-scopes", "477", "400-conditional"),
        ending=("429-daily", "401-invalid"),
        writes_only=("400-conditional",),
    )

    def __post_init__(self) -> None:
        self.lag = self.chance.choice([0.0, 0.0, 3.0, 20.0])
        self.portal = Portal(
            now=self.time.now,
            tick=self.time.ticks,
            quota=UNLIMITED,
            seed=self.chance.randrange(1 << 30),
            index_lag=self.lag,
        )

    def found(self, crm: Any, outputs: Sequence[Output]) -> None:
        crm.provision(outputs, language="en", dry_run=False)
        catalogue = self.portal.catalogue("companies")
        known = catalogue.definitions[TIER]
        assert known["groupName"] == GROUP_NAME
        theirs = {**known["options"][0], "label": "Vip", "value": VIP, "displayOrder": 9}
        catalogue.set({**known, "options": [*known["options"], theirs]})
        if self.chance.random() < APP_SHARE:
            access = self.portal.access
            self.refresh_token = access.refresh_token = "eu1-simulated-refresh"
            access.rotate, access.expires_in = True, self.chance.choice([200, 1800])

    # ── the vendor ───────────────────────────────────────────────────────────────────────────────

    def connect(self, keep: Callable[[str], None], **clocks: Any) -> HubSpot:
        """With a token that stays, or as an app whose tokens expire within a run and are replaced at each renewal."""

        def kept(token: str) -> None:
            self.refresh_token = token
            keep(token)

        app = {"client_id": "app", "client_secret": "app-secret", "refresh_token": self.refresh_token}
        login: dict[str, Any] = app | {"keep_refresh_token": kept} if self.refresh_token else {"token": TOKEN}
        return connect(base_url="http://simulated.invalid", **login, **clocks)

    def request(self, call: Call, bearer: Secret | None) -> Request:
        body = urlencode(call.form).encode() if call.form else orjson.dumps(call.body) if call.body is not None else b""
        query = urlencode(call.query, safe=",")
        return asked(call.method, call.path, query, body, token=bearer.reveal() if bearer else "")

    def respond(self, request: Request) -> Answer:
        return respond(self.portal, request)

    def instead(self, fault: str) -> Answer | None:
        return instead(Rule(fault, options={"retry_after": 120}), self.portal)

    def spoiled(self, fault: str, found: Answer) -> Answer:
        needs_results = fault in {"drop-result", "no-results"}
        if fault not in SPOILS or (needs_results and (found.status >= 300 or b'"results":[{' not in found.body)):
            return found
        return spoiled(Rule(fault), found)

    def sent(self, request: Request) -> list[Sent]:
        if not request.path.endswith("batch/update"):
            return []
        target = TARGET[request.path.rsplit("/", 3)[-3]]
        return [Sent(target, item["id"], item["properties"]) for item in orjson.loads(request.body)["inputs"]]

    def done(self, sent: Sequence[Sent], found: Answer) -> set[str]:
        answered = orjson.loads(found.body).get("results", []) if sent and found.body else []
        return {str(record["id"]) for record in answered}

    def disturb(self) -> None:
        """Nothing: what HubSpot does is in its faults, and its search index always lags."""

    def calm(self) -> None:
        """Nothing."""

    # ── people ───────────────────────────────────────────────────────────────────────────────────

    def do(self, method: str, path: str, body: object = None) -> Any:
        """One call of a person; None when it is refused (the record may be gone)."""
        raw = b"" if body is None else orjson.dumps(body)
        answer = respond(self.portal, asked(method, path, body=raw, token=PERSON))
        if answer.status >= 300:
            return None
        return orjson.loads(answer.body) if answer.body else {}

    def live(self, target: Target) -> list[str]:
        return [str(number) for number in sorted(self.portal.shelves[KIND[target]].live)]

    def company(self) -> str:
        return str(self.do("POST", "/crm/v3/objects/companies", {"properties": {"name": "c"}})["id"])

    def deal(self, company: str, amount: int, *, won: bool) -> None:
        primary = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}
        stage = STAGE[WON if won else OPEN]
        values = {"dealname": "d", "amount": str(amount), "dealstage": stage, "pipeline": "default"}
        link = {"to": {"id": company}, "types": [primary]}
        self.do("POST", "/crm/v3/objects/deals", {"properties": values, "associations": [link]})

    def change(self, target: Target, record: str, **values: str) -> None:
        theirs = {NAMES.get(name, name): STAGE.get(value, value) for name, value in values.items()}
        self.do("PATCH", f"/crm/v3/objects/{KIND[target]}/{record}", {"properties": theirs})

    def drop(self, target: Target, record: str) -> None:
        self.do("DELETE", f"/crm/v3/objects/{KIND[target]}/{record}")

    def merge(self, one: str, two: str) -> str | None:
        survivor = self.do("POST", "/crm/v3/objects/companies/merge", {"primaryObjectId": one, "objectIdToMerge": two})
        return cast("str | None", survivor and survivor["id"])

    # ── what is true ─────────────────────────────────────────────────────────────────────────────

    def held(self, target: Target, record: str, name: str) -> str | None:
        found = self.portal.shelves[KIND[target]].live.get(int(record))
        return (found.properties.get(name) or None) if found else None

    def counts(self) -> Shares:
        found: Shares = {}
        for number, record in self.portal.shelves["deals"].live.items():
            won = record.properties.get("hs_is_closed_won") == "true"
            amount = int(record.properties.get("amount") or 0) if won else 0
            found[str(number)] = (record.properties.get("hs_primary_associated_company"), amount)
        return found
