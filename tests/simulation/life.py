"""One seed: a town, workers on one state, bad weather for a while, then calm; and what must hold at the end."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import patch

from sqlalchemy import update

from connector.engine.duckdb import DuckDb
from connector.errors import ConnectorError
from connector.model.fields import Table
from connector.model.runs import RunOutcome
from connector.ports import PullRequest
from connector.rules.loading import load
from connector.sandbox.chance import seeded
from connector.store import Store, open_store
from connector.store.database import connect
from connector.store.journal import SqlJournal
from connector.store.lease import Fence, SqlLease
from connector.store.mirror import ParquetMirror
from connector.store.schema import lease
from connector.sync import Policy, Walk
from tests.simulation.checks import check
from tests.simulation.disk import BadDisk
from tests.simulation.engine import ParquetEngine
from tests.simulation.org import SalesforceTown
from tests.simulation.portal import HubSpotTown
from tests.simulation.town import ON_DEAL, REVENUE, TIER, Time, Town
from tests.simulation.wire import SimulatedWire, Weather, Written
from tests.twins.fate import Crash, Crashing, Fate
from tests.twins.house import open_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.ports import Engine
    from connector.rules.ruleset import RuleSet
    from connector.store.database import Database
    from connector.sync import Result

RULES = Path(__file__).with_name("rules")
REQUEST = PullRequest(
    {
        Table.ACCOUNTS: ("account_id", "name", TIER, REVENUE, "merged_ids"),
        Table.DEALS: ("deal_id", "account_id", "amount", "is_won", "is_closed", "close_date", "currency", ON_DEAL),
        Table.DEAL_ACCOUNTS: ("from_id", "account_id", "primary"),
    }
)
MOST_REQUESTS = 400
"""Of one run over some twenty accounts, in any weather."""
REAL_ENGINE_EVERY = 41
"""One seed in so many evaluates with DuckDB; the others with the same rules in Python, in a third of the time."""
CALM = Weather(seeded(0))
JUMPS = (-7_200, -3_600, 3_600, 86_400, -3 * 86_400, 20 * 86_400)
"""Seconds by which the clock of a machine is suddenly wrong: an hour of daylight saving, a day, a dead battery."""
TOWNS: tuple[type[Town], ...] = (HubSpotTown, SalesforceTown)
ONE_AFTER_THE_OTHER = ("hubspot.pulling.full", "hubspot.pulling.changes", "salesforce.pulling.pull")


@cache
def rules() -> RuleSet:
    return load(RULES, {})


@cache
def empty(folder: Path) -> Path:
    """A state in which nothing has happened yet, to be copied."""
    store = open_store(f"sqlite:///{folder / 'empty.db'}", folder / "mirror", clock=Time().now)
    store.close()
    return folder / "empty.db"


@cache
def opened(folder: Path) -> Database:
    """The database of all lives in a folder: SQLAlchemy remembers what it compiled, which saves a third."""
    return connect(f"sqlite:///{folder / 'state.db'}")


def begin(folder: Path) -> Database:
    """Begin with an empty state: the same bytes for every seed, so that a disk fills up at the same place."""
    database = opened(folder)
    database.close()
    for old in (*folder.glob("state.db*"), *folder.glob("mirror/*")):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    shutil.copy(empty(folder), folder / "state.db")
    return database


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
    time: Time = field(default_factory=Time)
    wires: list[SimulatedWire] = field(default_factory=list)
    real_engine: bool = False
    stays: Store | None = None
    """Of a worker that goes on after a run; None when the next run is a new process."""

    def __post_init__(self) -> None:
        self.chance, self.real_engine = seeded(self.seed), self.seed % REAL_ENGINE_EVERY == 0
        self.database = begin(self.folder)
        self.town = TOWNS[self.seed % len(TOWNS)](self.time, self.chance)
        self.town.populate(self.chance.randrange(3, 9))
        crm = self.worker(self.store(), CALM).crm
        self.town.found(crm, [published.output for published in rules().outputs])

    # ── workers ──────────────────────────────────────────────────────────────────────────────────

    def store(self) -> Store:
        """The state, as another process opens it; the connections below it are shared, which saves half the time."""
        fence = Fence()
        return Store(
            journal=SqlJournal(self.database, fence),
            mirror=ParquetMirror(self.database, self.folder / "mirror", clock=self.time.here),
            lease=SqlLease(self.database, fence, clock=self.time.here),
            database=self.database,
        )

    def worker(self, store: Store, weather: Weather, *, fate: Fate | None = None) -> Walk:
        """A process that starts; with `fate`, one that dies at a call to its journal or mirror."""
        time = self.time
        clocks = {"now": time.here, "ticks": time.ticks, "sleep": time.sleep, "chance": lambda: 0.5}
        crm: Any = self.town.connect(lambda token: self.trace.append(f"kept {len(token)} letters"), **clocks)
        self.wires.append(SimulatedWire(self.town, weather, self.trace, self.written))
        crm._client.wire = self.wires[-1]
        ports: dict[str, Any] = {"journal": store.journal, "mirror": store.mirror}
        if fate is not None:
            ports = {name: Crashing(port, fate) for name, port in ports.items()}
        return Walk(
            crm=crm,
            engine=self.engine(),
            lease=store.lease,
            rules=rules(),
            request=REQUEST,
            policy=Policy(limits=open_limits(), lease_wait_seconds=0, keep_runs=self.keep_runs),
            clock=time.here,
            progress=lambda *_: None,
            **ports,
        )

    def engine(self) -> Engine:
        return cast("Engine", DuckDb() if self.real_engine else ParquetEngine())

    def run(self, weather: Weather = CALM, *, fate: Fate | None = None, disk: BadDisk | None = None) -> Result | None:
        """One run; None when its process died or could not begin."""
        store = self.stays or self.store()
        walk = self.worker(store, weather, fate=fate)
        try:
            with disk.during(self.database) if disk else nullcontext():
                result = walk.sync(yes=True)
        except Crash:
            self.trace.append("died")
            self.stays = None
            return None
        except ConnectorError as error:
            if disk is None:
                raise
            self.trace.append(f"could not begin: {error}")
            self.stays = store
            return None
        self.stays = store
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
            if self.chance.random() < 0.15:
                self.time.wrong = self.chance.choice(JUMPS)
                self.trace.append(f"the clock here is wrong by {self.time.wrong} s")
            self._bad_run()
            self.time.sleep(self.chance.choice([30, 600, 5_000, 30_000, 90_000]))
        self.calm()
        self.recover()
        self.check()

    def _bad_run(self) -> None:
        chance = self.chance
        if chance.random() < 0.5:
            self._end()
        weather = Weather(chance, faults=chance.choice([0, 0.03, 0.1, 0.3]), people=chance.choice([0, 0, 0.1]))
        fate = disk = None
        match chance.choice(["weather", "weather", "dies", "dies at home", "two", "disk"]):
            case "dies":
                weather.dies_at, weather.dies_after = chance.randrange(1, 35), chance.random() < 0.5
            case "dies at home":
                fate = Fate(chance.randrange(1, 90))
            case "two":
                weather.meanwhile_at = chance.randrange(1, 35)
                weather.meanwhile = self._another_run if chance.random() < 0.5 else self._a_takeover
            case "disk":
                disk = BadDisk.drawn(chance)
                self.trace.append(str(disk))
        self.town.disturb()
        self.run(weather, fate=fate, disk=disk)

    def _end(self) -> None:
        """The process ends; a lease that it could not give back is a dead process's now."""
        self.stays = None
        with self.database.write() as connection:
            connection.execute(update(lease).values(process_start="before"))

    def _another_run(self) -> None:
        """Another worker tries while this one is alive: it stands back."""
        before = len(self.written)
        result = self._elsewhere()
        assert [reason.code for reason in result.reasons] == ["ANOTHER_RUN"]
        assert len(self.written) == before

    def _a_takeover(self) -> None:
        """This worker stood still on another machine for minutes, and another one took over."""
        with self.database.write() as connection:
            gone = self.time.here() - timedelta(minutes=5)
            connection.execute(update(lease).values(machine="elsewhere", host="elsewhere", beat=gone))
        self._elsewhere()

    def _elsewhere(self) -> Result:
        stays, self.stays = self.stays, None
        result = self.run()
        assert result is not None
        self.stays = stays
        return result

    def calm(self) -> None:
        """Everything is right again, and what was under way arrives."""
        self.time.wrong = 0.0
        self.town.calm()
        for wire in self.wires:
            wire.drain()
        self.town.remember()

    def recover(self) -> None:
        """Calm weather, and time for what was set aside: within a few runs nothing is left to do."""
        for _ in range(5):
            self.time.sleep(31 * 86_400)
            result = self.run()
            assert result is not None
            if result.outcome is RunOutcome.OK and not result.figures["changes"]:
                return
        raise AssertionError("five calm runs did not bring peace")

    def check(self) -> None:
        """The invariants of the end."""
        check(self.town, self.store().journal, self.written)


def lived(seed: int, folder: Path) -> Life:
    """Live one seed; whatever goes wrong is raised with its trace and the command that replays it."""
    life: Life | None = None
    with ExitStack() as replaced:
        for module in ONE_AFTER_THE_OTHER:
            replaced.enter_context(patch(f"connector.crm.{module}.gather", one_after_the_other))
        try:
            life = Life(seed, folder)
            life.live()
        except BaseException as error:
            for line in life.trace if life else ():
                error.add_note(line)
            error.add_note(f"replay: python -m tests.simulation {seed}")
            raise
    return life
