"""One writer at a time: a row with owner, heartbeat and a token that grows with every holder.

The token fences: who lost the lease while it slept cannot mark a single change as being sent any more, because
that is checked in the same transaction.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update

from connector.errors import ConnectorError, Held, StopRun
from connector.ports import Holder
from connector.store.processes import Process, is_alive, this_process
from connector.store.schema import lease

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

    from connector.ports import Clock
    from connector.store.database import Database

EXPIRY = timedelta(seconds=60)
"""A holder on another machine that has not beaten for so long is taken for dead."""
BEAT_SECONDS = 10.0
_LOOK_SECONDS = 0.25

_ROW = select(lease)
_ROW_FOR_UPDATE = _ROW.with_for_update()
_TOKEN_THAT_STAYS = select(lease.c.token).with_for_update(read=True)
_WHILE_OURS = update(lease).where(lease.c.token == bindparam("ours"))
_TAKEN = update(lease)
_FREE: dict[str, Any] = dict.fromkeys(("owner", "host", "machine", "pid", "process_start", "since", "beat"))


class Fence:
    """The token under which this process holds the lease; shared by the lease and the journal."""

    def __init__(self) -> None:
        self.token: int | None = None

    def check(self, connection: Connection) -> None:
        """Raise StopRun unless the lease is still ours; it then stays so until the transaction ends."""
        if self.token is None or connection.scalar(_TOKEN_THAT_STAYS) != self.token:
            raise StopRun(
                "the lease was lost, or never taken: another run may be writing",
                hint="nothing more was sent; the next run settles what was under way",
                code="LEASE_LOST",
            )


class SqlLease:
    """Decides who writes; promises of connector.ports.Lease.

    `clock` is compared with the clocks of other machines: give it the true time, never a fixed one.
    """

    def __init__(self, database: Database, fence: Fence, *, clock: Clock, beat_seconds: float = BEAT_SECONDS) -> None:
        self._database = database
        self._fence = fence
        self._clock = clock
        self._beat_seconds = beat_seconds
        self._unreleased: int | None = None
        """A token that could not be given back: its process lives on, so nobody else would ever take it for dead."""

    def holder(self) -> Holder | None:
        """Who holds the lease now, alive or not; None when it is free."""
        with self._database.read() as connection:
            row = connection.execute(_ROW).one()
        return None if row.owner is None else _holder(row)

    @contextmanager
    def hold(self, *, wait_seconds: float) -> Iterator[Callable[[], None]]:
        """Hold the lease; the check that it yields raises StopRun once it was lost."""
        token = self._wait_for(wait_seconds)
        self._fence.token = token
        released = Event()
        heart = Thread(target=self._beat_until, args=(token, released), name="lease", daemon=True)
        heart.start()
        try:
            yield self._check
        finally:
            self._fence.token = None
            released.set()
            heart.join()
            self._release(token)

    def _check(self) -> None:
        with self._database.read() as connection:
            self._fence.check(connection)

    def _wait_for(self, wait_seconds: float) -> int:
        pause, waited = Event(), 0.0
        while True:
            token, holder = self._try()
            if token is not None:
                return token
            if waited >= wait_seconds:
                raise _held(holder, wait_seconds)
            step = min(_LOOK_SECONDS, wait_seconds - waited)
            pause.wait(step)
            waited += step

    def _try(self) -> tuple[int | None, Holder | None]:
        """Take the lease when it is free or its holder dead: (token, None), else (None, holder)."""
        me, now = this_process(), self._clock()
        with self._database.write() as connection:
            row = connection.execute(_ROW_FOR_UPDATE).one()
            if row.owner is not None and row.token != self._unreleased and not _is_dead(row, now):
                return None, _holder(row)
            connection.execute(_TAKEN, _taken(me, row.token + 1, now))
        return row.token + 1, None

    def _beat_until(self, token: int, released: Event) -> None:
        """Beat until released, or until someone else took over; a beat that fails is tried again."""
        while not released.wait(self._beat_seconds):
            try:
                if not self._set(token, beat=self._clock()):
                    return
            except ConnectorError:
                continue  # the database may be back at the next beat; `sending` fails loudly meanwhile

    def _release(self, token: int) -> None:
        try:
            self._set(token, **_FREE)
        except ConnectorError:
            self._unreleased = token  # what ended the run is told by its own error, not by this one

    def _set(self, token: int, **values: object) -> bool:
        """Change the row while it is ours; False when it is not any more."""
        with self._database.write() as connection:
            return connection.execute(_WHILE_OURS, {**values, "ours": token}).rowcount == 1


def _taken(me: Process, token: int, now: datetime) -> dict[str, Any]:
    return {
        "token": token,
        "owner": f"{me.host}:{me.pid}",
        "host": me.host,
        "machine": me.machine,
        "pid": me.pid,
        "process_start": me.started,
        "since": now,
        "beat": now,
    }


def _is_dead(row: Row[Any], now: datetime) -> bool:
    """A process that can be seen decides by being there; any other by its last beat."""
    alive = is_alive(Process(host=row.host, machine=row.machine, pid=row.pid, started=row.process_start))
    return now - row.beat > EXPIRY if alive is None else not alive


def _holder(row: Row[Any]) -> Holder:
    return Holder(owner=row.owner, host=row.host, pid=row.pid, since=row.since, beat=row.beat)


def _held(holder: Holder | None, waited: float) -> Held:
    who = (
        "another process"
        if holder is None
        else f"process {holder.pid} on {holder.host}, since {holder.since:%Y-%m-%d %H:%M:%S %Z}"
    )
    return Held(
        f"another run is going on ({who}); waited {waited:g} s",
        hint="wait for it, or raise [state] lease_wait_seconds; a dead one is taken over by itself",
        code="ANOTHER_RUN",
    )
