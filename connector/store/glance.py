"""The newest snapshot for a call that only looks, read without SQLAlchemy, whose 0.13 s would be a third of the call.

What is out of the ordinary (a database that is new, older, locked, foreign, open to strangers, or no SQLite file) is
not judged here: `open_store` says what is wrong, or mends it.
"""

from __future__ import annotations

import re
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from connector.store.recorded import Recorded, checked
from connector.store.revisions import REVISIONS, VERSION_TABLE

if TYPE_CHECKING:
    from connector.ports import Snapshot

FILE = re.compile(r"sqlite:///(/[^?%]+)")
"""In an address `%` begins a coded letter, and `?` options."""
REVISION = "SELECT version_num FROM " + VERSION_TABLE
NEWEST = "SELECT id, made_at, full_at, watermark, tables FROM snapshots ORDER BY snapshot_no DESC LIMIT 1"


def glance(database_url: str, mirror: Path) -> Snapshot | None:
    """The last committed snapshot, checked as `ParquetMirror.current` does; None where the store has to be asked."""
    named = FILE.fullmatch(database_url)
    row = _newest(Path(named[1])) if named else None
    return None if row is None else checked(mirror, row)


def _newest(database: Path) -> Recorded | None:
    try:
        if database.stat().st_mode & stat.S_IRWXO:
            return None
        # Waits for nobody; `rw` makes no file, and can read what a process that was killed left in the WAL.
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True, timeout=0)) as connection:
            connection.execute("BEGIN")
            if connection.execute(REVISION).fetchall() != [(REVISIONS[-1],)]:
                return None
            found = connection.execute(NEWEST).fetchone()
        return None if found is None else _recorded(*found)
    except (OSError, sqlite3.Error, ValueError, TypeError):
        return None


def _recorded(name: str, made_at: str, full_at: str, watermark: str, tables: str) -> Recorded:
    return Recorded(name, _moment(made_at), _moment(full_at), watermark, orjson.loads(tables))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
