"""Two workers on one real PostgreSQL, each `tiersync run` on an interval of its own: one run per interval.

When the one that works is killed, the other goes on.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from sqlalchemy import NullPool, create_engine, text

from connector.cli.ending import run
from connector.sandbox import running
from tests.acceptance.commands import TIERSYNC, wait_until
from tests.store import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EVERY = timedelta(seconds=6)
SETTINGS = f"""
[crm]
kind = "hubspot"
token = "env:HUBSPOT_TOKEN"
base_url = "{{url}}"
[rules]
directory = "{ROOT / "rules"}"
[state]
database = "env:STATE"
[schedule]
every = "{EVERY.seconds}s"
"""


class Ran(NamedTuple):
    """A run in the journal that began, and what it came to."""

    started: datetime
    outcome: str | None
    code: str | None


@dataclass
class Shared:
    """A database, a CRM that was written once, and a folder per worker."""

    folder: Path
    url: str
    database: str

    @contextmanager
    def worker(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        home = self.folder / name
        home.mkdir()
        (home / "settings.toml").write_text(SETTINGS.format(url=self.url))
        with (home / "log").open("wb") as log:
            process = subprocess.Popen([*TIERSYNC, "run"], cwd=home, env=self.environ(), stderr=log)
            try:
                yield process
            finally:
                process.kill()
                process.wait()

    def environ(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT), "HUBSPOT_TOKEN": "pat-eu1-replica", "STATE": self.database}

    def asked(self, sql: str) -> list[Any]:
        with create_engine(self.database, poolclass=NullPool).begin() as connection:
            return list(connection.execute(text(sql)).all())

    def runs(self) -> list[Ran]:
        found = self.asked(
            "select started, outcome, reasons -> 0 ->> 'code' from runs where command = 'run' order by 1"
        )
        return [Ran(*row) for row in found]

    def good(self) -> list[datetime]:
        """When the runs that brought the CRM up to date began."""
        return [one.started for one in self.runs() if one.outcome == "ok"]

    def holder(self) -> int | None:
        """The process that holds the lease now."""
        ((found,),) = self.asked("select pid from lease")
        return None if found is None else int(found)

    def log(self, name: str) -> str:
        return (self.folder / name / "log").read_text()


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shared]:
    postgres.programs()
    with (
        postgres.server() as socket,
        postgres.database(socket, "workers") as database,
        running(now=lambda: datetime.now(UTC), population=15) as crm,
    ):
        made = Shared(tmp_path, crm.url, database)
        monkeypatch.chdir(tmp_path)
        for name, value in made.environ().items():
            monkeypatch.setenv(name, value)
        Path("settings.toml").write_text(SETTINGS.format(url=crm.url))
        assert (run(["provision"]), run(["sync", "--yes"])) == (0, 0)
        yield made


def test_one_of_two_workers_does_each_run_and_the_other_goes_on_when_it_is_killed(shared: Shared) -> None:
    with ExitStack() as stack:
        workers = [stack.enter_context(shared.worker(name)) for name in ("one", "two")]
        wait_until(lambda: all("next run at" in shared.log(name) for name in ("one", "two")), seconds=120)
        at_once = len(shared.good())
        wait_until(lambda: len(shared.good()) >= at_once + 4, seconds=120)
        settled = shared.good()[at_once:]
        assert settled[3] - settled[0] > EVERY * 3 * 0.7, f"an interval saw two runs: {shared.runs()}"

        wait_until(lambda: shared.holder() is not None, seconds=30, step=0.01)
        doomed = next(worker for worker in workers if worker.pid == shared.holder())
        doomed.send_signal(signal.SIGKILL)
        survivor = next(worker for worker in workers if worker is not doomed)
        killed_at = datetime.now(UTC)
        wait_until(lambda: shared.good()[-1] > killed_at, seconds=60)
        assert shared.good()[-1] - killed_at < EVERY * 2 + timedelta(seconds=10), "the other one went on in time"
        assert [one.code for one in shared.runs() if one.outcome == "failed"] == ["DIED"]

        survivor.send_signal(signal.SIGTERM)
        assert survivor.wait(timeout=20) == 0
