"""What the journal lets go of: runs that ended long ago, with their changes; never what was last written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from connector.store.changes import BEING_SENT
from connector.store.schema import changes, runs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection


def prune(connection: Connection, *, before: datetime, spare: Sequence[str], most: int) -> int:
    """Delete at most so many runs that ended before a moment, oldest first; one with an open write stays."""
    is_open = select(1).where(changes.c.run_no == runs.c.run_no, BEING_SENT).exists()
    ended = select(runs.c.run_no).where(runs.c.finished < before, runs.c.run.not_in(spare), ~is_open)
    old = list(connection.scalars(ended.order_by(runs.c.run_no).limit(most)))
    connection.execute(delete(runs).where(runs.c.run_no.in_(old)))  # changes and packs go with their run
    return len(old)
