"""A glance at the mirror tells what the opened state tells, or leaves it to be opened."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, update

from connector.errors import StopRun
from connector.model.fields import Table
from connector.ports import Page, PullSummary, Read
from connector.store import Store, open_store
from connector.store.glance import glance
from connector.store.schema import version
from tests.store.conftest import START, FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from connector.ports import Snapshot

    Look = Callable[[], Snapshot | None]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "a state #1+@" / "t.db"


@pytest.fixture
def store(database: Path, tmp_path: Path) -> Iterator[Store]:
    found = open_store(f"sqlite:///{database}", tmp_path / "mirror", clock=FakeClock())
    yield found
    found.close()


@pytest.fixture
def look(database: Path, tmp_path: Path) -> Look:
    return lambda: glance(f"sqlite:///{database}", tmp_path / "mirror")


def pull(store: Store, name: str) -> Snapshot:
    with store.mirror.draft(base=None) as draft:
        draft.add(Page(Table.ACCOUNTS, {"account_id": ["1", "2"], "name": [name, None]}))
        draft.add_beside("bills", {"debtor": ["1", None], "open": ["2.50", "3"]})
        told = PullSummary("w", full=True, rows={Table.ACCOUNTS: 2}, not_connected={})
        return draft.commit(told, now=START, beside={"bills": Read(2, START.date())})


def test_it_tells_what_the_store_tells(store: Store, look: Look) -> None:
    for name in ("first", "second"):
        made = pull(store, name)
        assert look() == store.mirror.current() == made
    store.close()
    assert look() == made


def test_a_snapshot_before_the_first_is_left_to_the_store(store: Store, look: Look) -> None:
    assert look() is None
    assert store.mirror.current() is None


def test_a_file_that_was_cut_is_told(store: Store, look: Look) -> None:
    (path,) = pull(store, "first").files[Table.ACCOUNTS]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StopRun, match="is cut"):
        look()


def test_a_file_that_was_lost_is_told(store: Store, look: Look) -> None:
    pull(store, "first").beside["bills"].files[0].unlink()
    with pytest.raises(StopRun, match="lost"):
        look()


@pytest.mark.parametrize("revision", ["0001", "9999"])
def test_a_database_of_another_version_is_left_to_the_store(store: Store, look: Look, revision: str) -> None:
    pull(store, "first")
    with store.database.write() as connection:
        connection.execute(update(version).values(version_num=revision))
    assert look() is None


def test_a_database_that_says_two_versions_is_left_to_the_store(store: Store, look: Look) -> None:
    pull(store, "first")
    with store.database.write() as connection:
        connection.execute(insert(version).values(version_num="0001"))
    assert look() is None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE snapshots SET tables = '{'",
        "UPDATE snapshots SET tables = x'ff'",
        "UPDATE snapshots SET made_at = 'noon'",
        "UPDATE snapshots SET full_at = x'ff'",
    ],
)
def test_a_row_that_cannot_be_read_is_left_to_the_store(store: Store, look: Look, database: Path, change: str) -> None:
    pull(store, "first")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(change)
    assert look() is None


def test_a_database_that_everybody_may_read_is_left_to_the_store(store: Store, look: Look, database: Path) -> None:
    pull(store, "first")
    database.chmod(0o644)
    assert look() is None


def test_a_database_somebody_holds_is_left_to_the_store(store: Store, look: Look, database: Path) -> None:
    made = pull(store, "first")
    store.close()
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        assert look() is None
    assert look() == made


@pytest.mark.parametrize("content", [None, b"", b"no database", b"SQLite format 3\0"])
def test_what_is_no_state_is_left_to_the_store_and_as_it_is(database: Path, look: Look, content: bytes | None) -> None:
    database.parent.mkdir()
    if content is not None:
        database.write_bytes(content)
        database.chmod(0o600)
    assert look() is None
    assert [file.read_bytes() for file in database.parent.iterdir()] == ([] if content is None else [content])


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg:///t", "sqlite:///t.db", "sqlite://", "sqlite:////t.db?mode=ro", "sqlite:////a%20b.db"]
)
def test_another_database_is_left_to_the_store(url: str, tmp_path: Path) -> None:
    assert glance(url, tmp_path) is None
