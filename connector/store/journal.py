"""The journal port on SQL: every method is one transaction."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select

from connector.store import changes as planned
from connector.store import packs, quarantine, retention, runs
from connector.store.contradictions import contradiction
from connector.store.schema import facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

    from connector.model.changes import Change, Landed, Outcome, Target
    from connector.model.runs import Reason, RunOutcome
    from connector.ports import ChangeRow, QuarantineRow, RunRow
    from connector.store.database import Database
    from connector.store.lease import Fence

_FACT = select(facts.c.value).where(facts.c.key == bindparam("named"))
_FORGOTTEN = delete(facts).where(facts.c.key == bindparam("named"))


class SqlJournal:
    """What was planned, written and acknowledged; promises of connector.ports.Journal."""

    def __init__(self, database: Database, fence: Fence) -> None:
        self._database = database
        self._fence = fence

    def start(self, *, run: str, command: str, now: datetime) -> None:
        """A run begins."""
        with self._database.write() as connection:
            runs.start(connection, run, command, now)

    def note(self, run: str, **facts: object) -> None:
        """Keep facts about a run; figures and details are added to those kept before."""
        with self._database.write() as connection:
            runs.note(connection, run, facts)

    def finish(self, run: str, *, outcome: RunOutcome, now: datetime, reasons: Sequence[Reason] = ()) -> None:
        """A run ended."""
        ending = {"outcome": outcome.value, "finished": now, "reasons": tuple(reasons)}
        with self._database.write() as connection:
            runs.note(connection, run, ending)

    def run(self, run: str) -> RunRow | None:
        """One run."""
        with self._database.read() as connection:
            return runs.one(connection, run)

    def runs(self, *, limit: int | None = None) -> Sequence[RunRow]:
        """Newest first."""
        with self._database.read() as connection:
            return runs.newest(connection, limit)

    def intend(self, run: str, changes: Iterable[Change], *, landed: Landed | None = None, reason: str = "") -> None:
        """Intended changes, before the first write of them; `landed` says that they end here, without being sent."""
        with self._database.write() as connection:
            run_no = runs.number(connection, run)
            packs.put(connection, run_no, changes, landed=landed and landed.value, reason=reason)

    def reopen(self, run: str) -> None:
        """Changes of the run that wait for a person are open."""
        with self._database.write() as connection:
            planned.reopen(connection, runs.number(connection, run))

    def changes(self, run: str, *, only_open: bool = False) -> Iterator[ChangeRow]:
        """The changes in plan order, read as they are asked for: no transaction stays open meanwhile."""
        seq: int | None = 0
        while seq is not None:
            with self._database.read() as connection:
                rows, seq = planned.after(connection, runs.number(connection, run), seq, only_open=only_open)
            yield from rows

    def sending(self, run: str, seqs: Sequence[int]) -> None:
        """These changes are about to be sent. Raises StopRun when this process does not hold the lease (any more)."""
        with self._database.write() as connection:
            self._fence.check(connection)
            planned.sending(connection, runs.number(connection, run), seqs)

    def skip(self, run: str, seqs: Sequence[int], *, landed: Landed, reason: str) -> None:
        """These changes end without being sent (KEPT or SKIPPED)."""
        with self._database.write() as connection:
            planned.skip(connection, runs.number(connection, run), seqs, landed=landed, reason=reason)

    def land(self, run: str, outcomes: Sequence[Outcome], *, now: datetime) -> None:
        """Outcomes of records; all known ones are kept, then StopRun is raised for a record the run never planned."""
        with self._database.write() as connection:
            run_no = runs.number(connection, run)
            strangers = planned.unknown(connection, run_no, outcomes)
            known = [outcome for outcome in outcomes if outcome not in strangers]
            planned.land(connection, run_no, known, now)
            planned.acknowledge(self._database, connection, run_no, known, now=now)
            quarantine.settle(self._database, connection, known, now)
        if strangers:
            raise contradiction(f"an outcome arrived for {strangers[0].record}, which run {run} never planned")

    def last_written(
        self, keys: Iterable[tuple[Target, str, str]]
    ) -> Mapping[tuple[Target, str, str], tuple[str | None, ...]]:
        """The values that count as ours, per key."""
        with self._database.read() as connection:
            return planned.ours(connection, keys)

    def written_at(self, target: Target, name: str, value: str) -> Mapping[str, datetime]:
        """Per record whose property was last written with this value, when that was."""
        with self._database.read() as connection:
            return planned.written_at(connection, target, name, value)

    def replaced(self, run: str, keys: Iterable[tuple[Target, str, str]]) -> AbstractSet[tuple[Target, str, str]]:
        """Those of the values that a later run wrote since."""
        with self._database.read() as connection:
            return planned.replaced(connection, runs.number(connection, run), keys)

    def standing(self, target: Target, name: str) -> Iterator[tuple[str, str | None]]:
        """Per record what we wrote last of a property, read as it is asked for."""
        record: str | None = ""
        while record is not None:
            with self._database.read() as connection:
                rows, record = planned.standing(connection, target, name, behind=record)
            yield from rows

    def has_written(self) -> bool:
        """Whether any value counts as ours."""
        with self._database.read() as connection:
            return planned.any_ours(connection)

    def unsettled(self) -> Sequence[tuple[str, ChangeRow]]:
        """Changes that were being sent and whose fate is not known: (run, change), oldest first."""
        with self._database.read() as connection:
            return planned.unsettled(connection)

    def overtaken(self, *, since: datetime) -> Sequence[Change]:
        """Changes being sent by a run since then whose fate is not known, on which a later run wrote."""
        with self._database.read() as connection:
            return planned.overtaken(connection, since)

    def sent_since(self, moment: datetime) -> Mapping[Target, AbstractSet[str]]:
        """The records that runs sent since then."""
        with self._database.read() as connection:
            return planned.sent_since(connection, moment)

    def quarantined(self) -> Sequence[QuarantineRow]:
        """Records set aside."""
        with self._database.read() as connection:
            return quarantine.listed(connection)

    def discard(self, run: str) -> None:
        """The changes of the run that were never sent go."""
        with self._database.write() as connection:
            planned.discard(connection, runs.number(connection, run))

    def prune(self, *, before: datetime, spare: Sequence[str], most: int) -> int:
        """Runs that ended long ago go, with their changes; what was last written stays."""
        with self._database.write() as connection:
            return retention.prune(connection, before=before, spare=spare, most=most)

    def forget(self, target: Target, records: Sequence[str]) -> int:
        """The records are gone: their rows go too; returns how many."""
        with self._database.write() as connection:
            return planned.forget(connection, target, records)

    def remember(self, key: str, value: str | None) -> None:
        """A small named fact; None removes it."""
        with self._database.write() as connection:
            if value is None:
                connection.execute(_FORGOTTEN, {"named": key})
            else:
                connection.execute(self._remembered, {"key": key, "value": value})

    @cached_property
    def _remembered(self) -> SqliteInsert | PostgresInsert:
        put = self._database.insert(facts)
        return put.on_conflict_do_update(index_elements=["key"], set_={"value": put.excluded.value})

    def recall(self, key: str) -> str | None:
        """The small named fact, or None."""
        with self._database.read() as connection:
            value: str | None = connection.scalar(_FACT, {"named": key})
            return value
