"""A backup of the state in PostgreSQL, made while a worker has it open, and put back by the commands of operate.md."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.engine import make_url

from connector.model.changes import Change, Landed, Outcome, Target
from connector.store import open_store
from tests.store import postgres
from tests.store.conftest import START, FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.store import Store

BACK_UP = ("--format", "custom")
RESTORE = ("--clean", "--if-exists", "--dbname")
OPERATE = Path(__file__).parents[2] / "docs" / "how-to" / "operate.md"


@pytest.fixture
def url(postgres_socket: str) -> Iterator[str]:
    with postgres.database(postgres_socket, "backed_up") as made:
        yield made


def program(name: str, url: str, *arguments: str | Path) -> None:
    """Run one of PostgreSQL's programs against the database's server."""
    parsed = make_url(url)
    reached = ("--host", str(parsed.query["host"]), "--username", str(parsed.username))
    subprocess.run([postgres.programs() / name, *reached, *arguments], check=True, capture_output=True)


def write(store: Store, run: str, account: str) -> None:
    """One run that wrote one value."""
    change = Change(account, Target.ACCOUNT, account, "seg_tier", None, "large")
    store.journal.start(run=run, command="sync", now=START)
    store.journal.intend(run, [change])
    with store.lease.hold(wait_seconds=0):
        store.journal.sending(run, [1])
        store.journal.land(run, [Outcome(Target.ACCOUNT, account, Landed.WRITTEN)], now=START)


def written(store: Store) -> dict[str, list[tuple[str, str | None]]]:
    rows = {run.run: store.journal.changes(run.run) for run in store.journal.runs()}
    return {run: [(row.change.record, row.landed) for row in changes] for run, changes in rows.items()}


def test_what_the_pages_say_is_what_is_tried_here() -> None:
    text = OPERATE.read_text("utf-8")
    assert f"`pg_dump {' '.join(BACK_UP)} tiersync > backup.dump`" in text
    assert f"`pg_restore {' '.join(RESTORE)} tiersync backup.dump`" in text


def test_a_backup_of_postgresql_puts_the_state_back_as_it_was(url: str, tmp_path: Path) -> None:
    name, file = str(make_url(url).database), tmp_path / "backup.dump"
    store = open_store(url, tmp_path / "mirror", clock=FakeClock())
    write(store, "before", "1")
    store.journal.remember("crm.tenant", "HubSpot account 1")
    program("pg_dump", url, *BACK_UP, "--file", file, name)  # while it is open
    then = written(store)
    write(store, "after", "2")
    assert written(store).keys() == {"before", "after"}
    store.close()

    program("pg_restore", url, *RESTORE, name, file)
    again = open_store(url, tmp_path / "mirror", clock=FakeClock())
    assert written(again) == then == {"before": [("1", "written")]}
    assert again.journal.recall("crm.tenant") == "HubSpot account 1"
    write(again, "later", "3")
    assert written(again).keys() == {"before", "later"}
    again.close()
