"""The first schema: runs, changes, written, quarantine, facts, snapshots, lease."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_MOMENT = sa.DateTime(timezone=True)
_BEING_SENT = sa.text("tries > 0 AND (landed IS NULL OR landed = 'unsettled')")


def upgrade() -> None:
    """Forward only: a released state is never taken back."""
    _runs_and_changes()
    _what_is_remembered()
    _snapshots_and_lease()
    op.execute("INSERT INTO lease (name, token) VALUES ('writer', 0)")


def _runs_and_changes() -> None:
    op.create_table(
        "runs",
        sa.Column("run_no", sa.Integer, primary_key=True),
        sa.Column("run", sa.Text, nullable=False, unique=True),
        sa.Column("command", sa.Text, nullable=False),
        sa.Column("started", _MOMENT, nullable=False),
        sa.Column("finished", _MOMENT),
        sa.Column("outcome", sa.Text),
        sa.Column("applied", sa.Boolean, nullable=False),
        sa.Column("snapshot", sa.Text),
        sa.Column("as_of", sa.Date),
        sa.Column("rule_version", sa.Text),
        sa.Column("digest", sa.Text),
        sa.Column("figures", sa.JSON, nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "changes",
        sa.Column("run_no", sa.Integer, sa.ForeignKey("runs.run_no", ondelete="CASCADE"), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("property", sa.Text, nullable=False),
        sa.Column("old", sa.Text),
        sa.Column("new", sa.Text),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("landed", sa.Text),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("landed_at", _MOMENT),
    )
    op.create_index("changes_by_record", "changes", ["run_no", "target", "record", "property"], unique=True)
    op.create_index("changes_being_sent", "changes", ["run_no", "seq"], sqlite_where=_BEING_SENT)


def _what_is_remembered() -> None:
    op.create_table(
        "written",
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("record", sa.Text, primary_key=True),
        sa.Column("property", sa.Text, primary_key=True),
        sa.Column("value", sa.Text),
        sa.Column("run_no", sa.Integer, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_table(
        "quarantine",
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("record", sa.Text, primary_key=True),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_try", _MOMENT, nullable=False),
    )
    op.create_table("facts", sa.Column("key", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False))


def _snapshots_and_lease() -> None:
    op.create_table(
        "snapshots",
        sa.Column("snapshot_no", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("full_at", _MOMENT, nullable=False),
        sa.Column("watermark", sa.Text, nullable=False),
        sa.Column("tables", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("host", sa.Text),
        sa.Column("machine", sa.Text),
        sa.Column("pid", sa.Integer),
        sa.Column("process_start", sa.Text),
        sa.Column("since", _MOMENT),
        sa.Column("beat", _MOMENT),
    )
