from __future__ import annotations

import errno
import re
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text, update

from connector.errors import ConnectorError, StopRun, UsageError
from connector.model.changes import Change, Landed, Outcome, Target
from connector.model.fields import Table
from connector.ports import Page, PullSummary
from connector.store import open_store
from connector.store.database import connect, is_of_the_disk
from connector.store.revisions import REVISIONS, VERSION_TABLE
from connector.store.schema import metadata, version
from connector.store.upgrade import MIGRATIONS, bring_up_to_date, migrate
from tests.store import postgres
from tests.store.conftest import START, FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.store.database import Database


def test_missing_folders_are_made_and_the_database_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "t.db"
    open_store(f"sqlite:///{path}", tmp_path / "far" / "mirror", clock=FakeClock()).close()
    assert (tmp_path / "far" / "mirror").is_dir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o644, 0o666])
def test_a_database_that_everybody_may_read_is_closed_to_strangers(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "t.db"
    open_store(f"sqlite:///{path}", tmp_path / "mirror", clock=FakeClock()).close()
    path.chmod(mode)
    store = open_store(f"sqlite:///{path}", tmp_path / "mirror", clock=FakeClock())
    store.journal.remember("a", "b")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("t.db*")}
    store.close()
    assert modes.keys() >= {"t.db", "t.db-wal"}
    assert [name for name, mode in modes.items() if mode & stat.S_IRWXO] == []


def test_commits_reach_the_disk_before_they_count(tmp_path: Path) -> None:
    database = connect(f"sqlite:///{tmp_path}/t.db")
    with database.read() as connection:
        pragmas = {
            name: connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    database.close()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("nonsense", "not a database URL"),
        ("mysql://x/y", "mysql is not supported"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
    ],
)
def test_a_database_that_cannot_keep_a_journal_is_refused(tmp_path: Path, url: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        open_store(url, tmp_path, clock=FakeClock())


def test_a_path_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write the database"):
        open_store(f"sqlite:///{tmp_path}/file/t.db", tmp_path, clock=FakeClock())
    with pytest.raises(UsageError, match="cannot write the mirror"):
        open_store(f"sqlite:///{tmp_path}/t.db", tmp_path / "file", clock=FakeClock())


@pytest.mark.parametrize("there", [False, True])
def test_a_disk_without_room_is_told_as_a_failure_of_the_disk_and_no_mistake_of_the_settings(
    tmp_path: Path, *, there: bool
) -> None:
    if there:
        open_store(f"sqlite:///{tmp_path}/t.db", tmp_path, clock=FakeClock()).close()
    within = f"""
import resource
from pathlib import Path
from connector.errors import StopRun
from connector.store.opening import open_store

resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # no file may grow: what is told of it is what a full disk tells
try:
    open_store("sqlite:///{tmp_path}/t.db", Path("{tmp_path}"), clock=None)
except StopRun as error:
    print(error.exit_code, error, error.hint)
"""
    ended = subprocess.run([sys.executable, "-c", within], capture_output=True, text=True, timeout=60, check=True)
    assert re.match(r"1 the journal database failed: .*(disk I/O error|is full) free disk space", ended.stdout), ended


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    path.write_text("a letter to grandmother, which is long enough to be more than a header" * 20)
    before = path.read_bytes()
    with pytest.raises(UsageError, match="not a database"):
        open_store(f"sqlite:///{path}", tmp_path, clock=FakeClock())
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    with sqlite3.connect(path) as other:
        other.execute("create table recipes (name text)")
    other.close()
    with pytest.raises(UsageError, match=r"another program \(it holds recipes\)"):
        open_store(f"sqlite:///{path}", tmp_path, clock=FakeClock())
    with sqlite3.connect(path) as other:
        assert other.execute("select name from sqlite_master").fetchall() == [("recipes",)]
    other.close()


def test_a_database_of_a_newer_version_is_refused(database_url: str, tmp_path: Path) -> None:
    store = open_store(database_url, tmp_path, clock=FakeClock())
    with store.database.write() as connection:
        connection.execute(update(version).values(version_num="9999"))
    store.close()
    with pytest.raises(UsageError, match="newer tiersync"):
        open_store(database_url, tmp_path, clock=FakeClock())


def test_the_migrations_make_what_a_new_database_gets(new_database: Callable[[], str]) -> None:
    migrated, made = connect(new_database()), connect(new_database())
    with migrated.write() as connection:
        migrate(connection)
    bring_up_to_date(made)
    assert _shape(migrated) == _shape(made)
    migrated.close()
    made.close()


def _shape(database: Database) -> dict[str, object]:
    with database.read() as connection:
        found = inspect(connection)
        tables = {
            name: (
                [{**column, "type": str(column["type"])} for column in found.get_columns(name)],
                found.get_pk_constraint(name)["constrained_columns"],
                found.get_foreign_keys(name),
                sorted(
                    (
                        index["name"],
                        index["column_names"],
                        index["unique"],
                        list(map(str, index.get("dialect_options", {}).values())),
                    )
                    for index in found.get_indexes(name)
                ),
                found.get_unique_constraints(name),
            )
            for name in sorted(found.get_table_names())
            if name != VERSION_TABLE
        }
        rows = connection.execute(text("select name, token from lease")).all()
        revision = connection.scalar(select(version.c.version_num))
    return {"tables": tables, "lease": list(map(tuple, rows)), "version": revision}


def test_the_migrations_leave_nothing_for_alembic_to_add(database_url: str) -> None:
    database = connect(database_url)
    with database.write() as connection:
        migrate(connection)
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        found = compare_metadata(context, metadata)
    database.close()
    assert [difference for difference in found if VERSION_TABLE not in str(difference)] == []


FIRST_SCHEMA = """
insert into runs (run, command, started, outcome, applied, digest, figures, reasons, details)
  values ('held', 'sync', '2026-03-01 06:00:00', 'held', false, 'd', '{}', '[]', '{}'),
         ('open', 'sync', '2026-03-01 07:00:00', null, true, 'e', '{}', '[]', '{}');
insert into changes (run_no, seq, account, target, record, property, old, new, cause, tries, landed, code, reason)
  values (1, 1, '1', 'account', '1', 'seg_tier', null, 'small', 'unknown', 0, null, '', ''),
         (1, 2, '1', 'account', '1', 'seg_action', 'x', 'y', 'unknown', 0, 'kept', '', 'a person set it'),
         (2, 1, '1', 'account', '1', 'seg_tier', null, 'large', 'unknown', 1, null, '', ''),
         (2, 2, '2', 'account', '2', 'seg_tier', null, 'large', 'unknown', 0, null, '', '')
"""


def test_an_older_database_is_upgraded_with_its_open_run_and_its_held_plan(database_url: str, tmp_path: Path) -> None:
    old = connect(database_url)
    with old.write() as connection:
        migrate(connection, to="0001")
        for statement in FIRST_SCHEMA.split(";"):
            connection.execute(text(statement))
    old.close()
    store = open_store(database_url, tmp_path, clock=FakeClock())
    journal = store.journal
    assert [(row.seq, row.change.new, row.landed) for row in journal.changes("held")] == [
        (1, "small", None),
        (2, "y", "kept"),
    ]
    assert [(run, row.seq, row.change.new) for run, row in journal.unsettled()] == [("open", 1, "large")]
    journal.intend("open", [Change("3", Target.ACCOUNT, "3", "seg_tier", None, "large")])
    with store.lease.hold(wait_seconds=0):
        journal.sending("held", [1])
        journal.land("held", [Outcome(Target.ACCOUNT, "1", Landed.WRITTEN)], now=START)
    assert [(row.seq, row.tries, row.landed) for row in journal.changes("held")] == [(1, 1, "written"), (2, 0, "kept")]
    assert [row.seq for row in journal.changes("open", only_open=True)] == [1, 2, 3]
    store.close()


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_database_as_a_version_left_it_goes_on_where_it_stood(revision: str, tmp_path: Path) -> None:
    """From a dump that was stored then: what migrations make of it today cannot change it."""
    with closing(sqlite3.connect(tmp_path / "t.db")) as left:
        left.executescript((Path(__file__).parent / "released" / f"{revision}.sql").read_text("utf-8"))
    store = open_store(f"sqlite:///{tmp_path}/t.db", tmp_path / "mirror", clock=FakeClock())
    held = [(row.change.new, row.landed) for row in store.journal.changes("held")]
    assert held == [("small", None), ("y", "kept")]
    assert [(run, row.change.new) for run, row in store.journal.unsettled()] == [("open", "large")]
    with store.database.read() as connection:
        assert connection.scalar(select(version.c.version_num)) == REVISIONS[-1]
    store.close()


def test_every_released_schema_has_its_migration() -> None:
    files = sorted(path.stem.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    assert files == list(REVISIONS)


def test_what_one_process_leaves_the_next_one_finds(database_url: str, tmp_path: Path) -> None:
    first = open_store(database_url, tmp_path / "mirror", clock=FakeClock())
    first.journal.remember("portal", "1")
    made = []
    for name in ("old", "new"):
        with first.mirror.draft(base=None) as draft:
            draft.add(Page(Table.ACCOUNTS, {"account_id": ["1"], "name": [name]}))
            made.append(
                draft.commit(PullSummary("w", full=True, rows={Table.ACCOUNTS: 1}, not_connected={}), now=START)
            )
    first.mirror.prune(keep=1)
    first.close()
    second = open_store(database_url, tmp_path / "mirror", clock=FakeClock())
    assert second.journal.recall("portal") == "1"
    assert second.mirror.current() == made[1]
    assert second.mirror.snapshot(made[0].id) is None
    second.close()


def test_opening_a_current_state_loads_neither_alembic_nor_arrow(tmp_path: Path) -> None:
    code = (
        "import sys, datetime, pathlib\n"
        "from connector.store import open_store\n"
        "clock = lambda: datetime.datetime.now(datetime.UTC)\n"
        "store = open_store(sys.argv[1], pathlib.Path(sys.argv[2]), clock=clock)\n"
        "assert store.mirror.current() is None and store.journal.runs() == []\n"
        "print(sorted({'alembic', 'pyarrow', 'duckdb', 'sqlalchemy.orm'} & set(sys.modules)))\n"
    )
    for _ in range(2):
        ran = subprocess.run(
            [sys.executable, "-c", code, f"sqlite:///{tmp_path}/t.db", str(tmp_path / "m")],
            capture_output=True,
            text=True,
            check=True,
        )
        assert ran.stdout == "[]\n"


@pytest.fixture
def encoded(request: pytest.FixtureRequest, postgres_socket: str) -> Iterator[str]:
    with postgres.database(postgres_socket, f"of_{request.param}", encoding=request.param) as url:
        yield url


@pytest.mark.parametrize("encoded", ["SQL_ASCII"], indirect=True)
def test_a_cluster_that_was_made_without_a_locale_keeps_every_text(encoded: str, tmp_path: Path) -> None:
    store = open_store(encoded, tmp_path / "mirror", clock=FakeClock())
    store.journal.remember("a", "Café Świętej, € 5")
    store.close()
    again = open_store(encoded, tmp_path / "mirror", clock=FakeClock())
    assert again.journal.recall("a") == "Café Świętej, € 5"
    again.close()


@pytest.mark.parametrize("encoded", ["LATIN1"], indirect=True)
def test_a_database_that_cannot_hold_every_text_is_refused_at_once(encoded: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="its encoding is LATIN1") as error:
        open_store(encoded, tmp_path / "mirror", clock=FakeClock())
    assert "createdb --encoding UTF8" in error.value.hint


@pytest.mark.parametrize("place", ["127.0.0.1:9", "nowhere.invalid"])
def test_a_server_that_cannot_be_reached_is_said_to_be_looked_after_and_no_password_is_told(
    place: str, tmp_path: Path
) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(ConnectorError) as error:
        open_store(f"postgresql+psycopg://u:planted-word@{place}/x", tmp_path / "mirror", clock=FakeClock())
    assert "is PostgreSQL up" in error.value.hint
    assert "planted-word" not in f"{error.value}{error.value.hint}"


END_THE_OTHERS = (
    "select pg_terminate_backend(pid) from pg_stat_activity"
    " where datname = current_database() and pid <> pg_backend_pid()"
)


@pytest.mark.parametrize("encoded", ["UTF8"], indirect=True)
def test_a_server_that_was_restarted_between_two_steps_does_not_fail_the_next_one(encoded: str, tmp_path: Path) -> None:
    store = open_store(encoded, tmp_path / "mirror", clock=FakeClock())
    store.journal.remember("a", "b")
    other = connect(encoded)
    with other.write() as connection:
        ended = connection.execute(text(END_THE_OTHERS)).scalars()
        assert any(ended), "the store keeps a connection"
    other.close()
    assert store.journal.recall("a") == "b"
    store.close()


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("database or disk is full", True),
        ('could not extend file "base/1/2": No space left on device', True),
        ("disk I/O error", True),
        ('connection to server at "db.fullstack.example" failed: Connection refused', False),
        ("no such column: snapshots.full_at", False),
    ],
)
def test_only_a_full_disk_is_told_as_one(text: str, *, full: bool) -> None:
    assert is_of_the_disk(text) is full


def test_a_mirror_on_a_full_disk_is_no_mistake_in_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def touch(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "touch", touch)
    with pytest.raises(StopRun, match="No space left") as stopped:
        open_store(f"sqlite:///{tmp_path / 'state.db'}", tmp_path / "mirror", clock=lambda: START)
    assert stopped.value.hint == "free disk space"
