"""The way between the worker and the sandbox, without a network: it goes wrong as a seed says.

It stands where `connector.crm.hubspot.client.Wire` stands, and gives what that one gives for the same trouble.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import orjson
from urllib3 import HTTPHeaderDict

from connector.crm.transport import Answer, Call, NoAnswer
from connector.sandbox.faults import Rule
from connector.sandbox.hubspot.app import respond
from connector.sandbox.hubspot.failures import SPOILS, instead, spoiled
from tests.simulation.portal import VIP, asked
from tests.twins.fate import Crash

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from connector.model.secrets import Secret
    from connector.sandbox.answers import Answer as Told
    from connector.sandbox.hubspot.requests import Request
    from tests.simulation.portal import Town

TIMEOUT = 60.0
EXPIRED = "401-expired"
PASSING = ["429-ten-secondly", "429-secondly", "423", "500", "502", "503", "504", "524", "reset-before", "slow-before"]
LOSING = ["reset-after", "cut", "slow-after", "late", "truncate", "empty", "html", "empty-object", "no-results"]
ODD = ["drop-result", "no-fraction", "no-headers"]
LASTING = [EXPIRED, "429-daily", "401-invalid", "403-scopes", "477", "400-conditional"]
ENDING = ("429-daily", "401-invalid")
"""After one of these a run sends nothing more."""
KINDS = [(PASSING, 40), (LOSING, 45), (ODD, 10), (LASTING, 5)]


@dataclass
class Weather:
    """How bad it is: shares of requests that meet a fault or a person's deed, and when the process dies."""

    chance: Random
    faults: float = 0.0
    people: float = 0.0
    dies_at: int | None = None
    dies_after: bool = False
    """Whether it dies once the call was done, not before."""
    meanwhile: Callable[[], None] | None = None
    """Another worker's run, at request `meanwhile_at`."""
    meanwhile_at: int | None = None

    def pick(self, call: Call) -> str:
        """The fault of the next request, or none."""
        if self.chance.random() >= self.faults:
            return ""
        if call.lane == "oauth":
            # An answer with a rotated token that gets lost cannot be mended by anybody but a person.
            return self.chance.choice(PASSING)
        kinds = self.chance.choices([kind for kind, _ in KINDS], [weight for _, weight in KINDS])[0]
        return self.chance.choice(kinds)


@dataclass(frozen=True)
class Written:
    """One value that arrived at the sandbox."""

    kind: str
    record: str
    name: str
    value: str
    before: str | None


@dataclass
class SimulatedWire:
    """One worker's way to the sandbox."""

    town: Town
    weather: Weather
    trace: list[str]
    written: list[Written]
    count: int = 0
    dead: bool = False
    over: str = ""
    """What ended the day for this worker."""
    late: list[tuple[int, Request]] = field(default_factory=list)
    """Calls that were given up and are on their way still: (request at which they arrive, call)."""

    def send(self, call: Call, bearer: Secret | None) -> Answer | NoAnswer:
        self.count += 1
        self.town.time.sleep(0.05)
        self._arrive()
        self._meanwhile(call)
        self._die(call, after=False)
        fault = self.weather.pick(call)
        assert not self.over, f"{call.path} was sent although {self.over} had ended the day"
        request = _request(call, bearer)
        self.trace.append(f"{self.count} {call.method} {call.path} {fault}")
        found = self._outcome(request, fault)
        self.over = fault if fault in ENDING else ""
        self._die(call, after=True)
        return found

    def close(self) -> None:
        """Nothing to close."""

    def drain(self) -> None:
        """What is still under way arrives."""
        for _, request in self.late:
            self._apply(request)
        self.late.clear()

    def _arrive(self) -> None:
        for item in [item for item in self.late if item[0] <= self.count]:
            self.late.remove(item)
            self._apply(item[1])

    def _meanwhile(self, call: Call) -> None:
        if self.weather.meanwhile is not None and self.count == self.weather.meanwhile_at:
            self.trace.append("another worker runs")
            self.weather.meanwhile()
        # Between the last look at a record and the write nobody can be stopped: HubSpot has no compare-and-set.
        if "batch/update" not in call.path and self.weather.chance.random() < self.weather.people:
            self.trace.append(self.town.happens())

    def _die(self, call: Call, *, after: bool) -> None:
        due = self.count == self.weather.dies_at and after is self.weather.dies_after and call.lane != "oauth"
        if self.dead or due:
            if not self.dead:
                self.trace.append(f"dies {'after' if after else 'before'} {call.path}")
            self.dead = True
            raise Crash

    def _outcome(self, request: Request, fault: str) -> Answer | NoAnswer:
        match fault:
            case "reset-before":
                return NoAnswer("the connection broke off", sent=True)
            case "slow-before" | "late":
                self.town.time.sleep(TIMEOUT)
                if fault == "late":
                    self.late.append((self.count + self.weather.chance.randrange(1, 12), request))
                return NoAnswer("no answer in time", sent=True)
            case "400-conditional" if "batch/update" not in request.path:
                return _answer(self._apply(request))
        rule = Rule(fault, options={"retry_after": 120})
        given = instead(rule, self.town.portal) if fault else None
        if given is not None:
            return _answer(given)
        found = self._apply(request)
        return self._on_the_way_back(found, rule, fault)

    def _on_the_way_back(self, found: Told, rule: Rule, fault: str) -> Answer | NoAnswer:
        if fault == "reset-after":
            return NoAnswer("the connection broke off", sent=True)
        if fault == "slow-after":
            self.town.time.sleep(TIMEOUT)
            return NoAnswer("no answer in time", sent=True)
        if fault == "cut":
            return NoAnswer("the answer broke off halfway", sent=True, cut=True)
        return _answer(spoiled(rule, found) if fault in SPOILS and _fits(fault, found) else found)

    def _apply(self, request: Request) -> Told:
        """Let the sandbox do what is asked, and take down every value that arrives."""
        kind = request.path.rsplit("/", 3)[-3] if request.path.endswith("batch/update") else ""
        asked_for = orjson.loads(request.body)["inputs"] if kind else []
        held = {
            (item["id"], name): self.town.held(kind, item["id"], name)
            for item in asked_for
            for name in item["properties"]
        }
        found = respond(self.town.portal, request)
        done = (
            {record["id"] for record in orjson.loads(found.body).get("results", [])} if kind and found.body else set()
        )
        for item in asked_for:
            if item["id"] in done:
                for name, value in item["properties"].items():
                    self.written.append(Written(kind, item["id"], name, value, held[item["id"], name]))
                    assert held[item["id"], name] != VIP, f"a person's value of {item['id']} was overwritten"
        return found


def _fits(fault: str, found: Told) -> bool:
    return fault not in {"drop-result", "no-results"} or (found.status < 300 and b'"results":[{' in found.body)


def _request(call: Call, bearer: Secret | None) -> Request:
    body = urlencode(call.form).encode() if call.form else orjson.dumps(call.body) if call.body is not None else b""
    return asked(
        call.method,
        call.path,
        urlencode(call.query, safe=","),
        body,
        token=bearer.reveal() if bearer else "",
    )


def _answer(told: Told) -> Answer:
    headers = HTTPHeaderDict({name.decode(): value.decode() for name, value in told.headers})
    return Answer(told.status, headers, told.body)
