"""A CRM in memory that tells what was sent to it, and misbehaves when told to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.model.changes import Landed, Outcome, RecordWrite, Target
from connector.model.fields import KEY, Table
from connector.ports import (
    Cost,
    Finding,
    Page,
    Progress,
    ProvisionStep,
    PullRequest,
    PullSummary,
    Quota,
)
from tests.twins.words import TABLE, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from connector.model.outputs import Output

Write = Callable[[Sequence[RecordWrite]], Sequence[Outcome]]
Around = Callable[[Sequence[RecordWrite], Write], Sequence[Outcome]]
SENDS = 3
"""A CRM sends a write whose answer was lost again at most twice."""


@dataclass
class ModelCrm:
    """A CRM in memory that tells what was sent to it, and misbehaves when told to."""

    name: str = "model"
    batch_size: int = 3
    keeps_false: bool = True
    lingering: timedelta = timedelta(hours=1)
    page_size: int = 2
    tenant_name: str | None = "model tenant 1"
    records: dict[Target, dict[str, Row]] = field(default_factory=lambda: {Target.ACCOUNT: {}, Target.DEAL: {}})
    refuses: dict[tuple[Target, str], str] = field(default_factory=dict)
    """Records it refuses, with its words."""
    loses: Counter[tuple[Target, str]] = field(default_factory=Counter)
    """How often it loses a record's write, answer and all."""
    mutes: Counter[tuple[Target, str]] = field(default_factory=Counter)
    """How often it writes a record and loses the answer."""
    delays: Counter[tuple[Target, str]] = field(default_factory=Counter)
    """How often it loses the answer and writes the record later: when the next pull begins, or the next write of it."""
    late: list[RecordWrite] = field(default_factory=list)
    rewrites: dict[tuple[str, str | None], str] = field(default_factory=dict)
    """(property, value) that a workflow replaces right after a write."""
    around_write: Around | None = None
    """What a test puts around every write."""
    on_preflight: Callable[[], None] = lambda: None
    before_pull: Callable[[], None] = lambda: None
    after_pull: Callable[[], None] = lambda: None
    sent: Counter[tuple[Target, str, str, str | None]] = field(default_factory=Counter)
    batches: list[list[RecordWrite]] = field(default_factory=list)
    pulls: list[str | None] = field(default_factory=list)
    preflights: list[tuple[str, ...]] = field(default_factory=list)
    order: Callable[[list[str]], list[str]] = sorted
    calls: int = 0
    edits: dict[tuple[Target, str], datetime] = field(default_factory=dict)
    """When a person changed a record last."""
    blind: bool = False
    """Whether a pull of changes does not see yet what was written."""
    versions: dict[tuple[Target, str], int] = field(default_factory=dict)
    version: int = 0

    def cost(self, _target: Target, records: int, _properties: Collection[str], /) -> Cost:
        """One call each."""
        return Cost(0, records, records)

    def put(self, target: Target, record: str, /, **values: str | None) -> None:
        """What anybody else does in the CRM."""
        self.version += 1
        self.versions[target, record] = self.version
        self.records[target].setdefault(record, {}).update(values)

    def holds(self, target: Target, record: str, name: str) -> str | None:
        return self.records[target][record].get(name)

    def arrive(self) -> None:
        """Writes that were on their way arrive."""
        for write in self.late:
            if write.record in self.records[write.target]:
                self.put(write.target, write.record, **dict(write.values))
        self.late.clear()

    def picture(self) -> dict[tuple[Target, str], Row]:
        """Everything it holds, to compare with later."""
        return {
            (target, name): {key: value for key, value in row.items() if value is not None}
            for target, rows in self.records.items()
            for name, row in rows.items()
        }

    def tenant(self) -> str | None:
        return self.tenant_name

    def pull(self, request: PullRequest, deliver: Callable[[Page], None], progress: Progress) -> PullSummary:
        self.calls += 1
        self.pulls.append(request.since)
        self.before_pull()
        self.arrive()
        watermark = str(self.version)  # of the start: what changes meanwhile comes again
        rows: dict[Table, int] = {}
        for target, table in TABLE.items():
            since = int(request.since) if request.since else -1
            wrote = request.wrote.get(target, ())
            names = [n for n in self.records[target] if n in wrote or self.versions[target, n] > since]
            for page in _pages(self.order(names), self.page_size):
                deliver(Page(table, self._columns(target, table, page, request.columns[table])))
            rows[table] = len(names)
            progress(table, len(names))
        self.after_pull()
        return PullSummary(watermark, request.since is None, rows, {})

    def _columns(
        self, target: Target, table: Table, names: Sequence[str], asked: Sequence[str]
    ) -> dict[str, list[str | None]]:
        columns: dict[str, list[str | None]] = {
            column: [self.records[target][name].get(column) for name in names] for column in asked
        }
        columns[KEY[table]] = list(names)
        return columns

    def read(
        self, target: Target, records: Sequence[str], properties: Sequence[str]
    ) -> Mapping[str, Mapping[str, str | None] | None]:
        assert len(records) <= self.batch_size
        self.calls += 1
        held = self.records[target]
        return {name: {p: held[name].get(p) for p in properties} if name in held else None for name in records}

    def edited(self, target: Target, records: Sequence[str], *, since: datetime) -> Mapping[str, datetime]:
        self.calls += 1
        moments = {record: self.edits[target, record] for record in records if (target, record) in self.edits}
        return {record: at for record, at in moments.items() if at >= since}

    def write(self, batch: Sequence[RecordWrite]) -> Sequence[Outcome]:
        assert len(batch) <= self.batch_size
        assert len({write.target for write in batch}) == 1
        self.calls += 1
        self.batches.append(list(batch))
        return self.around_write(batch, self._write_all) if self.around_write else self._write_all(batch)

    def _write_all(self, batch: Sequence[RecordWrite]) -> Sequence[Outcome]:
        return [self._write(write) for write in reversed(batch)]

    def _write(self, write: RecordWrite) -> Outcome:
        place = (write.target, write.record)
        if write.record not in self.records[write.target]:
            return Outcome(*place, Landed.GONE)
        for _ in range(SENDS):
            self.sent.update((*place, name, value) for name, value in write.values)
            if self.loses[place] == 0:
                break
            self.loses[place] -= 1
        else:
            return Outcome(*place, Landed.UNSETTLED)
        if self.delays[place] > 0:
            self.delays[place] -= 1
            self.late.append(write)
            return Outcome(*place, Landed.UNSETTLED)
        self.late = [write for write in self.late if (write.target, write.record) != place]
        if place in self.refuses:
            return Outcome(*place, Landed.REFUSED, "VALIDATION", self.refuses[place])
        seen = self.versions[place]
        self.put(*place, **{name: self.rewrites.get((name, value), value) for name, value in write.values})
        if self.blind:
            self.versions[place] = seen
        if self.mutes[place] > 0:
            self.mutes[place] -= 1
            return Outcome(*place, Landed.UNSETTLED)
        return Outcome(*place, Landed.WRITTEN)

    def connected(self, request: PullRequest) -> Mapping[Table, frozenset[str]]:
        return {table: frozenset(columns) for table, columns in request.columns.items()}

    def preflight(self, outputs: Sequence[Output]) -> None:
        self.calls += 1
        self.on_preflight()
        self.preflights.append(tuple(output.name for output in outputs))

    def provision(self, outputs: Sequence[Output], *, language: str, dry_run: bool) -> Sequence[ProvisionStep]:
        raise NotImplementedError((outputs, language, dry_run))

    def doctor(self, request: PullRequest, outputs: Sequence[Output]) -> Iterator[Finding]:
        raise NotImplementedError((request, outputs))

    def quota(self) -> Quota:
        return Quota(None, None)

    def check(self) -> None:
        """A write of this CRM never ends half-way without saying so."""

    def requests(self) -> int:
        return self.calls

    def close(self) -> None:
        """Nothing is open."""


def _pages(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), size):
        yield names[start : start + size]
