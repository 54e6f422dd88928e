"""Two replicas on one real PostgreSQL: one works at a time, a dead one is replaced, one that slept writes nothing.

Each has a folder and a mirror of its own; the CRM is one, over HTTP.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from sqlalchemy import NullPool, create_engine, text

from connector.sandbox import running
from tests.acceptance.commands import TIERSYNC, wait_until
from tests.store import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import CursorResult

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
WRITE = "/batch/update"
SETTINGS = """
[crm]
kind = "hubspot"
token = "env:HUBSPOT_TOKEN"
base_url = "{url}"
[rules]
directory = "{rules}"
[state]
database = "env:STATE"
lease_wait_seconds = {wait}
"""


@dataclass
class Office:
    """A database, a CRM, and a folder for each replica."""

    folder: Path
    url: str
    database: str

    @contextmanager
    def replica(self, name: str, *arguments: str, wait: float = 0.2) -> Iterator[subprocess.Popen[str]]:
        home = self.folder / name
        home.mkdir(exist_ok=True)
        (home / "settings.toml").write_text(SETTINGS.format(url=self.url, rules=ROOT / "rules", wait=wait))
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "HUBSPOT_TOKEN": "pat-eu1-replica", "STATE": self.database}
        command = [*TIERSYNC, *arguments, "--json"]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, cwd=home, env=environ, text=True, stdout=pipe, stderr=pipe) as process:
            try:
                yield process
            finally:
                process.kill()

    def ended(self, name: str, *arguments: str, code: int) -> Any:
        with self.replica(name, *arguments) as process:
            return told(process, code=code)

    @contextmanager
    def writing(self, name: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """A replica in the middle of its writes: the CRM has done the first one, and is slow to say so."""
        fault = {"action": "slow-after", "path": WRITE, "nth": 1, "seconds": 5}
        requests.post(f"{self.url}/_sandbox/faults", json=fault, timeout=30).raise_for_status()
        with self.replica(name, *arguments) as process:
            wait_until(self._struck, seconds=120)
            yield process

    def _struck(self) -> bool:
        found = requests.get(f"{self.url}/_sandbox/faults", timeout=30).json()["results"]
        return any(fault["struck"] for fault in found)

    def writes(self) -> list[str]:
        """The calls that wrote so far, in the order in which they were answered."""
        found = requests.get(f"{self.url}/_sandbox/journal", timeout=30).json()["results"]
        return [f"{call['n']} {call['path']}" for call in found if call["path"].endswith(WRITE)]

    def answered(self) -> bool:
        """Whether the write that was slow is among them."""
        return any("companies" in call for call in self.writes())

    def asked(self, sql: str) -> CursorResult[Any]:
        """What the database answers."""
        with create_engine(self.database, poolclass=NullPool).begin() as connection:
            return connection.execute(text(sql))

    def journalled(self) -> list[tuple[Any, ...]]:
        """Outcome and first reason of every run."""
        return [tuple(row) for row in self.asked("select outcome, reasons -> 0 ->> 'code' from runs order by 1").all()]

    def tiers(self) -> dict[str, str | None]:
        found = requests.get(f"{self.url}/_sandbox/records/companies", timeout=30).json()["results"]
        return {record["id"]: record["properties"].get("seg_tier") for record in found}


def told(process: subprocess.Popen[str], *, code: int) -> Any:
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, out + err
    return json.loads(out)


def codes(document: Any) -> list[str]:
    return [reason["code"] for reason in document["reasons"]]


@pytest.fixture(scope="module")
def socket() -> Iterator[str]:
    postgres.programs()
    with postgres.server() as found:
        yield found


@pytest.fixture
def office(socket: str, tmp_path: Path) -> Iterator[Office]:
    with (
        postgres.database(socket, "replicas") as database,
        running(now=lambda: datetime.now(UTC), population=20) as crm,
    ):
        made = Office(tmp_path, crm.url, database)
        made.ended("one", "provision", code=0)
        yield made


def test_one_works_at_a_time_and_who_waits_takes_over_from_a_killed_one(office: Office) -> None:
    with office.writing("one", "sync", "--yes") as first:
        first.send_signal(signal.SIGSTOP)  # however slow this machine is, it does not get any further
        assert codes(office.ended("three", "sync", code=3)) == ["ANOTHER_RUN"]
        with office.replica("two", "sync", wait=60) as second:
            first.send_signal(signal.SIGKILL)
            first.wait()
            done = told(second, code=0)
    assert done["outcome"] == "ok"
    assert None not in office.tiers().values()
    assert office.ended("two", "sync", code=0)["changes"] == 0
    assert office.journalled() == [("failed", "DIED"), ("held", "ANOTHER_RUN"), ("ok", None), ("ok", None)]


def test_one_that_slept_on_another_machine_while_it_was_replaced_writes_nothing_more(office: Office) -> None:
    with office.writing("one", "sync", "--yes") as first:
        first.send_signal(signal.SIGSTOP)
        office.asked(
            "update lease set host = 'far', machine = 'far/pid:[1]', owner = 'far:1',"
            " beat = beat - interval '5 minutes'"
        )
        assert office.ended("two", "sync", code=0)["outcome"] == "ok"
        wait_until(office.answered, seconds=10)
        held, before = office.tiers(), office.writes()
        first.send_signal(signal.SIGCONT)
        assert codes(told(first, code=1)) == ["LEASE_LOST"]
    assert office.writes() == before
    assert office.tiers() == held
    assert None not in held.values()
    assert office.ended("two", "sync", code=0)["changes"] == 0
