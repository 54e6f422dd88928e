"""One seed: a town, workers on one state, bad weather for a while, then calm; and what must hold at the end."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import patch

from sqlalchemy import delete, update

from connector.crm.hubspot import connect
from connector.engine.duckdb import DuckDb
from connector.model.changes import Target
from connector.model.fields import Table
from connector.model.outputs import GROUP_NAME
from connector.model.runs import RunOutcome
from connector.ports import PullRequest
from connector.rules.loading import load
from connector.sandbox.chance import seeded
from connector.store import Store, open_store
from connector.store.journal import SqlJournal
from connector.store.lease import Fence, SqlLease
from connector.store.mirror import ParquetMirror
from connector.store.schema import lease, metadata, version
from connector.sync import Policy, Walk
from tests.simulation.engine import ParquetEngine
from tests.simulation.portal import ON_DEAL, REVENUE, TIER, TOKEN, VIP, Time, Town
from tests.simulation.wire import SimulatedWire, Weather, Written
from tests.twins.fate import Crash, Crashing, Fate
from tests.twins.house import open_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.ports import ChangeRow, Engine
    from connector.rules.ruleset import RuleSet
    from connector.sync import Result

RULES = Path(__file__).with_name("rules")
REQUEST = PullRequest(
    {
        Table.ACCOUNTS: ("account_id", "name", TIER, REVENUE, "merged_ids"),
        Table.DEALS: ("deal_id", "account_id", "amount", "is_won", "is_closed", "close_date", "currency", ON_DEAL),
        Table.DEAL_ACCOUNTS: ("from_id", "account_id", "primary"),
    }
)
KIND = {Target.ACCOUNT: "companies", Target.DEAL: "deals"}
MOST_REQUESTS = 400
"""Of one run over some twenty companies, in any weather."""
REAL_ENGINE_EVERY = 8
"""One seed in so many evaluates with DuckDB; the others with the same rules in Python, in a third of the time."""
OAUTH = 0.4
"""Share of the seeds that log in as an app."""
CALM = Weather(seeded(0))


@cache
def rules() -> RuleSet:
    return load(RULES, {})


@cache
def opened(folder: Path) -> Store:
    return open_store(f"sqlite:///{folder / 'state.db'}", folder / "mirror", clock=Time().now)


def wipe(folder: Path) -> None:
    """Begin with an empty state."""
    with opened(folder).database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            if table not in (lease, version):
                connection.execute(delete(table))
        connection.execute(update(lease).values(owner=None))


def one_after_the_other(jobs: Sequence[Callable[[Any], None]], deliver: Any, **_: object) -> None:
    """The jobs of a pull in a fixed order, so that a seed replays; side by side they are tested elsewhere."""
    for job in jobs:
        job(deliver)


@dataclass
class Life:
    """Everything of one seed."""

    seed: int
    folder: Path
    trace: list[str] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    keep_runs: timedelta | None = None
    refresh_token: str = ""
    time: Time = field(default_factory=Time)
    wires: list[SimulatedWire] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = seeded(self.seed)
        wipe(self.folder)
        self.town = Town(self.time, self.chance, index_lag=self.chance.choice([0.0, 0.0, 3.0, 20.0]))
        self.town.populate(self.chance.randrange(3, 9))
        self._provision(self.worker(self.store(), CALM))
        if self.chance.random() < OAUTH:
            access = self.town.portal.access
            self.refresh_token = access.refresh_token = "eu1-simulated-refresh"
            access.rotate, access.expires_in = True, self.chance.choice([200, 1800])

    # ── workers ──────────────────────────────────────────────────────────────────────────────────

    def store(self) -> Store:
        """The state, as another process opens it; the connections below it are shared, which saves half the time."""
        database, fence = opened(self.folder).database, Fence()
        return Store(
            journal=SqlJournal(database, fence),
            mirror=ParquetMirror(database, self.folder / "mirror", clock=self.time.now),
            lease=SqlLease(database, fence, clock=self.time.now),
            database=database,
        )

    def worker(self, store: Store, weather: Weather, *, fate: Fate | None = None) -> Walk:
        """A process that starts; with `fate`, one that dies at a call to its journal or mirror."""
        crm = connect(
            base_url="http://simulated.invalid",
            **self._login(),
            now=self.time.now,
            ticks=self.time.ticks,
            sleep=self.time.sleep,
            chance=lambda: 0.5,
        )
        wire = SimulatedWire(self.town, weather, self.trace, self.written)
        self.wires.append(wire)
        crm._client._wire = cast("Any", wire)
        ports: dict[str, Any] = {"journal": store.journal, "mirror": store.mirror}
        if fate is not None:
            ports = {name: Crashing(port, fate) for name, port in ports.items()}
        return Walk(
            crm=crm,
            engine=cast("Engine", DuckDb() if self.seed % REAL_ENGINE_EVERY == 0 else ParquetEngine()),
            lease=store.lease,
            rules=rules(),
            request=REQUEST,
            policy=Policy(limits=open_limits(), lease_wait_seconds=0, keep_runs=self.keep_runs),
            clock=self.time.now,
            progress=lambda *_: None,
            **ports,
        )

    def _login(self) -> dict[str, Any]:
        """A token that stays, or an app whose tokens expire within a run and are replaced with each renewal."""
        if not self.refresh_token:
            return {"token": TOKEN}
        app = {"client_id": "app", "client_secret": "app-secret", "refresh_token": self.refresh_token}
        return {**app, "keep_refresh_token": partial(setattr, self, "refresh_token")}

    def _provision(self, walk: Walk) -> None:
        outputs = [published.output for published in rules().outputs]
        walk.crm.provision(outputs, language="en", dry_run=False)
        catalogue = self.town.portal.catalogue("companies")
        known = catalogue.definitions[TIER]
        assert known["groupName"] == GROUP_NAME
        theirs = {**known["options"][0], "label": "Vip", "value": VIP, "displayOrder": 9}
        catalogue.set({**known, "options": [*known["options"], theirs]})

    def run(self, weather: Weather = CALM, *, fate: Fate | None = None) -> Result | None:
        """One run of a process of its own; None when it died."""
        walk = self.worker(self.store(), weather, fate=fate)
        try:
            result = walk.sync(yes=True)
        except Crash:
            self.trace.append("died")
            return None
        self.trace.append(f"{result.outcome} {[reason.code for reason in result.reasons]} {dict(result.figures)}")
        assert "UNEXPECTED" not in {reason.code for reason in result.reasons}, result.error
        assert self.wires[-1].count <= MOST_REQUESTS
        return result

    # ── a seed ───────────────────────────────────────────────────────────────────────────────────

    def live(self) -> None:
        """Bad weather, then calm, then everything that must hold."""
        if self.chance.random() < 0.6:
            self.run()
        for _ in range(self.chance.randrange(1, 4)):
            for _ in range(self.chance.randrange(4)):
                self.trace.append(self.town.happens())
            self._bad_run()
            self.time.sleep(self.chance.choice([30, 600, 5_000, 30_000, 90_000]))
        self._arrive()
        self._recover()
        self.check()

    def _bad_run(self) -> None:
        chance = self.chance
        weather = Weather(chance, faults=chance.choice([0, 0.03, 0.1, 0.3]), people=chance.choice([0, 0, 0.1]))
        fate = None
        match chance.choice(["weather", "weather", "dies", "dies at home", "two"]):
            case "dies":
                weather.dies_at, weather.dies_after = chance.randrange(1, 35), chance.random() < 0.5
            case "dies at home":
                fate = Fate(chance.randrange(1, 90))
            case "two":
                weather.meanwhile_at = chance.randrange(1, 35)
                weather.meanwhile = self._another_run if chance.random() < 0.5 else self._a_takeover
        self.run(weather, fate=fate)

    def _another_run(self) -> None:
        """Another worker tries while this one is alive: it stands back."""
        before = len(self.written)
        result = self.run()
        assert result is not None
        assert [reason.code for reason in result.reasons] == ["ANOTHER_RUN"]
        assert len(self.written) == before

    def _a_takeover(self) -> None:
        """This worker stood still on another machine for minutes, and another one took over."""
        with self.store().database.write() as connection:
            gone = self.time.now() - timedelta(minutes=5)
            connection.execute(update(lease).values(machine="elsewhere", host="elsewhere", beat=gone))
        assert self.run() is not None

    def _arrive(self) -> None:
        for wire in self.wires:
            wire.drain()
        self.town.remember()

    def _recover(self) -> None:
        """Calm weather, and time for what was set aside: within a few runs nothing is left to do."""
        for _ in range(5):
            self.time.sleep(31 * 86_400)
            result = self.run()
            assert result is not None
            if result.outcome is RunOutcome.OK and not result.figures["changes"]:
                return
        raise AssertionError("five calm runs did not bring peace")

    # ── what must hold ───────────────────────────────────────────────────────────────────────────

    def check(self) -> None:
        """The invariants of the end."""
        journal = self.store().journal
        self._within_the_plan([row for run in journal.runs() for row in journal.changes(run.run)])
        self._never_wrong()
        self._as_it_would_be_without_faults()
        self._journal_agrees(journal)

    def _within_the_plan(self, rows: list[ChangeRow]) -> None:
        sent = {
            (KIND[row.change.target], row.change.record, row.change.property, row.change.new)
            for row in rows
            if row.tries
        }
        for one in self.written:
            assert (one.kind, one.record, one.name, one.value or None) in sent, f"{one} was never planned"

    def _never_wrong(self) -> None:
        """Every value written was right at some time: nothing partial ever reached the CRM."""
        for one in self.written:
            if one.kind == "companies":
                known = (self.town.tiers if one.name == TIER else self.town.revenues)[one.record]
                assert one.value in known, f"{one} was never right; it was {sorted(known)}"

    def _as_it_would_be_without_faults(self) -> None:
        for company, (tier, revenue) in self.town.right().items():
            held = self.town.held("companies", company, TIER)
            assert held in {tier, VIP}, f"{company} has tier {held}, right is {tier}"
            found = self.town.held("companies", company, REVENUE)
            assert found == revenue, f"{company} has revenue {found}, right is {revenue}"

    def _journal_agrees(self, journal: SqlJournal) -> None:
        keys = [(Target.ACCOUNT, company, name) for company in self.town.right() for name in (TIER, REVENUE)]
        for (_, company, name), (value, *others) in journal.last_written(keys).items():
            held = self.town.held("companies", company, name)
            assert held in {value, VIP}, f"{company} {name}: the journal says {value}, the CRM {held}"
            assert not others
        assert not journal.unsettled()


def lived(seed: int, folder: Path) -> Life:
    """Live one seed; whatever goes wrong is raised with its trace and the command that replays it."""
    life: Life | None = None
    with ExitStack() as replaced:
        for module in ("full", "changes"):
            replaced.enter_context(patch(f"connector.crm.hubspot.{module}.gather", one_after_the_other))
        try:
            life = Life(seed, folder)
            life.live()
        except BaseException as error:
            for line in life.trace if life else ():
                error.add_note(line)
            error.add_note(f"replay: python -m tests.simulation {seed}")
            raise
    return life
