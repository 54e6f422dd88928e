"""In-memory twins of the ports: a model CRM, an engine whose verdicts come from a function, a journal, a mirror.

They are held to the same contract suites as the real ones. `Crashing` wraps any of them and dies, like a process
that is killed, before or after any call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from connector.errors import Held, StopRun
from connector.model.changes import Change, Landed, Outcome, RecordWrite, Target
from connector.model.fields import KEY, Table, Type
from connector.model.outputs import Output
from connector.model.verdicts import AccountContext, Difference, PopulationFigures, Verdict
from connector.planning.guards import Limits
from connector.ports import (
    ChangeRow,
    EvaluationRequest,
    Finding,
    Page,
    Progress,
    ProvisionStep,
    PullRequest,
    PullSummary,
    QuarantineRow,
    Quota,
    RunRow,
    Snapshot,
)
from connector.rules.ruleset import OutputOf, RuleSet
from connector.sync import Policy, Walk

if TYPE_CHECKING:
    from connector.model.pictures import AdvisedAccount, Pictures
    from connector.model.runs import Reason, RunOutcome

Row = dict[str, str | None]
Key = tuple[Target, str, str]
TABLE = {Target.ACCOUNT: Table.ACCOUNTS, Target.DEAL: Table.DEALS}
START = datetime(2026, 4, 2, 6, 0, tzinfo=UTC)

OUTPUTS = (
    Output("seg_tier", Type.TEXT, {"en": "Tier"}, on_deals="seg_account_tier"),
    Output("seg_say_no", Type.BOOLEAN, {"en": "Say no"}),
    Output("seg_revenue_12m", Type.MONEY, {"en": "Revenue"}),
    Output("seg_last_evaluated", Type.DATE, {"en": "Last evaluated"}, follows=True),
)
NAMES = tuple(output.name for output in OUTPUTS)


# ── crm ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class ModelCrm:
    """A CRM in memory that tells what was sent to it, and misbehaves when told to."""

    name: str = "model"
    batch_size: int = 3
    page_size: int = 2
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
    before_pull: Callable[[], None] = lambda: None
    after_pull: Callable[[], None] = lambda: None
    sent: Counter[tuple[Target, str, str, str | None]] = field(default_factory=Counter)
    batches: list[list[RecordWrite]] = field(default_factory=list)
    pulls: list[str | None] = field(default_factory=list)
    preflights: list[tuple[str, ...]] = field(default_factory=list)
    order: Callable[[list[str]], list[str]] = sorted
    calls: int = 0
    versions: dict[tuple[Target, str], int] = field(default_factory=dict)
    version: int = 0

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

    def pull(self, request: PullRequest, deliver: Callable[[Page], None], progress: Progress) -> PullSummary:
        self.calls += 1
        self.pulls.append(request.since)
        self.before_pull()
        self.arrive()
        watermark = str(self.version)  # of the start: what changes meanwhile comes again
        rows: dict[Table, int] = {}
        for target, table in TABLE.items():
            since = int(request.since) if request.since else -1
            names = [n for n in self.records[target] if self.versions[target, n] > since]
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

    def write(self, batch: Sequence[RecordWrite]) -> Sequence[Outcome]:
        assert len(batch) <= self.batch_size
        assert len({write.target for write in batch}) == 1
        self.calls += 1
        self.batches.append(list(batch))
        return [self._write(write) for write in reversed(batch)]

    def _write(self, write: RecordWrite) -> Outcome:
        place = (write.target, write.record)
        self.sent.update((*place, name, value) for name, value in write.values)
        if write.record not in self.records[write.target]:
            return Outcome(*place, Landed.GONE)
        if self.loses[place] > 0:
            self.loses[place] -= 1
            return Outcome(*place, Landed.UNSETTLED)
        if self.delays[place] > 0:
            self.delays[place] -= 1
            self.late.append(write)
            return Outcome(*place, Landed.UNSETTLED)
        self.late = [write for write in self.late if (write.target, write.record) != place]
        if place in self.refuses:
            return Outcome(*place, Landed.REFUSED, "VALIDATION", self.refuses[place])
        self.put(*place, **{name: self.rewrites.get((name, value), value) for name, value in write.values})
        if self.mutes[place] > 0:
            self.mutes[place] -= 1
            return Outcome(*place, Landed.UNSETTLED)
        return Outcome(*place, Landed.WRITTEN)

    def preflight(self, outputs: Sequence[Output]) -> None:
        self.calls += 1
        self.preflights.append(tuple(output.name for output in outputs))

    def provision(self, outputs: Sequence[Output], *, language: str, dry_run: bool) -> Sequence[ProvisionStep]:
        raise NotImplementedError((outputs, language, dry_run))

    def doctor(self, request: PullRequest, outputs: Sequence[Output]) -> Iterator[Finding]:
        raise NotImplementedError((request, outputs))

    def quota(self) -> Quota:
        return Quota(None, None)

    def requests(self) -> int:
        return self.calls

    def close(self) -> None:
        """Nothing is open."""


def _pages(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), size):
        yield names[start : start + size]


# ── mirror ───────────────────────────────────────────────────────────────────────────────────────


@dataclass
class MemoryMirror:
    """Snapshots as dictionaries; a path names one of their tables."""

    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    tables: dict[Path, dict[str, Row]] = field(default_factory=dict)
    newest: str | None = None

    def current(self) -> Snapshot | None:
        return self.snapshots[self.newest] if self.newest else None

    def snapshot(self, name: str) -> Snapshot | None:
        return self.snapshots.get(name)

    def draft(self, *, base: Snapshot | None) -> AbstractContextManager[MemoryDraft]:
        return nullcontext(MemoryDraft(self, base))

    def prune(self, *, keep: int, spare: Sequence[str] = ()) -> None:
        kept = {*list(self.snapshots)[-keep:], *spare}
        self.snapshots = {name: snapshot for name, snapshot in self.snapshots.items() if name in kept}


@dataclass
class MemoryDraft:
    """A snapshot being filled."""

    mirror: MemoryMirror
    base: Snapshot | None
    rows: dict[Table, dict[str, Row]] = field(default_factory=dict)

    def add(self, page: Page) -> None:
        names = list(page.columns)
        for cells in zip(*page.columns.values(), strict=True):
            row = dict(zip(names, cells, strict=True))
            self.rows.setdefault(page.table, {})[str(row[KEY[page.table]])] = row

    def commit(self, summary: PullSummary, *, now: datetime) -> Snapshot:
        base = None if summary.full else self.base
        name = f"snapshot-{len(self.mirror.tables) // 2 + 1}"
        files = {}
        for table in TABLE.values():
            older = self.mirror.tables[base.files[table][0]] if base else {}
            path = Path(name) / table.value
            files[table] = (path,)
            self.mirror.tables[path] = {**older, **self.rows.get(table, {})}
        counts = {table: len(self.mirror.tables[paths[0]]) for table, paths in files.items()}
        snapshot = Snapshot(name, now, files, counts, summary.watermark, now if base is None else base.full_at)
        self.mirror.snapshots[name] = snapshot
        self.mirror.newest = name
        return snapshot


# ── engine ───────────────────────────────────────────────────────────────────────────────────────

Wanted = Callable[[Row, list[Row]], Row]
"""The verdict of one account, from its row and the rows of its deals."""


@dataclass
class FunctionEngine:
    """An engine whose verdicts come from a function; it reads what the memory mirror holds."""

    mirror: MemoryMirror
    wanted: Wanted
    requests: list[EvaluationRequest] = field(default_factory=list)
    unreadable: tuple[Reason, ...] = ()
    compares: bool = True
    """Whether it tells own changes from others."""

    def evaluate(self, rules: RuleSet, request: EvaluationRequest, progress: Progress) -> FunctionEvaluation:
        self.requests.append(request)
        accounts, deals = self._rows(request.files)
        before = self._rows(request.before) if request.before and self.compares else None
        progress("evaluate", len(accounts), len(accounts))
        return FunctionEvaluation(
            rules=rules,
            request=request,
            accounts=accounts,
            deals=deals,
            before=before,
            wanted=self.wanted,
            unreadable=self.unreadable,
        )

    def _rows(self, files: Mapping[Table, tuple[Path, ...]]) -> tuple[dict[str, Row], dict[str, Row]]:
        accounts, deals = (self.mirror.tables[files[table][0]] for table in (Table.ACCOUNTS, Table.DEALS))
        return dict(sorted(accounts.items())), dict(sorted(deals.items()))


class FunctionEvaluation:
    """Verdicts of one function over one snapshot."""

    def __init__(
        self,
        *,
        rules: RuleSet,
        request: EvaluationRequest,
        accounts: dict[str, Row],
        deals: dict[str, Row],
        before: tuple[dict[str, Row], dict[str, Row]] | None,
        wanted: Wanted,
        unreadable: tuple[Reason, ...],
    ) -> None:
        self.outputs: Sequence[Output] = [one.output for one in rules.outputs]
        self.rule_version = rules.version
        self.unreadable: Sequence[Reason] = unreadable
        self.closed = False
        self._request, self._accounts, self._deals, self._before = request, accounts, deals, before
        self._wanted = {name: self._verdict(name, wanted) for name in accounts}

    def _verdict(self, account: str, wanted: Wanted) -> Row:
        values = wanted(self._accounts[account], self._deals_of(account, self._deals))
        return {**values, "seg_last_evaluated": self._request.as_of.isoformat()}

    @staticmethod
    def _deals_of(account: str, deals: dict[str, Row]) -> list[Row]:
        return [row for row in deals.values() if row["account_id"] == account]

    def figures(self) -> PopulationFigures:
        had = {name: row for name, row in self._accounts.items() if row.get("seg_tier")}
        owners = Counter(row["owner_id"] for row in had.values() if row.get("owner_id"))
        return PopulationFigures(
            evaluated=len(self._accounts),
            active_customers=sum(1 for name in self._accounts if self._revenue(name)),
            had_tier=len(had),
            had_tier_by_owner=cast("dict[str, int]", dict(owners)),
            revenue_had_tier_cents=sum(self._revenue(name) for name in had),
        )

    def _revenue(self, account: str) -> int:
        return int(self._wanted[account].get("seg_revenue_12m") or 0) * 100

    def verdicts(self) -> Iterator[Verdict]:
        for name, values in self._wanted.items():
            yield Verdict(name, values, ())

    def differences(self) -> Iterator[tuple[AccountContext, Sequence[Difference]]]:
        for account in self._accounts:
            found = list(self._of_account(account))
            if any(not item.follows for item in found):
                yield self._context(account), found

    def _of_account(self, account: str) -> Iterator[Difference]:
        row, wanted = self._accounts[account], self._wanted[account]
        for output in self.outputs:
            if wanted.get(output.name) != row.get(output.name):
                yield Difference(
                    account,
                    Target.ACCOUNT,
                    account,
                    output.name,
                    wanted.get(output.name),
                    row.get(output.name),
                    output.follows,
                )
            for deal in self._deals_of(account, self._deals) if output.on_deals else ():
                if wanted.get(output.name) != deal.get(output.on_deals):
                    yield Difference(
                        account,
                        Target.DEAL,
                        str(deal["deal_id"]),
                        output.on_deals,
                        wanted.get(output.name),
                        deal.get(output.on_deals),
                    )

    def _context(self, account: str) -> AccountContext:
        row, wanted = self._accounts[account], self._wanted[account]
        return AccountContext(
            account=account,
            name=row.get("name"),
            owner=row.get("owner_id"),
            revenue_cents=self._revenue(account),
            tier_before=row.get("seg_tier"),
            tier_wanted=wanted.get("seg_tier"),
            say_no_before=_truth(row.get("seg_say_no")),
            say_no_wanted=_truth(wanted.get("seg_say_no")),
            data_changed=self._data_changed(account),
        )

    def _data_changed(self, account: str) -> bool | None:
        if self._before is None:
            return None
        accounts, deals = self._before
        then = [accounts.get(account, {}), *self._deals_of(account, deals)]
        now = [self._accounts[account], *self._deals_of(account, self._deals)]
        return [_own(row) for row in then] != [_own(row) for row in now]

    def tables(self) -> Pictures:
        raise NotImplementedError

    def advised(self) -> Iterator[AdvisedAccount]:
        raise NotImplementedError

    def close(self) -> None:
        self.closed = True


def _own(row: Row) -> Row:
    return {name: value for name, value in row.items() if not name.startswith("seg_")}


def _truth(text: str | None) -> bool | None:
    return None if text is None else text == "true"


# ── journal ──────────────────────────────────────────────────────────────────────────────────────


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

    def unsettled(self) -> Sequence[tuple[str, ChangeRow]]:
        return [
            (run, item.row)
            for number, (run, plan) in enumerate(self.planned.items())
            for item in plan
            if item.being_sent and self.written.get(_key(item.row.change), (-1, None))[0] <= number
        ]

    def quarantined(self) -> Sequence[QuarantineRow]:
        return list(self.aside.values())

    def forget(self, target: Target, records: Sequence[str]) -> None:
        for key in [key for key in self.written if key[0] is target and key[1] in records]:
            del self.written[key]

    def remember(self, key: str, value: str | None) -> None:
        if value is None:
            self.facts.pop(key, None)
        else:
            self.facts[key] = value

    def recall(self, key: str) -> str | None:
        return self.facts.get(key)


def _key(change: Change) -> Key:
    return change.target, change.record, change.property


# ── lease, clock, death ──────────────────────────────────────────────────────────────────────────


@dataclass
class MemoryLease:
    """Held by this walk, unless somebody else has it; `lost` makes the check fail."""

    other: bool = False
    lost: bool = False

    @contextmanager
    def hold(self, *, wait_seconds: float) -> Iterator[Callable[[], None]]:
        if self.other:
            raise Held(f"another run held the lease for {wait_seconds} s", code="ANOTHER_RUN")
        yield self._check

    def _check(self) -> None:
        if self.lost:
            raise StopRun("the lease was lost", code="LEASE_LOST")


@dataclass
class Clock:
    """A clock that tests move."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


class Crash(BaseException):
    """The process is killed here."""


@dataclass
class Fate:
    """Counts the calls of all wrapped ports, twice each (before and after), and dies at `at`."""

    at: int | None = None
    steps: int = 0
    dead: bool = False

    def tick(self) -> None:
        self.steps += 1
        if self.dead or self.steps == self.at:
            self.dead = True
            raise Crash


class Crashing:
    """A port whose every call may be the last thing that happens."""

    def __init__(self, port: object, fate: Fate) -> None:
        self._port, self._fate = port, fate

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def call(*args: object, **kwargs: object) -> Any:
            self._fate.tick()
            answer = found(*args, **kwargs)
            self._fate.tick()
            return answer

        return call


# ── a house ──────────────────────────────────────────────────────────────────────────────────────


def rule_set(version: str = "r1", outputs: Sequence[Output] = OUTPUTS) -> RuleSet:
    """A rule set that only says what comes out; the engine twin does not look further."""
    return RuleSet(
        version=version, parameters={}, nodes=(), outputs=tuple(OutputOf(one, "node") for one in outputs), warnings={}
    )


def by_revenue(account: Row, deals: list[Row]) -> Row:
    """Large from 100, else small; nothing bought is a prospect; `bad` says no."""
    revenue = sum(int(deal["amount"] or 0) for deal in deals)
    tier = "prospect" if not deals else "large" if revenue >= 100 else "small"
    return {
        "seg_tier": tier,
        "seg_say_no": "true" if account.get("bad") else "false",
        "seg_revenue_12m": str(revenue) if deals else None,
    }


ACCOUNT_COLUMNS = ("account_id", "name", "owner_id", "bad", *NAMES)
DEAL_COLUMNS = ("deal_id", "account_id", "amount", "seg_account_tier")


@dataclass
class House:
    """Everything a walk needs, in memory, put together again after each death."""

    crm: ModelCrm = field(default_factory=ModelCrm)
    mirror: MemoryMirror = field(default_factory=MemoryMirror)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    lease: MemoryLease = field(default_factory=MemoryLease)
    clock: Clock = field(default_factory=Clock)
    policy: Policy = field(default_factory=Policy)
    rules: RuleSet = field(default_factory=rule_set)
    wanted: Wanted = by_revenue
    compares: bool = True
    unreadable: tuple[Reason, ...] = ()
    steps: list[tuple[str, int]] = field(default_factory=list)
    evaluated: list[EvaluationRequest] = field(default_factory=list)

    def walk(self, fate: Fate | None = None) -> Walk:
        """A process that starts: with `fate`, one that dies."""
        engine = FunctionEngine(self.mirror, self.wanted, self.evaluated, self.unreadable, self.compares)
        ports: dict[str, object] = {
            "crm": self.crm,
            "engine": engine,
            "mirror": self.mirror,
            "journal": self.journal,
        }
        if fate is not None:
            ports = {name: Crashing(port, fate) for name, port in ports.items()}
        return Walk(
            **cast("dict[str, Any]", ports),
            lease=self.lease,
            rules=self.rules,
            request=PullRequest({Table.ACCOUNTS: ACCOUNT_COLUMNS, Table.DEALS: DEAL_COLUMNS}),
            policy=self.policy,
            clock=self.clock,
            progress=self._progress,
        )

    def _progress(self, step: str, done: int, total: int | None = None) -> None:
        self.steps.append((step, done if total is None else total))

    def limits(self, **limits: Any) -> None:
        """Other limits from here on."""
        self.policy = replace(self.policy, limits=replace(self.policy.limits, **limits))

    def account(self, name: str, *, deals: Sequence[int] = (), **values: str | None) -> None:
        """An account with won deals of these amounts."""
        self.crm.put(Target.ACCOUNT, name, name=name, **values)
        for number, amount in enumerate(deals):
            self.crm.put(Target.DEAL, f"{name}-{number}", account_id=name, amount=str(amount))

    def next_day(self) -> None:
        self.clock.move(days=1)


def open_limits() -> Limits:
    """Limits that never trip."""
    return Limits(
        max_new_say_no_pct=100,
        max_new_say_no=10**6,
        max_tier_change_pct=100,
        max_revenue_moved_pct=100,
        max_owner_book_pct=100,
        max_population_drop_pct=100,
        max_rows_drop_pct=100,
    )


def day(text: str) -> date:
    """Short for a date."""
    return date.fromisoformat(text)
