"""Step: write a journalled plan in batches; intents before, outcomes after, the first batch of each kind read back."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct, field
from msgspec.structs import replace

from connector.errors import StopRun
from connector.model.changes import Landed, Outcome, RecordWrite, Target
from connector.model.runs import Reason
from connector.planning.compare import key
from connector.sync import memory
from connector.sync.resting import resting
from connector.sync.settle import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from connector.model.changes import Change
    from connector.ports import ChangeRow
    from connector.sync.going import Going

FIRST_BATCH = 200
"""Records of the first batch of a kind, which is read back before any other goes out."""
WARY = 1
"""The same after a run whose values the CRM changed: one is enough to see that it still does."""
REASONS_SHOWN = 5


class Record(Struct, frozen=True):
    """One record's write and the planned changes it is made of."""

    target: Target
    name: str
    rows: tuple[ChangeRow, ...]

    @property
    def seqs(self) -> list[int]:
        """The journal's numbers of its changes."""
        return [row.seq for row in self.rows]

    def as_write(self, *, keeps: Callable[[str], bool]) -> RecordWrite:
        """Return it as one write; it says what was there before where nobody's edit may be overwritten."""
        changes = [row.change for row in self.rows]
        return RecordWrite(
            self.target,
            self.name,
            values=tuple((change.property, change.new) for change in changes),
            before=tuple((change.property, change.old) for change in changes if keeps(change.property)),
        )


def write(going: Going, *, keeps: Callable[[str], bool] | None = None) -> None:
    """Write every open change of the run; a stop request ends it after the batch in hand, as partial.

    `keeps` tells of which properties a person's value stays; without it the settings do.
    """
    writing = _Writing(going, quarantined=going.figures["quarantined"], keeps=keeps or going.parts.policy.keeps)
    rows = going.parts.journal.changes(going.run, only_open=True)
    first = FIRST_BATCH if going.parts.journal.recall(memory.REWRITTEN) is None else WARY
    try:
        for batch in batches(rows, going.parts.crm.batch_size, first=first):
            if going.stop.is_set():
                break
            writing.send(batch)
            going.parts.progress("write", writing.done, going.figures["changes"])
    finally:
        writing.tell()  # also of a run that is stopped: people hear what was left out until then
    if going.stop.is_set():
        _stopped(going)


def batches(rows: Iterable[ChangeRow], size: int, *, first: int | None = None) -> Iterator[list[Record]]:
    """Group changes into records and records of one target into batches, keeping their order; memory stays flat.

    `first` is the size of each target's first batch where that is less.
    """
    gathered: dict[Target, list[Record]] = {}
    room: dict[Target, int] = {}
    for (target, name), group in groupby(rows, key=lambda row: (row.change.target, row.change.record)):
        batch = gathered.setdefault(target, [])
        batch.append(Record(target, name, tuple(group)))
        if len(batch) == room.get(target, min(first or size, size)):
            room[target] = size
            yield gathered.pop(target)
    yield from (gathered[target] for target in sorted(gathered))


class _Writing(Struct):
    """The batches of one run, one after the other."""

    going: Going
    keeps: Callable[[str], bool]
    done: int = 0
    began: bool = False
    ruled_out: int = 0
    """Values that were not sent: a definition forbids them. When the run is stopped here, it only had no time left."""
    quarantined: int = 0
    """Records that the plan left in quarantine."""
    verified: set[Target] = field(default_factory=set)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Records per code and the CRM's words."""
    left: dict[str, str] = field(default_factory=dict)
    """Accounts of which something was left for a later run, with the cause it changes for."""

    def send(self, batch: Sequence[Record]) -> None:
        """Send one batch: look, mark, write, land, and verify the first of its kind."""
        self.going.check()
        self.done += sum(len(record.rows) for record in batch)
        if records := self._as_planned(batch):
            self._verify(batch[0].target, self._written(records))

    def _written(self, records: list[Record]) -> list[Record]:
        """Send the records; return those that the CRM acknowledged."""
        going = self.going
        self._begin()
        going.check()
        going.parts.journal.sending(going.run, [seq for record in records for seq in record.seqs])
        writes = [record.as_write(keeps=self.keeps) for record in records]
        outcomes = self._complete(records, going.parts.crm.write(writes))
        going.parts.journal.land(going.run, list(outcomes.values()), now=going.now)
        for record in records:
            self._count(record, outcomes[record.name])
        going.parts.crm.check()
        return [record for record in records if outcomes[record.name].landed is Landed.WRITTEN]

    def _begin(self) -> None:
        """Before the very first send: this run has written from here on, and is the newest that did.

        A first run is confirmed for good only now: one that sent nothing was none, and what was good before it had
        nothing to write, so that a first run that is cut finds no earlier state.
        """
        if not self.began:
            self.began = True
            journal = self.going.parts.journal
            journal.note(self.going.run, applied=True)
            journal.remember(memory.APPLIED, self.going.run)
            if journal.recall(memory.CONFIRMED) is None:
                journal.remember(memory.CONFIRMED, self.going.run)
                journal.remember(memory.GOOD, None)

    def _as_planned(self, batch: Sequence[Record]) -> list[Record]:
        """Leave out what is not as it was planned: records that are gone, values that somebody set since the pull."""
        holds = read(self.going.parts.crm, (row.change for record in batch for row in record.rows))
        waits = resting(self.going, batch[0].target, [record.name for record in batch])
        ready = []
        for record in batch:
            held = holds[record.target, record.name]
            if held is None:
                self._gone(record)
            elif not (rows := self._unchanged(record, held)):
                continue
            elif why := waits.get(record.name):
                self._rest(Record(record.target, record.name, rows), why)
            else:
                ready.append(Record(record.target, record.name, rows))
        return ready

    def _unchanged(self, record: Record, held: Mapping[str, str | None]) -> tuple[ChangeRow, ...]:
        there = [row for row in record.rows if held.get(row.change.property) == row.change.new]
        edited = [row for row in record.rows if self._is_edited(row.change, held) and self.keeps(row.change.property)]
        self._skip(there, Landed.SKIPPED, "there_already")
        self._skip(edited, Landed.KEPT, "edited_since")
        self.going.figures["kept"] += len(edited)
        return tuple(_as_found(row, held) for row in record.rows if row not in there and row not in edited)

    def _is_edited(self, change: Change, held: Mapping[str, str | None]) -> bool:
        """Whether somebody else set it since the pull: a write of ours may have arrived only now."""
        ours = self.going.open_values.get(key(change), ())
        return held.get(change.property) not in (change.old, change.new, *ours)

    def _gone(self, record: Record) -> None:
        self._skip(record.rows, Landed.GONE, "gone")
        self.going.figures["gone"] += 1

    def _rest(self, record: Record, why: str) -> None:
        self.going.parts.journal.skip(self.going.run, record.seqs, landed=Landed.SKIPPED, reason=why)
        self.going.figures["resting"] += 1
        self._leave(record)

    def _leave(self, record: Record) -> None:
        change = record.rows[0].change
        self.left[change.account] = str(change.cause)

    def _skip(self, rows: Sequence[ChangeRow], landed: Landed, why: str) -> None:
        if rows:
            going, seqs = self.going, [row.seq for row in rows]
            going.parts.journal.skip(going.run, seqs, landed=landed, reason=going.say(why))

    def _complete(self, records: Sequence[Record], outcomes: Sequence[Outcome]) -> dict[str, Outcome]:
        """One outcome per record; a record without one is unsettled."""
        told = {outcome.record: outcome for outcome in outcomes}
        words = self.going.say("not_named")
        return {
            record.name: told.get(record.name)
            or Outcome(record.target, record.name, Landed.UNSETTLED, "NO_OUTCOME", words)
            for record in records
        }

    def _count(self, record: Record, outcome: Outcome) -> None:
        figures = self.going.figures
        match outcome.landed:
            case Landed.WRITTEN:
                figures["written"] += len(record.rows)
            case Landed.REFUSED:
                figures["refused"] += len(record.rows)
                figures["quarantined"] += 1
                self._leave(record)
                self.refused[outcome.code or "REFUSED", outcome.reason] += 1
            case Landed.SKIPPED | Landed.KEPT:
                self.ruled_out += len(record.rows)
                self.refused[outcome.code or "SKIPPED", outcome.reason] += 1
            case Landed.GONE:
                figures["gone"] += 1
            case Landed.UNSETTLED:
                figures["unsettled"] += len(record.rows)

    def _verify(self, target: Target, written: Sequence[Record]) -> None:
        """Read the first written batch of a target back; a CRM that changes our values stops the run here.

        A record that somebody deleted meanwhile is gone, and no sign of that.
        """
        if target in self.verified or not written:
            return
        self.verified.add(target)
        journal = self.going.parts.journal
        holds = read(self.going.parts.crm, (row.change for record in written for row in record.rows))
        for record in written:
            held = holds[target, record.name]
            if held is None:
                self.going.figures["gone"] += 1
                continue
            for change in (row.change for row in record.rows):
                if held.get(change.property) != change.new:
                    journal.remember(memory.REWRITTEN, target)
                    raise self._rewritten(change, held.get(change.property))
        if journal.recall(memory.REWRITTEN) == target:
            journal.remember(memory.REWRITTEN, None)

    def _rewritten(self, change: Change, reads: str | None) -> StopRun:
        say, place = self.going.say, f"{change.target} {change.record}: {change.property}"
        text = say("REWRITTEN", place=place, new=repr(change.new), reads=repr(reads))
        return StopRun(text, code="REWRITTEN", hint=say("look_for_a_workflow"))

    def tell(self) -> None:
        """Name what was left out; that makes the run partial."""
        going = self.going
        going.figures["refused"] += self.ruled_out
        if self.quarantined:
            going.partial(Reason("QUARANTINED", self._aside()))
        for (code, words), count in self.refused.most_common(REASONS_SHOWN):
            going.partial(Reason(code, going.say("left_out", records=count, words=words)))
        if lost := going.figures["unsettled"]:
            going.partial(Reason("UNSETTLED", going.say("UNSETTLED", values=lost)))
        if records := going.figures["resting"]:
            going.reasons.append(Reason("EDITED_LATELY", going.say("EDITED_LATELY", records=records)))
        memory.leave(going.parts.journal, going.run, self.left)

    def _aside(self) -> str:
        """Tell how many records wait in quarantine, and when the first of all that do is tried again."""
        policy, aside = self.going.parts.policy, self.going.parts.journal.quarantined()
        first = min((row.next_try for row in aside), default=self.going.now).astimezone(ZoneInfo(policy.time_zone))
        return self.going.say("QUARANTINED", records=self.quarantined, moment=f"{first:%Y-%m-%d %H:%M %Z}")


def _as_found(row: ChangeRow, held: Mapping[str, str | None]) -> ChangeRow:
    """The change from what is there now."""
    now = held.get(row.change.property)
    return row if now == row.change.old else replace(row, change=row.change._replace(old=now))


def _stopped(going: Going) -> None:
    """End what is still open: it was not sent, and the next run plans it again."""
    left = [row.seq for row in going.parts.journal.changes(going.run, only_open=True)]
    if left:
        going.parts.journal.skip(going.run, left, landed=Landed.SKIPPED, reason=going.say("stopped_before"))
        going.partial(Reason("STOPPED", going.say("STOPPED", values=len(left))))
