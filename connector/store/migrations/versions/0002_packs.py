"""Plans that nobody has begun to write are kept packed; plans of before stay the rows they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Forward only: a released state is never taken back."""
    op.create_table(
        "packs",
        sa.Column("run_no", sa.Integer, sa.ForeignKey("runs.run_no", ondelete="CASCADE"), primary_key=True),
        sa.Column("first_seq", sa.Integer, primary_key=True),
        sa.Column("last_seq", sa.Integer, nullable=False),
        sa.Column("landed", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
