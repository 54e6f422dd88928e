"""Plans that nobody has begun to write, packed: a first run plans hundreds of thousands of values at once.

A planned change is in a pack or a row of `changes`, never in both: a pack becomes rows in the very transaction that
first touches one of its changes. So a plan that is only looked at costs no rows, and what is written has them all.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from connector.model.changes import Change, Target
from connector.ports import ChangeRow
from connector.store.contradictions import contradiction
from connector.store.schema import changes, packs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy.engine import Connection, Row

CHANGES_PER_PACK = 2_000
_TARGETS = {target.value: target for target in Target}
TWICE = "a value was planned twice in one run"
_FASTEST = 1
"""Columns of like values shrink to a twentieth at zlib's fastest level already."""
_OF_RUN = packs.c.run_no == bindparam("of_run")
_NEXT = select(packs).where(_OF_RUN, packs.c.first_seq > bindparam("behind")).order_by(packs.c.first_seq).limit(1)
_LAST_ROW = select(func.max(changes.c.seq)).where(changes.c.run_no == bindparam("of_run"))
_LAST_IN_PACKS = select(func.max(packs.c.last_seq)).where(_OF_RUN)
_COLUMNS = ("account", "target", "record", "property", "old", "new", "cause")


def put(connection: Connection, run_no: int, planned: Iterable[Change], *, landed: str | None, reason: str) -> None:
    """Append the changes to the run's plan, in order. Raises StopRun for a value that comes twice among them.

    One that comes twice in a run otherwise is found when its changes become rows, before it is sent.
    """
    seq, iterator = _last_seq(connection, run_no), iter(planned)
    rows, seen = [], 0
    values: set[tuple[str | None, ...]] = set()
    while chunk := list(islice(iterator, CHANGES_PER_PACK)):
        columns = tuple(zip(*chunk, strict=True))
        values.update(zip(columns[1], columns[2], columns[3], strict=True))
        seen += len(chunk)
        if len(values) != seen:
            raise contradiction(TWICE)
        rows.append({"first_seq": seq + 1, "last_seq": seq + len(chunk), "body": _packed(columns)})
        seq += len(chunk)
    if rows:
        shared = {"run_no": run_no, "landed": landed, "reason": reason}
        connection.execute(insert(packs), [shared | row for row in rows])


def next_after(connection: Connection, run_no: int, seq: int) -> Row[Any] | None:
    """The first pack of the run behind `seq`."""
    return connection.execute(_NEXT, {"of_run": run_no, "behind": seq}).one_or_none()


def rows(pack: Row[Any]) -> Iterator[ChangeRow]:
    """The changes of a pack; none of them was ever sent."""
    for seq, change in enumerate(_unpacked(pack.body), pack.first_seq):
        yield ChangeRow(seq=seq, change=change, landed=pack.landed, reason=pack.reason, tries=0)


def unpack(connection: Connection, run_no: int, seqs: Sequence[int]) -> None:
    """Make rows of the packs that hold any of these changes."""
    wanted = sorted(seqs)
    if not wanted:
        return
    near = select(packs.c.first_seq, packs.c.last_seq).where(
        packs.c.run_no == run_no, packs.c.last_seq >= wanted[0], packs.c.first_seq <= wanted[-1]
    )
    for first, last in connection.execute(near).all():
        if wanted[bisect_left(wanted, first)] <= last:
            _unpack(connection, run_no, first)


def holds(connection: Connection, run_no: int) -> set[tuple[str, str]]:
    """(target, record) of every change in the run's packs."""
    found = connection.execute(select(packs.c.body).where(packs.c.run_no == run_no))
    return {(change.target.value, change.record) for (body,) in found for change in _unpacked(body)}


def unpack_those_of(connection: Connection, target: Target, records: Sequence[str]) -> None:
    """Make rows of every pack, of whatever run, that holds a change of these records, or of these accounts' deals."""
    wanted = set(records)
    for run_no, first in connection.execute(select(packs.c.run_no, packs.c.first_seq)).all():
        for change in _unpacked(_body(connection, run_no, first)):
            of_account = target is Target.ACCOUNT and change.account in wanted
            if of_account or (change.target is target and change.record in wanted):
                _unpack(connection, run_no, first)
                break


def discard(connection: Connection, run_no: int) -> None:
    """Delete the packs of a run."""
    connection.execute(delete(packs).where(packs.c.run_no == run_no))


def _last_seq(connection: Connection, run_no: int) -> int:
    in_rows, in_packs = (connection.scalar(last, {"of_run": run_no}) for last in (_LAST_ROW, _LAST_IN_PACKS))
    return max(in_rows or 0, in_packs or 0)


def _unpack(connection: Connection, run_no: int, first: int) -> None:
    here = (packs.c.run_no == run_no, packs.c.first_seq == first)
    pack = connection.execute(select(packs).where(*here)).one()
    ended = {"run_no": run_no, "tries": 0, "landed": pack.landed, "code": "", "reason": pack.reason}
    planned = [
        {**ended, "seq": seq, **dict(zip(_COLUMNS, change, strict=True)), "target": change.target.value}
        for seq, change in enumerate(_unpacked(pack.body), first)
    ]
    connection.execute(delete(packs).where(*here))
    try:
        connection.execute(insert(changes), planned)
    except IntegrityError:
        raise contradiction(TWICE) from None


def _body(connection: Connection, run_no: int, first: int) -> bytes:
    found = select(packs.c.body).where(packs.c.run_no == run_no, packs.c.first_seq == first)
    return bytes(connection.execute(found).scalar_one())


def _packed(columns: Sequence[Sequence[str | None]]) -> bytes:
    return zlib.compress(orjson.dumps(columns), _FASTEST)


def _unpacked(body: bytes) -> Iterator[Change]:
    for account, target, *rest in zip(*orjson.loads(zlib.decompress(body)), strict=True):
        yield Change(account, _TARGETS[target], *rest)
