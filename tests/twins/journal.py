"""The journal as dictionaries, held to the contract of the real one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from connector.model.changes import Change, Landed, Outcome, Target
from connector.ports import (
    ChangeRow,
    QuarantineRow,
    RunRow,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from connector.model.runs import Reason, RunOutcome
    from tests.twins.words import Key


@dataclass
class _Planned:
    row: ChangeRow

    @property
    def being_sent(self) -> bool:
        return self.row.tries > 0 and self.row.landed in (None, Landed.UNSETTLED)


@dataclass
class MemoryJournal:
    """The journal as dictionaries; every method is atomic because nothing interrupts it."""

    rows: dict[str, RunRow] = field(default_factory=dict)
    planned: dict[str, list[_Planned]] = field(default_factory=dict)
    written: dict[Key, tuple[int, str | None]] = field(default_factory=dict)
    """The number of the run that wrote it last, and the value."""
    moments: dict[Key, datetime] = field(default_factory=dict)
    aside: dict[tuple[Target, str], QuarantineRow] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)

    def start(self, *, run: str, command: str, now: datetime) -> None:
        assert run not in self.rows
        self.rows[run] = RunRow(
            run=run,
            command=command,
            started=now,
            finished=None,
            outcome=None,
            applied=False,
            snapshot=None,
            as_of=None,
            rule_version=None,
            digest=None,
            figures={},
            reasons=(),
            details={},
        )
        self.planned[run] = []

    def note(self, run: str, **facts: Any) -> None:
        row = self.rows[run]
        for name in ("figures", "details"):
            if name in facts:
                facts[name] = {**getattr(row, name), **facts[name]}
        self.rows[run] = replace(row, **facts)

    def finish(self, run: str, *, outcome: RunOutcome, now: datetime, reasons: Sequence[Reason] = ()) -> None:
        self.note(run, outcome=outcome, finished=now, reasons=tuple(reasons))

    def run(self, run: str) -> RunRow | None:
        return self.rows.get(run)

    def runs(self, *, limit: int | None = None) -> Sequence[RunRow]:
        return list(reversed(self.rows.values()))[:limit]

    def intend(self, run: str, changes: Iterable[Change], *, landed: Landed | None = None, reason: str = "") -> None:
        plan = self.planned[run]
        for change in list(changes):
            plan.append(_Planned(ChangeRow(len(plan) + 1, change, landed, reason, 0)))

    def reopen(self, run: str) -> None:
        for item in self.planned[run]:
            if item.row.landed is Landed.WAITING:
                item.row = replace(item.row, landed=None, reason="")

    def changes(self, run: str, *, only_open: bool = False) -> Iterator[ChangeRow]:
        yield from [item.row for item in self.planned[run] if not only_open or item.row.landed is None]

    def sending(self, run: str, seqs: Sequence[int]) -> None:
        for seq in seqs:
            item = self.planned[run][seq - 1]
            assert item.row.landed in (None, Landed.UNSETTLED)
            item.row = replace(item.row, tries=item.row.tries + 1, landed=None)

    def skip(self, run: str, seqs: Sequence[int], *, landed: Landed, reason: str) -> None:
        for seq in seqs:
            item = self.planned[run][seq - 1]
            assert item.row.landed is None
            assert item.row.tries == 0
            item.row = replace(item.row, landed=landed, reason=reason)

    def land(self, run: str, outcomes: Sequence[Outcome], *, now: datetime) -> None:
        for outcome in outcomes:
            for item in self.planned[run]:
                change = item.row.change
                if item.being_sent and (change.target, change.record) == (outcome.target, outcome.record):
                    item.row = replace(item.row, landed=outcome.landed, reason=outcome.reason)
                    if outcome.landed is Landed.WRITTEN:
                        self._acknowledge(run, change)
                        self.moments[_key(change)] = now
            self._quarantine(outcome, now)

    def _acknowledge(self, run: str, change: Change) -> None:
        """A later run's value stays the last written one, whenever the earlier outcome comes to light."""
        key, number = _key(change), list(self.rows).index(run)
        if key not in self.written or self.written[key][0] <= number:
            self.written[key] = (number, change.new)

    def _quarantine(self, outcome: Outcome, now: datetime) -> None:
        place = (outcome.target, outcome.record)
        if outcome.landed in (Landed.WRITTEN, Landed.GONE):
            self.aside.pop(place, None)
        if outcome.landed is Landed.REFUSED:
            old = self.aside.get(place)
            tries = old.tries + 1 if old else 1
            since = old.since if old else now
            wait = timedelta(hours=4 ** (tries - 1))
            self.aside[place] = QuarantineRow(*place, outcome.reason, since, tries, now + wait)

    def last_written(self, keys: Iterable[Key]) -> Mapping[Key, tuple[str | None, ...]]:
        found: dict[Key, tuple[str | None, ...]] = {}
        wanted = set(keys)
        for key in wanted & self.written.keys():
            found[key] = (self.written[key][1],)
        for _, row in self.unsettled():
            key = _key(row.change)
            if key in wanted:
                found[key] = (*found.get(key, ()), row.change.new)
        return found

    def written_at(self, target: Target, name: str, value: str) -> Mapping[str, datetime]:
        those = [key for key, held in self.written.items() if (key[0], key[2], held[1]) == (target, name, value)]
        return {key[1]: self.moments[key] for key in those}

    def replaced(self, run: str, keys: Iterable[Key]) -> set[Key]:
        number = list(self.rows).index(run)
        return {key for key in keys if key in self.written and self.written[key][0] > number}

    def standing(self, target: Target, name: str) -> Iterator[tuple[str, str | None]]:
        yield from sorted((key[1], held[1]) for key, held in self.written.items() if (key[0], key[2]) == (target, name))

    def has_written(self) -> bool:
        return bool(self.written or self.unsettled())

    def unsettled(self) -> Sequence[tuple[str, ChangeRow]]:
        return [
            (run, item.row)
            for number, (run, plan) in enumerate(self.planned.items())
            for item in plan
            if item.being_sent and self.written.get(_key(item.row.change), (-1, None))[0] <= number
        ]

    def sent_since(self, moment: datetime) -> Mapping[Target, set[str]]:
        found: dict[Target, set[str]] = {}
        for run, plan in self.planned.items():
            row = self.rows[run]
            if row.applied and (row.finished or row.started) >= moment:
                for change in (item.row.change for item in plan if item.row.tries):
                    found.setdefault(change.target, set()).add(change.record)
        return found

    def overtaken(self, *, since: datetime) -> Sequence[Change]:
        return [
            item.row.change
            for number, (run, plan) in enumerate(self.planned.items())
            for item in plan
            if item.being_sent
            and self.written.get(_key(item.row.change), (-1, None))[0] > number
            and (self.rows[run].finished or self.rows[run].started) >= since
        ]

    def quarantined(self) -> Sequence[QuarantineRow]:
        return list(self.aside.values())

    def discard(self, run: str) -> None:
        self.planned[run] = [item for item in self.planned[run] if item.row.tries]

    def prune(self, *, before: datetime, spare: Sequence[str], most: int) -> int:
        stay = {*spare, *(run for run, _ in self.unsettled())}
        ended = [run for run, row in self.rows.items() if row.finished is not None and row.finished < before]
        old = [run for run in ended if run not in stay][:most]
        numbers = [list(self.rows).index(run) for run in old]
        for run in old:
            del self.rows[run], self.planned[run]
        for key, (number, value) in self.written.items():
            self.written[key] = (number - sum(1 for gone in numbers if gone < number), value)
        return len(old)

    def forget(self, target: Target, records: Sequence[str]) -> int:
        gone = [key for key in self.written if key[0] is target and key[1] in records]
        for key in gone:
            del self.written[key]
        return len(gone)

    def remember(self, key: str, value: str | None) -> None:
        if value is None:
            self.facts.pop(key, None)
        else:
            self.facts[key] = value

    def recall(self, key: str) -> str | None:
        return self.facts.get(key)


def _key(change: Change) -> Key:
    return change.target, change.record, change.property
