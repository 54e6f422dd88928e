"""The way between the worker and the sandbox, without a network: it goes wrong as a seed says.

It stands where the vendors' `Wire` stands, and gives what those give for the same trouble.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from urllib3 import HTTPHeaderDict

from connector.crm.transport import Answer, Call, NoAnswer
from connector.model.changes import Target
from tests.simulation.town import VIP
from tests.twins.fate import Crash

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

    from connector.model.secrets import Secret
    from connector.sandbox.answers import Answer as Told
    from connector.sandbox.calls import Call as Request
    from tests.simulation.town import Sent, Town

TIMEOUT = 60.0
NEARLY = 55.0
"""Seconds of an answer that drips and comes just in time."""
WEIGHTS = {"passing": 40, "losing": 45, "odd": 10, "lasting": 5}


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

    def pick(self, town: Town, call: Call) -> str:
        """The fault of the next request, or none."""
        if self.chance.random() >= self.faults:
            return ""
        if call.lane == town.LOGIN:
            # An answer with a rotated token that gets lost cannot be mended by anybody but a person.
            return self.chance.choice(town.FAULTS.passing)
        kind = self.chance.choices([*WEIGHTS], [*WEIGHTS.values()])[0]
        return str(self.chance.choice(getattr(town.FAULTS, kind)))


@dataclass(frozen=True)
class Written:
    """One value that arrived at the sandbox."""

    target: Target
    record: str
    name: str
    value: str
    before: str | None
    right: frozenset[str]
    """What a run that began when this one did may have taken for right; of a deal, nothing is known."""


@dataclass(frozen=True)
class Leaving:
    """A call at the moment it leaves: what the records hold that it writes to, and what is right for them."""

    request: Request
    sent: Sequence[Sent]
    held: Mapping[tuple[str, str], str | None]
    right: Mapping[tuple[str, str], frozenset[str]]


@dataclass
class SimulatedWire:
    """One worker's way to the sandbox."""

    town: Town
    weather: Weather
    trace: list[str]
    written: list[Written]
    count: int = 0
    dead: bool = False
    began: float = field(init=False)
    over: str = ""
    """What ended the day for this worker."""
    late: list[tuple[int, Leaving]] = field(default_factory=list)
    """Calls that were given up and are on their way still: (request at which they arrive, call)."""

    def __post_init__(self) -> None:
        self.began = self.town.time.seconds

    def send(self, call: Call, bearer: Secret | None) -> Answer | NoAnswer:
        self.count += 1
        self.town.time.sleep(0.05)
        self._arrive()
        request = self.town.request(call, bearer)
        self._meanwhile(request)
        self._die(call, after=False)
        fault = self.weather.pick(self.town, call)
        assert not self.over, f"{call.path} was sent although {self.over} had ended the day"
        self.trace.append(f"{self.count} {call.method} {call.path} {fault}".rstrip())
        found = self._outcome(request, fault)
        self.over = fault if fault in self.town.FAULTS.ending else ""
        self._die(call, after=True)
        return found

    def close(self) -> None:
        """Nothing to close."""

    def drain(self) -> None:
        """What is still under way arrives."""
        for _, leaving in self.late:
            self._apply(leaving)
        self.late.clear()

    def _arrive(self) -> None:
        for item in [item for item in self.late if item[0] <= self.count]:
            self.late.remove(item)
            self._apply(item[1])

    def _meanwhile(self, request: Request) -> None:
        if self.weather.meanwhile is not None and self.count == self.weather.meanwhile_at:
            self.trace.append("another worker runs")
            self.weather.meanwhile()
        # Between the last look at a record and the write nobody can be stopped: neither CRM has a compare-and-set.
        if not self.town.sent(request) and self.weather.chance.random() < self.weather.people:
            self.trace.append(self.town.happens())

    def _die(self, call: Call, *, after: bool) -> None:
        due = self.count == self.weather.dies_at and after is self.weather.dies_after and call.lane != self.town.LOGIN
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
                    self.late.append((self.count + self.weather.chance.randrange(1, 12), self._leaving(request)))
                return NoAnswer("no answer in time", sent=True)
        harmless = fault in self.town.FAULTS.writes_only and not self.town.sent(request)
        given = self.town.instead(fault) if fault and not harmless else None
        if given is not None:
            return _answer(given)
        return self._on_the_way_back(self._apply(self._leaving(request)), fault)

    def _on_the_way_back(self, found: Told, fault: str) -> Answer | NoAnswer:
        match fault:
            case "reset-after":
                return NoAnswer("the connection broke off", sent=True)
            case "slow-after" | "drips-for-ever":
                self.town.time.sleep(TIMEOUT)
                return NoAnswer("no answer in time", sent=True)
            case "cut":
                return NoAnswer("the answer broke off halfway", sent=True, cut=True)
            case "drips":
                self.town.time.sleep(NEARLY)
        return _answer(self.town.spoiled(fault, found))

    def _leaving(self, request: Request) -> Leaving:
        sent = self.town.sent(request)
        keys = {(one.record, name): one.target for one in sent for name in one.values}
        return Leaving(
            request,
            sent,
            held={(record, name): self.town.held(of, record, name) for (record, name), of in keys.items()},
            right={
                (record, name): self.town.seen(record, name, since=self.began)
                for (record, name), of in keys.items()
                if of is Target.ACCOUNT
            },
        )

    def _apply(self, leaving: Leaving) -> Told:
        """Let the sandbox do what is asked, and take down every value that arrives.

        What was on its way when a person typed cannot be called back: only what left later may not overwrite it.
        """
        found = self.town.respond(leaving.request)
        done = self.town.done(leaving.sent, found)
        for one in leaving.sent:
            for name, value in one.values.items() if one.record in done else ():
                key = one.record, name
                right, before = leaving.right.get(key, frozenset()), leaving.held[key]
                self.written.append(Written(one.target, one.record, name, value, before, right))
                assert before != VIP, f"a person's value of {one.record} was overwritten"
        return found


def _answer(told: Told) -> Answer:
    headers = HTTPHeaderDict({name.decode(): value.decode() for name, value in told.headers})
    return Answer(told.status, headers, told.body)
