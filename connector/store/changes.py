"""Intended changes and what became of them; acknowledged values; records set aside.

A change is open until its outcome is known. It is *being sent* from `sending` on until it is settled: what the
CRM then holds of it may be ours. Only WRITTEN makes a value ours for good.
"""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import and_, bindparam, delete, func, literal, or_, select, update

from connector.model.changes import Change, Landed, Outcome, Target
from connector.ports import ChangeRow
from connector.store import packs
from connector.store.contradictions import contradiction
from connector.store.schema import UtcTime, changes, quarantine, runs, written
from connector.store.schema import packs as packed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.engine import Connection, Row

    from connector.store.database import Database

T = TypeVar("T")
ROWS_AT_ONCE = 2_000
IDS_AT_ONCE = 500

OPEN = changes.c.landed.is_(None)
UNSETTLED = or_(OPEN, changes.c.landed == Landed.UNSETTLED.value)
BEING_SENT = and_(changes.c.tries > 0, UNSETTLED)
_ANY_WRITTEN = select(written.c.run_no).limit(1)
_ANY_UNDER_WAY = select(changes.c.seq).where(BEING_SENT).limit(1)


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size` items, in order."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def after(connection: Connection, run_no: int, seq: int, *, only_open: bool) -> tuple[list[ChangeRow], int | None]:
    """The next changes of a plan behind `seq`, and the number to go on behind; None when there are no more."""
    pack = packs.next_after(connection, run_no, seq)
    between = {"of_run": run_no, "behind": seq} | ({"before": pack.first_seq} if pack is not None else {})
    query = _rows_behind(only_open=only_open, before_a_pack=pack is not None)
    found = [_read(row) for row in connection.execute(query, between)]
    if len(found) == ROWS_AT_ONCE:
        return found, found[-1].seq
    if pack is None:
        return found, None
    if not (only_open and pack.landed):
        found += packs.rows(pack)
    return found, pack.last_seq


@cache
def _rows_behind(*, only_open: bool, before_a_pack: bool) -> Select[Any]:
    query = select(changes).where(changes.c.run_no == bindparam("of_run"), changes.c.seq > bindparam("behind"))
    if only_open:
        query = query.where(OPEN)
    if before_a_pack:
        query = query.where(changes.c.seq < bindparam("before"))
    return query.order_by(changes.c.seq).limit(ROWS_AT_ONCE)


def sending(connection: Connection, run_no: int, seqs: Sequence[int]) -> None:
    """Mark changes as being sent, once more. Raises StopRun for one that is unknown or was acknowledged already."""
    packs.unpack(connection, run_no, seqs)
    sendable = or_(OPEN, changes.c.landed != Landed.WRITTEN.value)
    again = {"tries": changes.c.tries + 1, "landed": None, "code": "", "reason": "", "landed_at": None}
    if _set(connection, run_no, seqs, sendable, again) != len(set(seqs)):
        raise contradiction("a change that is unknown or already written was about to be sent")


def skip(connection: Connection, run_no: int, seqs: Sequence[int], *, landed: Landed, reason: str) -> None:
    """End changes that were never sent. Raises StopRun for one that is unknown, was sent, or ended already."""
    packs.unpack(connection, run_no, seqs)
    never_sent = and_(OPEN, changes.c.tries == 0)
    if _set(connection, run_no, seqs, never_sent, {"landed": landed.value, "reason": reason}) != len(set(seqs)):
        raise contradiction("a change that was sent or has ended was about to be skipped")


def reopen(connection: Connection, run_no: int) -> None:
    """Open the changes that wait for a person."""
    for table in (packed, changes):
        waiting = and_(table.c.run_no == run_no, table.c.landed == Landed.WAITING.value)
        connection.execute(update(table).where(waiting).values(landed=None, reason=""))


def _set(
    connection: Connection, run_no: int, seqs: Sequence[int], only: ColumnElement[bool], values: Mapping[str, Any]
) -> int:
    done = 0
    for chunk in chunks(seqs, IDS_AT_ONCE):
        those = and_(changes.c.run_no == run_no, changes.c.seq.in_(chunk), only)
        done += connection.execute(update(changes).where(those).values(values)).rowcount
    return done


def land(connection: Connection, run_no: int, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Give the changes of these records that are being sent their outcome."""
    record = and_(
        changes.c.run_no == run_no,
        changes.c.target == bindparam("of_target"),
        changes.c.record == bindparam("of_record"),
    )
    told: dict[str, Any] = {
        "landed": bindparam("of_landed"),
        "code": bindparam("of_code"),
        "reason": bindparam("of_reason"),
        "landed_at": bindparam("of_time"),
    }
    rows = [_landing(outcome, now) for outcome in outcomes]
    if rows:
        connection.execute(update(changes).where(record, BEING_SENT).values(told), rows)


def _landing(outcome: Outcome, now: datetime) -> dict[str, object]:
    return {
        "of_target": outcome.target.value,
        "of_record": outcome.record,
        "of_landed": outcome.landed.value,
        "of_code": outcome.code,
        "of_reason": outcome.reason.replace("\x00", ""),  # PostgreSQL refuses it in a text
        "of_time": now,
    }


def _by_target(outcomes: Iterable[Outcome]) -> Iterator[tuple[Target, list[str]]]:
    listed = list(outcomes)
    for target in Target:
        yield from ((target, ids) for ids in chunks((o.record for o in listed if o.target is target), IDS_AT_ONCE))


def acknowledge(
    database: Database, connection: Connection, run_no: int, outcomes: Sequence[Outcome], *, now: datetime
) -> None:
    """Make written values ours, unless a later run wrote there since: then its value is the one that counts."""
    columns = (changes.c.target, changes.c.record, changes.c.property, changes.c.new, changes.c.run_no)
    names = ["target", "record", "property", "value", "run_no", "at"]
    for target, records in _by_target(o for o in outcomes if o.landed is Landed.WRITTEN):
        done = and_(_of(run_no, target, records), changes.c.landed == Landed.WRITTEN.value)
        put = database.insert(written).from_select(names, select(*columns, literal(now, UtcTime())).where(done))
        told = {"value": put.excluded.value, "run_no": put.excluded.run_no, "at": put.excluded.at}
        newer = written.c.run_no <= put.excluded.run_no
        connection.execute(put.on_conflict_do_update(index_elements=names[:3], set_=told, where=newer))


def _of(run_no: int, target: Target, records: Sequence[str]) -> ColumnElement[bool]:
    return and_(changes.c.run_no == run_no, changes.c.target == target.value, changes.c.record.in_(records))


def unknown(connection: Connection, run_no: int, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Outcomes of records that the run has no change for."""
    known: set[tuple[str, str]] = set()
    for target, records in _by_target(outcomes):
        query = select(changes.c.record).where(_of(run_no, target, records)).distinct()
        known.update((target.value, record) for record in connection.scalars(query))
    if len(known) < len({(outcome.target, outcome.record) for outcome in outcomes}):
        known |= packs.holds(connection, run_no)
    return [outcome for outcome in outcomes if (outcome.target.value, outcome.record) not in known]


def unsettled(connection: Connection) -> list[tuple[str, ChangeRow]]:
    """(run, change) of every send whose fate is not known, oldest first; one that a later write overtook is settled."""
    return [(row.run, _read(row)) for row in connection.execute(_unsettled())]


@cache
def _unsettled() -> Select[Any]:
    query = select(runs.c.run, changes).join(runs).where(BEING_SENT, ~_overtaken())
    return query.order_by(changes.c.run_no, changes.c.seq)


def _overtaken() -> Any:
    later = select(1).where(
        written.c.target == changes.c.target,
        written.c.record == changes.c.record,
        written.c.property == changes.c.property,
        written.c.run_no > changes.c.run_no,
    )
    return later.exists()


def overtaken(connection: Connection, since: datetime) -> list[Change]:
    """Every send of a run since then whose fate is not known and that a later write overtook, oldest first."""
    ended = func.coalesce(runs.c.finished, runs.c.started)
    query = select(changes).join(runs).where(BEING_SENT, _overtaken(), ended >= since)
    return [_read(row).change for row in connection.execute(query.order_by(changes.c.run_no, changes.c.seq))]


def sent_since(connection: Connection, moment: datetime) -> dict[Target, set[str]]:
    """The records that were sent by runs which ended since; a pack holds nothing that was sent."""
    ended = func.coalesce(runs.c.finished, runs.c.started)
    those = select(runs.c.run_no).where(runs.c.applied, ended >= moment)
    query = select(changes.c.target, changes.c.record).where(changes.c.run_no.in_(those), changes.c.tries > 0)
    found: dict[Target, set[str]] = {}
    for row in connection.execute(query.distinct()):
        found.setdefault(Target(row.target), set()).add(row.record)
    return found


def ours(
    connection: Connection, keys: Iterable[tuple[Target, str, str]]
) -> dict[tuple[Target, str, str], tuple[str | None, ...]]:
    """Per key the values that count as ours: the acknowledged one first, then those still under way."""
    asked = set(keys)
    found: dict[tuple[Target, str, str], tuple[str | None, ...]] = {}
    for target in Target:
        records = sorted({record for kind, record, _ in asked if kind is target})
        for chunk in chunks(records, IDS_AT_ONCE):
            query = select(written.c.record, written.c.property, written.c.value)
            rows = connection.execute(query.where(written.c.target == target.value, written.c.record.in_(chunk)))
            found.update({(target, row.record, row.property): (row.value,) for row in rows})
    for _run, row in unsettled(connection):
        key = (row.change.target, row.change.record, row.change.property)
        if row.change.new not in found.get(key, ()):
            found[key] = (*found.get(key, ()), row.change.new)
    return {key: values for key, values in found.items() if key in asked}


def written_at(connection: Connection, target: Target, name: str, value: str) -> dict[str, datetime]:
    """When each record's property was last written, of those that were written with this value."""
    those = and_(written.c.target == target.value, written.c.property == name, written.c.value == value)
    return {row.record: row.at for row in connection.execute(select(written.c.record, written.c.at).where(those))}


def replaced(
    connection: Connection, run_no: int, keys: Iterable[tuple[Target, str, str]]
) -> set[tuple[Target, str, str]]:
    """Those of the values that a later run wrote since."""
    asked = set(keys)
    found: set[tuple[Target, str, str]] = set()
    for target in Target:
        records = sorted({record for kind, record, _ in asked if kind is target})
        for chunk in chunks(records, IDS_AT_ONCE):
            those = and_(written.c.target == target.value, written.c.record.in_(chunk), written.c.run_no > run_no)
            rows = connection.execute(select(written.c.record, written.c.property).where(those))
            found.update((target, row.record, row.property) for row in rows)
    return found & asked


def standing(
    connection: Connection, target: Target, name: str, *, behind: str
) -> tuple[list[tuple[str, str | None]], str | None]:
    """The next records behind one with what was last written of a property; and the one to go on behind, or None."""
    those = and_(written.c.target == target.value, written.c.property == name, written.c.record > behind)
    query = select(written.c.record, written.c.value).where(those).order_by(written.c.record).limit(ROWS_AT_ONCE)
    found = [(row.record, row.value) for row in connection.execute(query)]
    return found, found[-1][0] if len(found) == ROWS_AT_ONCE else None


def any_ours(connection: Connection) -> bool:
    """Whether any value was acknowledged, or is under way."""
    acknowledged, under_way = connection.scalar(_ANY_WRITTEN), connection.scalar(_ANY_UNDER_WAY)
    return acknowledged is not None or under_way is not None


def discard(connection: Connection, run_no: int) -> None:
    """Delete the changes of a run that were never sent."""
    packs.discard(connection, run_no)
    connection.execute(delete(changes).where(changes.c.run_no == run_no, changes.c.tries == 0))


def forget(connection: Connection, target: Target, records: Sequence[str]) -> int:
    """Delete all rows of records that are gone, and count them; with an account go the changes of its deals."""
    packs.unpack_those_of(connection, target, records)
    count = 0
    for chunk in chunks(records, IDS_AT_ONCE):
        if target is Target.ACCOUNT:
            of_deals = changes.c.account.in_(chunk), changes.c.target == Target.DEAL.value
            deals = connection.scalars(select(changes.c.record).where(*of_deals).distinct()).all()
            count += _forget(connection, Target.DEAL, deals)
            count += connection.execute(delete(changes).where(changes.c.account.in_(chunk))).rowcount
        count += _forget(connection, target, chunk)
    return count


def _forget(connection: Connection, target: Target, records: Iterable[str]) -> int:
    gone = [
        delete(table).where(table.c.target == target.value, table.c.record.in_(chunk))
        for chunk in chunks(records, IDS_AT_ONCE)
        for table in (changes, written, quarantine)
    ]
    return sum(connection.execute(statement).rowcount for statement in gone)


def _read(row: Row[Any]) -> ChangeRow:
    change = Change(
        account=row.account,
        target=Target(row.target),
        record=row.record,
        property=row.property,
        old=row.old,
        new=row.new,
        cause=row.cause,
    )
    return ChangeRow(seq=row.seq, change=change, landed=row.landed, reason=row.reason, tries=row.tries)
