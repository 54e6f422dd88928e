"""The sandbox Salesforce as a town."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

import orjson

from connector.crm.salesforce import Login, Salesforce, connect
from connector.model.changes import Target
from connector.model.secrets import Secret
from connector.sandbox.answers import Answer
from connector.sandbox.calls import Call as Request
from connector.sandbox.faults import Rule
from connector.sandbox.salesforce.answers import Refusal
from connector.sandbox.salesforce.app import respond
from connector.sandbox.salesforce.failures import SPOILS, instead, spoiled
from connector.sandbox.salesforce.org.access import ADMIN, INTEGRATION, STATIC
from connector.sandbox.salesforce.org.fields import put
from connector.sandbox.salesforce.org.founding import found, grant_all
from connector.sandbox.salesforce.org.merging import merge
from connector.sandbox.salesforce.org.org import Org
from connector.sandbox.salesforce.org.schema import Field, value
from tests.simulation.town import LOST, ON_DEAL, OPEN, REVENUE, TIER, VIP, WON, Faults, Sent, Time, Town

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.crm.transport import Call
    from connector.model.outputs import Output
    from tests.simulation.town import Shares

SESSION = {user: token for token, user in STATIC.items()}
V = "/services/data/v66.0"
ENTITY = {Target.ACCOUNT: "Account", Target.DEAL: "Opportunity"}
TARGET = {entity: target for target, entity in ENTITY.items()}
FIELD = {TIER: "Seg_Tier__c", REVENUE: "Seg_Revenue_12m__c", ON_DEAL: "Seg_Account_Tier__c"}
FIELD |= {"stage": "StageName", "amount": "Amount"}
NAME = {theirs: ours for ours, theirs in FIELD.items()}
STAGE = {WON: "Closed Won", OPEN: "Prospecting", LOST: "Closed Lost"}
TIERS = [value(text) for text in ("large", "small", "prospect", VIP)]


@cache
def founded() -> bytes:
    """An org with our fields in it, as the admin left it."""
    org = Org(now=Time().now)
    found(org)
    for entity, name in (("Account", TIER), ("Opportunity", ON_DEAL)):
        made = Field(FIELD[name], "picklist", name, length=255, custom=True, permissionable=True, restricted=True)
        made.values = TIERS
        put(org, org.objects[entity.lower()], made)
    revenue = Field(FIELD[REVENUE], "double", REVENUE, precision=18, scale=2, custom=True, permissionable=True)
    put(org, org.objects["account"], revenue)
    grant_all(org)
    return orjson.dumps(org.dump())


@dataclass
class SalesforceTown(Town):
    """An org and the people who work in it."""

    org: Org = field(init=False)
    login: Login = field(init=False)

    LOGIN: ClassVar[str] = "login"
    FAULTS: ClassVar[Faults] = Faults(
        passing=(
            *("403-concurrent", "500-unknown", "502", "503", "503-unavailable", "504", "420"),
            *("reset-before", "slow-before"),
        ),
        losing=(
            *("reset-after", "cut", "slow-after", "late", "drips-for-ever"),
            *("truncate", "empty", "html", "empty-object", "no-records"),
        ),
        odd=("drop-record", "no-headers", "claim-records", "drips"),
        lasting=("401-expired", "403-daily", "401-not-for-rest", "403-api-disabled", "410", "400-query-timeout"),
        ending=("403-daily", "401-not-for-rest"),
    )

    def __post_init__(self) -> None:
        self.org = Org(now=self.time.now, seed=self.chance.randrange(1 << 30))
        self.org.fill(orjson.loads(founded()))
        self.org.switches.merge_moves_children_stamp = self.chance.random() < 0.5
        self.org.access.timeout_seconds = self.chance.choice([50.0, 7200.0])
        self.org.access.rotate = True
        app = self.org.access.apps["sandbox-integration"]
        self.login = Login(
            self.chance.choice(["session", "client_credentials", "refresh_token"]),
            token=Secret(SESSION[INTEGRATION]),
            client_id=app.client_id,
            client_secret=Secret(app.client_secret),
            refresh_token=Secret(app.refresh_token),
        )

    def found(self, crm: Any, outputs: Sequence[Output]) -> None:
        """They are there since the founding: to provision an org over the Metadata API takes as long as a life."""

    # ── the vendor ───────────────────────────────────────────────────────────────────────────────

    def connect(self, keep: Callable[[str], None], **clocks: Any) -> Salesforce:
        def kept(token: str) -> None:
            self.login = replace(self.login, refresh_token=Secret(token))
            keep(token)

        url = "http://simulated.invalid"
        return connect(instance_url=url, login=self.login, keep_refresh_token=kept, **clocks)

    def request(self, call: Call, bearer: Secret | None) -> Request:
        form = urlencode(call.form).encode() if call.form else call.content or b""
        body = form if call.body is None else orjson.dumps(call.body)
        headers = {name.lower().encode(): text.encode() for name, text in call.headers}
        headers |= {b"authorization": f"Bearer {bearer.reveal()}".encode()} if bearer else {}
        query = {name: [text] for name, text in call.query}
        return Request(call.method, call.path, query, {b"host": b"simulated.invalid", **headers}, body)

    def respond(self, request: Request) -> Answer:
        told = respond(self.org, request)
        date = format_datetime(self.org.now(), usegmt=True).encode()
        return Answer(told.status, told.body, (*told.headers, (b"Date", date)))

    def instead(self, fault: str) -> Answer | None:
        return instead(Rule(fault))

    def spoiled(self, fault: str, found: Answer) -> Answer:
        needs_records = fault in {"no-records", "claim-records", "drop-record"}
        if fault not in SPOILS or (needs_records and (found.status >= 300 or b'"records":[{' not in found.body)):
            return found
        return spoiled(Rule(fault), found)

    def sent(self, request: Request) -> list[Sent]:
        if (request.method, request.path) != ("PATCH", f"{V}/composite/sobjects"):
            return []
        return [_sent(item) for item in orjson.loads(request.body)["records"]]

    def done(self, sent: Sequence[Sent], found: Answer) -> set[str]:
        if not sent or found.status >= 300:
            return set()
        answered = zip(sent, orjson.loads(found.body), strict=True)
        return {one.record for one, told in answered if told["success"]}

    def disturb(self) -> None:
        """Others hold some of the records for a few tries."""
        if self.chance.random() < 0.3:
            share, times = self.chance.choice([0.3, 1.0]), self.chance.choice([1, 3, 9])
            self.org.rules.locks = [{"object": self.chance.choice([*TARGET]), "share": share, "times": times}]

    def calm(self) -> None:
        self.org.rules.locks = []

    # ── people ───────────────────────────────────────────────────────────────────────────────────

    def do(self, method: str, path: str, body: object = None) -> Any:
        """One call of a person; None when it is refused (the record may be gone)."""
        headers = {b"host": b"simulated.invalid", b"authorization": f"Bearer {SESSION[ADMIN]}".encode()}
        raw = b"" if body is None else orjson.dumps(body)
        answer = respond(self.org, Request(method, V + path, headers=headers, body=raw))
        if answer.status >= 300:
            return None
        return orjson.loads(answer.body) if answer.body else {}

    def live(self, target: Target) -> list[str]:
        return sorted(str(row["Id"]) for row in self.org.table(ENTITY[target]).live())

    def company(self) -> str:
        return str(self.do("POST", "/sobjects/Account", {"Name": "c"})["id"])

    def deal(self, company: str, amount: int, *, won: bool) -> None:
        values = {"Name": "d", "AccountId": company, "Amount": amount, "StageName": STAGE[WON if won else OPEN]}
        self.do("POST", "/sobjects/Opportunity", {**values, "CloseDate": "2026-06-01"})

    def change(self, target: Target, record: str, **values: str) -> None:
        theirs = {FIELD[name]: STAGE.get(text, text) for name, text in values.items()}
        self.do("PATCH", f"/sobjects/{ENTITY[target]}/{record}", theirs)

    def drop(self, target: Target, record: str) -> None:
        locks, self.org.rules.locks = self.org.rules.locks, []  # who deletes waits until it can be done
        self.do("DELETE", f"/sobjects/{ENTITY[target]}/{record}")
        self.org.rules.locks = locks

    def merge(self, one: str, two: str) -> str | None:
        try:
            merge(self.org, "Account", one, [two], user=self.org.user_id(ADMIN))
        except Refusal:
            return None
        return one

    # ── what is true ─────────────────────────────────────────────────────────────────────────────

    def held(self, target: Target, record: str, name: str) -> str | None:
        row = self.org.table(ENTITY[target]).rows.get(record)
        return None if row is None or row.get("IsDeleted") else _text(row.get(FIELD[name])) or None

    def counts(self) -> Shares:
        rows = self.org.table("Opportunity").live()
        return {
            str(row["Id"]): (row.get("AccountId"), int(row.get("Amount") or 0) if row.get("IsWon") else 0)
            for row in rows
        }


def _sent(item: dict[str, Any]) -> Sent:
    values = {NAME[name]: _text(held) for name, held in item.items() if name in NAME}
    return Sent(TARGET[item["attributes"]["type"]], item["Id"], values)


def _text(held: Any) -> str:
    return "" if held is None else str(int(held)) if isinstance(held, int | float) else str(held)
