"""A line to a running sandbox: the provider on one end, plain HTTP and the sandbox's own switches on the other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import requests

from connector.crm.hubspot import HubSpot, connect
from connector.model.fields import Type
from connector.model.outputs import Output
from tests.hubspot.parts import FakeClock

TOKEN = "pat-eu1-provider-test"
TIER = Output(
    "seg_tier",
    Type.TEXT,
    {"en": "Customer tier", "nl": "Klantsegment"},
    {"large": {"en": "Large customer", "nl": "Grote klant"}, "small": {"en": "Small", "nl": "Klein"}},
    on_deals="seg_account_tier",
)
SAY_NO = Output("seg_say_no", Type.BOOLEAN, {"en": "Say no", "nl": "Zeg NEE"}, on_deals="seg_account_say_no")
MONEY = Output("seg_revenue_12m", Type.MONEY, {"en": "Revenue, 12 months", "nl": "Omzet 12 maanden"})
REASONS = Output("seg_say_no_reasons", Type.MULTI, {"en": "Reasons", "nl": "Redenen"}, {"N1": {}, "N2": {}})
NOTE = Output("seg_override_reason", Type.TEXT, {"en": "Override", "nl": "Handmatig"}, written=False)
OUTPUTS = [TIER, SAY_NO, MONEY, REASONS, NOTE]


class Line:
    """A sandbox and a provider on it."""

    def __init__(self, url: str, **options: Any) -> None:
        self.url = url
        self.token = TOKEN
        self.options = options
        self.clock = FakeClock()
        self.crm = self.connect()
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {TOKEN}"

    def connect(self, **options: Any) -> HubSpot:
        waits = {"sleep": self.clock.sleep, "ticks": self.clock.ticks}
        times = waits | {"now": lambda: datetime.now(UTC)}
        given: dict[str, Any] = {"token": TOKEN} | times | self.options | options
        return connect(base_url=self.url, **given)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        reply = self.http.request(method, self.url + path, json=body, timeout=10)
        assert reply.status_code < 300, reply.text
        return reply.json() if reply.content else None

    def fault(self, action: str, **rule: Any) -> None:
        self.ask("POST", "/_sandbox/faults", {"action": action, **rule})

    def create(self, kind: str = "companies", **properties: str) -> str:
        return str(self.ask("POST", f"/crm/v3/objects/{kind}", {"properties": properties})["id"])

    def writes(self) -> list[dict[str, Any]]:
        return list(self.ask("GET", "/_sandbox/journal?writes=true")["results"])

    def definition(self, name: str, kind: str = "companies") -> dict[str, Any]:
        return dict(self.ask("GET", f"/crm/v3/properties/{kind}/{name}"))
