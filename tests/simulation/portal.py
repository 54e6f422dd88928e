"""The sandbox HubSpot in this very process: what people do in it, and what it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from connector.sandbox.calls import read_query
from connector.sandbox.hubspot.app import HubSpot, respond
from connector.sandbox.hubspot.limits import UNLIMITED
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.requests import Request

if TYPE_CHECKING:
    from random import Random

    from connector.sandbox.answers import Answer

START = datetime(2026, 6, 1, 6, tzinfo=UTC)
TOKEN = "pat-eu1-simulated-worker-0001"
PERSON = "pat-eu1-simulated-person-0002"
VIP = "vip"
"""What people type over a tier; the rules never say it, so it is theirs wherever it stands."""
LARGE_FROM = 1000
WON, OPEN = "closedwon", "appointmentscheduled"
TIER, REVENUE, ON_DEAL = "seg_tier", "seg_revenue_12m", "seg_account_tier"


@dataclass
class Time:
    """One clock for everybody; it moves when somebody waits or calls."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def ticks(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def asked(method: str, path: str, query: str = "", body: bytes = b"", *, token: str) -> Request:
    headers = {b"authorization": f"Bearer {token}".encode(), b"content-type": b"application/json"}
    return Request(method=method, path=path, query=read_query(query.encode()), headers=headers, body=body)


@dataclass
class Town:
    """A portal and the people who work in it."""

    time: Time
    chance: Random
    index_lag: float = 0.0
    portal: Portal = field(init=False)
    tiers: dict[str, set[str]] = field(default_factory=dict)
    """Per company every tier that was right at some time."""
    revenues: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.portal = Portal(
            now=self.time.now,
            tick=self.time.ticks,
            quota=UNLIMITED,
            seed=self.chance.randrange(1 << 30),
            index_lag=self.index_lag,
        )
        self.app = HubSpot(self.portal)

    # ── people ───────────────────────────────────────────────────────────────────────────────────

    def do(self, method: str, path: str, body: object = None) -> Any:
        """One call of a person; None when it is refused (the record may be gone)."""
        raw = b"" if body is None else orjson.dumps(body)
        answer: Answer = respond(self.portal, asked(method, path, body=raw, token=PERSON))
        if answer.status >= 300:
            return None
        return orjson.loads(answer.body) if answer.body else {}

    def company(self) -> str:
        return str(self.do("POST", "/crm/v3/objects/companies", {"properties": {"name": "c"}})["id"])

    def deal(self, company: str, amount: int, *, won: bool) -> None:
        primary = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}
        values = {"dealname": "d", "amount": str(amount), "dealstage": WON if won else OPEN, "pipeline": "default"}
        link = {"to": {"id": company}, "types": [primary]}
        self.do("POST", "/crm/v3/objects/deals", {"properties": values, "associations": [link]})

    def populate(self, companies: int) -> None:
        for _ in range(companies):
            company = self.company()
            for _ in range(self.chance.randrange(4)):
                self.deal(company, self.chance.choice([10, 400, 700, 2000]), won=self.chance.random() < 0.7)
        self.remember()

    def happens(self) -> str:
        """Something that people do; returns what, for the trace."""
        act = self.chance.choices(
            [self._new_deal, self._amount, self._stage, self._new_company, self._vip, self._drop, self._merge],
            [5, 5, 4, 2, 4, 2, 1],
        )[0]
        found = act()
        self.remember()
        return f"{act.__name__.strip('_')} {found}"

    def _some(self, kind: str) -> str | None:
        live = sorted(self.portal.shelves[kind].live)
        return str(self.chance.choice(live)) if live else None

    def _new_deal(self) -> object:
        company = self._some("companies")
        if company is not None:
            self.deal(company, self.chance.choice([50, 600, 1500]), won=True)
        return company

    def _set(self, kind: str, **values: str) -> str | None:
        record = self._some(kind)
        if record is not None:
            self.do("PATCH", f"/crm/v3/objects/{kind}/{record}", {"properties": values})
        return record

    def _amount(self) -> object:
        return self._set("deals", amount=str(self.chance.choice([5, 300, 999, 1000, 5000])))

    def _stage(self) -> object:
        return self._set("deals", dealstage=self.chance.choice([WON, OPEN, "closedlost"]))

    def _new_company(self) -> object:
        return self.company()

    def _vip(self) -> object:
        return self._set("companies", seg_tier=VIP)

    def _drop(self) -> object:
        kind = self.chance.choice(["companies", "deals"])
        record = self._some(kind)
        if record is not None:
            self.do("DELETE", f"/crm/v3/objects/{kind}/{record}")
        return f"{kind} {record}"

    def _merge(self) -> object:
        one, two = self._some("companies"), self._some("companies")
        if one is None or one == two:
            return "nothing"
        survivor = self.do("POST", "/crm/v3/objects/companies/merge", {"primaryObjectId": one, "objectIdToMerge": two})
        return f"{one} + {two} = {survivor and survivor['id']}"

    # ── what is true ─────────────────────────────────────────────────────────────────────────────

    def held(self, kind: str, record: str, name: str) -> str | None:
        found = self.portal.shelves[kind].live.get(int(record))
        return (found.properties.get(name) or None) if found else None

    def right(self) -> dict[str, tuple[str, str]]:
        """Per live company the tier and revenue that are right at this moment."""
        revenue = {str(number): 0 for number in self.portal.shelves["companies"].live}
        for record in self.portal.shelves["deals"].live.values():
            company = record.properties.get("hs_primary_associated_company")
            if company in revenue and record.properties.get("hs_is_closed_won") == "true":
                revenue[company] += int(record.properties.get("amount") or 0)
        return {company: (tier_of(found), str(found)) for company, found in revenue.items()}

    def remember(self) -> None:
        """Take down what is right now: a value that was never right may never be written."""
        for company, (tier, revenue) in self.right().items():
            self.tiers.setdefault(company, set()).add(tier)
            self.revenues.setdefault(company, set()).add(revenue)


def tier_of(revenue: int) -> str:
    return "large" if revenue >= LARGE_FROM else "small" if revenue > 0 else "prospect"
