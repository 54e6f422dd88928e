"""One connection pool on SQLite or PostgreSQL: short transactions, and errors in the product's words."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from connector.errors import StopRun, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Table
    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
    from sqlalchemy.engine import URL, Connection, Engine

LOCK_WAIT_SECONDS = 30
"""How long a transaction waits for another one's lock before it gives up."""

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # An intent must be on disk before it is sent: lost with the power, it would make our value a person's edit.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {LOCK_WAIT_SECONDS * 1000}",
)


class Database:
    """Transactions that commit when their block ends well, and leave no trace when it does not."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def name(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state; it never waits for a writer."""
        with _errors_in_our_words(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that takes SQLite's write lock at its start, so that it cannot fail half-way for want of it."""
        with _errors_in_our_words(), self.engine.connect() as plain:
            connection = plain.execution_options(writes=True)
            with connection.begin():
                yield connection

    def insert(self, table: Table) -> SqliteInsert | PostgresInsert:
        """An insert that knows `on_conflict_do_update`, in the database's own dialect."""
        if self.name == "sqlite":
            from sqlalchemy.dialects import sqlite  # noqa: PLC0415 - only the dialect in use is loaded

            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - only the dialect in use is loaded

        return postgresql.insert(table)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def connect(database_url: str) -> Database:
    """The database behind `sqlite:///PATH` or `postgresql+psycopg://…`; a missing folder is made.

    Nothing is sent to a server yet. Raises UsageError for a URL that cannot be used; a PostgreSQL database whose
    encoding cannot hold every text raises it when it is first asked.
    """
    url = _parsed(database_url)
    if url.get_backend_name() == "sqlite":
        _prepare_file(url)
        engine = create_engine(url, **_ALWAYS)
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = _postgres(url)
    return Database(engine)


def _in_json(value: object) -> object:
    return asdict(value) if isinstance(value, Struct) else str(value)


_ALWAYS: dict[str, Any] = {
    "hide_parameters": True,  # values of customers do not belong in error texts
    "json_serializer": lambda value: orjson.dumps(value, default=_in_json).decode(),
    "json_deserializer": orjson.loads,
}

_TO_POSTGRES = {"connect_timeout": LOCK_WAIT_SECONDS, "client_encoding": "utf8"}
"""In a cluster without a locale (SQL_ASCII) the driver would otherwise give bytes for text."""
_ENCODINGS = ("UTF8", "SQL_ASCII")
"""The second one keeps what it is given as it is."""


def _parsed(database_url: str) -> URL:
    try:
        url = make_url(database_url)
    except ArgumentError:
        raise UsageError(
            "[state] database is not a database URL", hint="write sqlite:///var/tiersync.db or postgresql+psycopg://…"
        ) from None
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise UsageError(
            f"[state] database: {url.get_backend_name()} is not supported",
            hint="use sqlite:///… or postgresql+psycopg://…",
        )
    return url


def _prepare_file(url: URL) -> None:
    """Make the folder and the file, readable by its owner only: the journal may hold tokens and customer names."""
    if not url.database or url.database == ":memory:":
        raise UsageError(
            "[state] database needs a file: the journal must outlive the process", hint="sqlite:///var/tiersync.db"
        )
    path = Path(url.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, stat.S_IRUSR | stat.S_IWUSR)
        try:
            _keep_from_strangers(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise UsageError(
            f"cannot write the database {path}: {error.strerror}",
            hint="change [state] database, or the rights of its folder",
        ) from error


def _keep_from_strangers(descriptor: int) -> None:
    """Take from everybody else the right to read it: a restored backup often has the rights of any new file."""
    mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
    if mode & stat.S_IRWXO:
        os.fchmod(descriptor, mode & ~stat.S_IRWXO)


def _postgres(url: URL) -> Engine:
    try:
        # A server that was restarted since the last run must not fail the next one: hence the ping.
        engine = create_engine(url, pool_pre_ping=True, connect_args=_TO_POSTGRES, **_ALWAYS)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise UsageError(
            "[state] database: the PostgreSQL driver is not installed", hint='pip install "tiersync[postgres]"'
        ) from error
    event.listen(engine, "connect", _check_encoding)
    return engine


def _check_encoding(connection: Any, _record: object) -> None:
    """A database of another encoding would refuse a name or an amount in the middle of a run."""
    found = connection.info.parameter_status("server_encoding")
    if found not in _ENCODINGS:
        raise UsageError(
            f"[state] database: its encoding is {found}, which cannot hold every name",
            hint="make it anew: createdb --encoding UTF8 --template template0 NAME",
        )


def _set_pragmas(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin when we say so, not when the driver thinks so
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


_UNREACHED = ("connection failed", "connection timeout", "failed to resolve host")


@contextmanager
def _errors_in_our_words() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise StopRun(
            f"the journal database failed: {error.orig}", hint=_hint(str(error.orig)), code="JOURNAL"
        ) from error
    except PoolTimeoutError as error:
        hint = "run again later; if it stays, see what keeps the connections of [state] database"
        raise StopRun("the journal database gave no connection in time", hint=hint, code="JOURNAL") from error


def is_of_the_disk(text: str) -> bool:
    """Whether a database error tells of the disk: SQLite calls one that is full an I/O error as well."""
    return any(sign in text for sign in ("disk is full", "No space left", "disk I/O error"))


def _hint(text: str) -> str:
    """What a person can do about a database error."""
    if is_of_the_disk(text):
        return "free disk space or repair the disk; the state before this step is whole"
    if "readonly" in text or "permission" in text:
        return "give this user the right to write the database and its folder"
    if any(sign in text for sign in _UNREACHED):
        return "is PostgreSQL up, and does [state] database name it rightly? the state before this step is whole"
    if "locked" in text:
        return "another program holds the database; find and stop it"
    return "check the disk and the database of [state] database; the state before this step is whole"
