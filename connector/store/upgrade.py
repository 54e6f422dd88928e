"""Brings the database to the schema of this version: at once when it is current, new or old."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import insert, inspect, select, text

from connector.errors import StopRun, UsageError
from connector.store.database import is_of_the_disk
from connector.store.revisions import REVISIONS, VERSION_TABLE
from connector.store.schema import lease, metadata, version

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from connector.store.database import Database

HEAD = REVISIONS[-1]
MIGRATIONS = Path(__file__).parent / "migrations"
_ONE_AT_A_TIME = 7_213_370_416
"""The advisory lock that lets one of several starting workers make or upgrade the tables."""


def bring_up_to_date(database: Database) -> None:
    """Make the tables in an empty database, upgrade older ones; one query when nothing is to be done.

    Raises UsageError for a database that is not ours, or that a newer version made; StopRun for a disk that is full.
    """
    try:
        with database.read() as connection:
            found = _revision(connection)
        if found != HEAD:
            with database.write() as connection:
                _upgrade(connection)
    except StopRun as error:
        if is_of_the_disk(str(error)):
            raise
        raise UsageError(f"cannot open [state] database: {error}", hint=error.hint) from error


def _revision(connection: Connection) -> str | None:
    """The schema's revision, None when there is none. Raises UsageError when it is not one of ours."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.scalar(select(version.c.version_num))
    if found is not None and found not in REVISIONS:
        raise UsageError(
            f"[state] database was made by a newer tiersync (schema {found}; this version knows up to {HEAD})",
            hint="install that version again, or restore a backup from before the upgrade",
        )
    return found


def _upgrade(connection: Connection) -> None:
    """Look again under the lock: another process may just have done it."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
    found = _revision(connection)
    if found is None:
        _refuse_a_foreign_database(connection)
        create(connection)
    elif found != HEAD:
        migrate(connection)


def _refuse_a_foreign_database(connection: Connection) -> None:
    """A SQLite file must be empty; a PostgreSQL schema may hold others' tables, but none of our names."""
    found = set(inspect(connection).get_table_names())
    strangers = found if connection.dialect.name == "sqlite" else found & set(metadata.tables)
    if strangers:
        names = ", ".join(sorted(strangers)[:3])
        raise UsageError(
            f"[state] database belongs to another program (it holds {names})", hint="name a file of its own"
        )


def create(connection: Connection) -> None:
    """All tables at once; the same that the migrations would make one after the other, but without loading Alembic."""
    metadata.create_all(connection)
    connection.execute(insert(version).values(version_num=HEAD))
    connection.execute(insert(lease).values(name="writer", token=0))


def migrate(connection: Connection, *, to: str = "head") -> None:
    """Run the migrations up to revision `to`, inside the caller's transaction."""
    from alembic import command  # noqa: PLC0415 - 0.6 s that only an upgrade pays
    from alembic.config import Config  # noqa: PLC0415 - only an upgrade pays for it

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
