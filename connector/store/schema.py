"""The tables of the journal, as SQLAlchemy Core sees them.

What was written is queryable with plain SQL: `changes join runs using (run_no)` is every value ever sent.
A change here needs a migration beside it; tests compare the two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

from connector.store.revisions import VERSION_TABLE

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect


class UtcTime(TypeDecorator[datetime]):
    """A moment, stored in UTC and read back with its zone; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite drops the zone, so the moment is turned to UTC first."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be journalled")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What SQLite gives back without a zone is UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


metadata = MetaData()

version = Table(VERSION_TABLE, metadata, Column("version_num", String(32), primary_key=True))

runs = Table(
    "runs",
    metadata,
    Column("run_no", Integer, primary_key=True),
    Column("run", Text, nullable=False, unique=True),
    Column("command", Text, nullable=False),
    Column("started", UtcTime, nullable=False),
    Column("finished", UtcTime),
    Column("outcome", Text),
    Column("applied", Boolean, nullable=False),
    Column("snapshot", Text),
    Column("as_of", Date),
    Column("rule_version", Text),
    Column("digest", Text),
    Column("figures", JSON, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("details", JSON, nullable=False),
    sqlite_autoincrement=True,  # a number is never used twice: it orders runs, also after old ones are deleted
)

_BEING_SENT = "tries > 0 AND (landed IS NULL OR landed = 'unsettled')"

changes = Table(
    "changes",
    metadata,
    Column("run_no", Integer, ForeignKey("runs.run_no", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("property", Text, nullable=False),
    Column("old", Text),
    Column("new", Text),
    Column("cause", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("landed", Text),
    Column("code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("landed_at", UtcTime),
    Index("changes_by_record", "run_no", "target", "record", "property", unique=True),
    Index("changes_being_sent", "run_no", "seq", sqlite_where=text(_BEING_SENT)),
)

packs = Table(
    "packs",
    metadata,
    Column("run_no", Integer, ForeignKey("runs.run_no", ondelete="CASCADE"), primary_key=True),
    Column("first_seq", Integer, primary_key=True),
    Column("last_seq", Integer, nullable=False),
    Column("landed", Text),
    Column("reason", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),  # see store/packs.py
)

written = Table(
    "written",
    metadata,
    Column("target", Text, primary_key=True),
    Column("record", Text, primary_key=True),
    Column("property", Text, primary_key=True),
    Column("value", Text),
    Column("run_no", Integer, nullable=False),  # no foreign key: it outlives the run that retention deletes
    Column("at", UtcTime, nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("target", Text, primary_key=True),
    Column("record", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try", UtcTime, nullable=False),
)

facts = Table("facts", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

snapshots = Table(
    "snapshots",
    metadata,
    Column("snapshot_no", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("made_at", UtcTime, nullable=False),
    Column("full_at", UtcTime, nullable=False),
    Column("watermark", Text, nullable=False),
    Column("tables", JSON, nullable=False),
    sqlite_autoincrement=True,
)

lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("token", Integer, nullable=False),  # grows with every holder: an older one is fenced off
    Column("owner", Text),
    Column("host", Text),
    Column("machine", Text),
    Column("pid", Integer),
    Column("process_start", Text),
    Column("since", UtcTime),
    Column("beat", UtcTime),
)
