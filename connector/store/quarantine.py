"""Records that the CRM refused: kept with its words, and tried again after a growing delay."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from connector.model.changes import Landed, Outcome, Target
from connector.ports import QuarantineRow
from connector.store.schema import quarantine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from connector.store.database import Database

_FIRST_DELAY = timedelta(hours=1)
_LONGEST_DELAY = timedelta(days=30)
_LEAVE = {Landed.WRITTEN, Landed.GONE}


def delay(tries: int) -> timedelta:
    """How long a record rests after its `tries`-th refusal: 1 hour, 4, 16, … at most 30 days."""
    return min(_FIRST_DELAY * (1 << 2 * min(tries - 1, 10)), _LONGEST_DELAY)


def settle(database: Database, connection: Connection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Refused records enter, or rest longer; written ones and those that are gone leave."""
    for outcome in outcomes:
        if outcome.landed is Landed.REFUSED:
            _set_aside(database, connection, outcome, now)
    for target in Target:
        leaving = [o.record for o in outcomes if o.landed in _LEAVE and o.target is target]
        if leaving:
            connection.execute(
                delete(quarantine).where(quarantine.c.target == target.value, quarantine.c.record.in_(leaving))
            )


def _set_aside(database: Database, connection: Connection, outcome: Outcome, now: datetime) -> None:
    key = {"target": outcome.target.value, "record": outcome.record}
    row = connection.execute(select(quarantine).filter_by(**key)).one_or_none()
    tries = 1 if row is None else row.tries + 1
    told = {
        "code": outcome.code,
        "reason": outcome.reason.replace("\x00", ""),  # PostgreSQL refuses it in a text
        "tries": tries,
        "next_try": now + delay(tries),
    }
    put = database.insert(quarantine).values({**key, **told, "since": now})
    connection.execute(put.on_conflict_do_update(index_elements=list(key), set_=told))


def listed(connection: Connection) -> Sequence[QuarantineRow]:
    """All of them, those that have waited longest first."""
    order = (quarantine.c.since, quarantine.c.target, quarantine.c.record)
    return [
        QuarantineRow(
            target=Target(row.target),
            record=row.record,
            reason=row.reason,
            since=row.since,
            tries=row.tries,
            next_try=row.next_try,
        )
        for row in connection.execute(select(quarantine).order_by(*order))
    ]
