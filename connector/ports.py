"""What the core asks of the outside: a CRM, an engine, a mirror, a journal, a notifier.

Every implementation of a port is held to one contract suite (tests/contract). Rooms never import each
other; they meet here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from connector.model.fields import Table
from connector.model.verdicts import AccountContext, Difference, PopulationFigures, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime
    from pathlib import Path

    from connector.model.changes import Change, Landed, Outcome, RecordWrite, Target
    from connector.model.outputs import Output
    from connector.model.pictures import AdvisedAccount, Pictures
    from connector.model.runs import Reason, RunOutcome
    from connector.rules.ruleset import RuleSet

__all__ = ["AccountContext", "Difference", "PopulationFigures", "Verdict"]
"""Nouns of the model that every engine speaks, for those who come here first."""

# ── progress ─────────────────────────────────────────────────────────────────────────────────────


class Progress(Protocol):
    """Long work tells how far it is; the roof draws it."""

    def __call__(self, step: str, done: int, total: int | None = None) -> None:
        """`done` of `total` (records, unless the step says otherwise); total is None while unknown."""


# ── crm ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of one table, as text columns by logical name; `None` is an empty cell.

    All columns are equally long; every page of one pull and table has the same columns.
    """

    table: Table
    columns: Mapping[str, Sequence[str | None]]


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What to pull: logical columns per table (outputs of earlier runs among those of accounts and deals).

    `since` is the watermark of an earlier pull, for its changes only; None pulls everything.
    `required` are columns a setting names: missing in the CRM they are an error, not "not connected".
    """

    columns: Mapping[Table, tuple[str, ...]]
    since: str | None = None
    required: Mapping[Table, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PullSummary:
    """A complete pull. That it exists is the promise: every page arrived and the counts agree.

    A pull of changes delivers the changed records; of links, all those of every record it names in `from_id` (one row
    without an account when there are none); owners and tables without a key whole; and ids that are gone, also when
    it delivered them before.
    """

    watermark: str
    """Opaque; given back as `PullRequest.since`."""
    full: bool
    rows: Mapping[Table, int]
    """Rows delivered, per table; a connected table that is empty has 0. The mirror compares them with its own count."""
    not_connected: Mapping[Table, frozenset[str]]
    """Per asked table, the columns that the CRM does not have or does not show; all of them when the table is closed."""
    home_currency: str | None = None
    warnings: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `doctor`: level is good, warning, bad or unchecked."""

    level: str
    subject: str
    message: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class ProvisionStep:
    """What `provision` did, or would do, about one property; action: create, extend, present, refuse."""

    target: Target
    property: str
    action: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Quota:
    """The day's API quota, where the CRM tells: calls allowed, calls left, and when it starts anew."""

    limit: int | None
    left: int | None
    resets_at: datetime | None = None


class Crm(Protocol):
    """A CRM as the core sees it. Values are canonical text (model.changes.Change)."""

    name: str
    batch_size: int
    """Records per write call."""

    def pull(self, request: PullRequest, deliver: Callable[[Page], None], progress: Progress) -> PullSummary:
        """Deliver every page, from one thread; return only when the pull is complete and counts agree.

        Raises StopRun (BadAnswer, AccessRefused, QuotaUsedUp) otherwise, UsageError for a missing required column.
        """

    def read(
        self, target: Target, records: Sequence[str], properties: Sequence[str]
    ) -> Mapping[str, Mapping[str, str | None] | None]:
        """The values the CRM holds now, per record id; None for a record that is gone."""

    def write(self, batch: Sequence[RecordWrite]) -> Sequence[Outcome]:
        """Write at most `batch_size` records of one target; one outcome per record, in any order.

        A record the CRM refuses is an outcome, isolated from the others. A lost answer is settled by reading
        back; a record that does not hold its values then is UNSETTLED and the caller sends it again: one call
        sends a value again only when the CRM surely did not take it (429, a refused batch being halved).
        Raises StopRun only when nothing more can be written at all.
        """

    def preflight(self, outputs: Sequence[Output]) -> None:
        """Check that every written property exists with the right type and options; raises StopRun naming all that do not."""

    def provision(self, outputs: Sequence[Output], *, language: str, dry_run: bool) -> Sequence[ProvisionStep]:
        """Create the missing group, properties and options; never changes a type. Raises StopRun on a refusal."""

    def doctor(self, request: PullRequest, outputs: Sequence[Output]) -> Iterator[Finding]:
        """Connection, scopes, fields, types, options, quota, clock; one finding each, none of them written."""

    def quota(self) -> Quota:
        """The last known quota; asks the CRM when it has not been seen yet."""

    def requests(self) -> int:
        """Calls sent so far by this object, retries included."""

    def close(self) -> None:
        """Close connections."""


# ── mirror ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An immutable, complete picture of the CRM: Parquet files of text columns per table.

    A table that is not connected is absent; so is a column. `watermark` continues the pull.
    """

    id: str
    made_at: datetime
    files: Mapping[Table, tuple[Path, ...]]
    rows: Mapping[Table, int]
    watermark: str
    full_at: datetime
    """When everything was last pulled, not only changes."""
    columns: Mapping[Table, tuple[str, ...]] = field(default_factory=dict)
    """The columns of each table: what is connected. A pull that asks for more of them must be a full one."""


class SnapshotDraft(Protocol):
    """A snapshot being filled; without `commit` it never was."""

    def add(self, page: Page) -> None:
        """Append rows; memory stays flat in their number. Raises BadAnswer for a page unlike the table's first one."""

    def commit(self, summary: PullSummary, *, now: datetime) -> Snapshot:
        """Merge with the base when the pull held changes only, and make it current with one row in the journal.

        Raises BadAnswer when rows are missing, without an id, or doubled in a full pull; StopRun with code
        NEEDS_FULL_PULL when changes hold a table or column that the base does not know.
        """


class Mirror(Protocol):
    """Where snapshots live."""

    def current(self) -> Snapshot | None:
        """The last committed snapshot, or None before the first pull.

        Raises StopRun when a file of it was lost, cut or replaced.
        """

    def snapshot(self, name: str) -> Snapshot | None:
        """A committed snapshot that was not pruned yet."""

    def draft(self, *, base: Snapshot | None) -> AbstractContextManager[SnapshotDraft]:
        """A new draft; leaving the context without commit removes every trace of it."""

    def prune(self, *, keep: int, spare: Sequence[str] = ()) -> None:
        """Remove all but the newest `keep` snapshots and those of `spare`, and what dead drafts left behind."""


# ── engine ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """Everything a verdict depends on, besides the rules: same request, same bytes."""

    files: Mapping[Table, tuple[Path, ...]]
    """Parquet or CSV files of text columns by logical name; a table that is absent is not connected."""
    as_of: date
    time_zone: str
    home_currency: str
    language: str
    before: Mapping[Table, tuple[Path, ...]] = field(default_factory=dict)
    """The files of the run to compare with, for the cause of a change; empty when there is none. No verdict reads it."""


class Evaluation(Protocol):
    """The verdicts over one population; results stream, sorted by account id."""

    outputs: Sequence[Output]
    """The outputs of the models that are configured and connected."""
    rule_version: str
    unreadable: Sequence[Reason]
    """Cells that could not be read, each with file, row and column."""

    def figures(self) -> PopulationFigures:
        """Denominators of the guards."""

    def verdicts(self) -> Iterator[Verdict]:
        """Every account, ascending by id."""

    def differences(self) -> Iterator[tuple[AccountContext, Sequence[Difference]]]:
        """Accounts whose wanted values are not the found ones, ascending by id, with their differing properties
        (mirrored open deals included; `follows` outputs only beside another difference)."""

    def tables(self) -> Pictures:
        """Set-wise pictures for the report."""

    def advised(self) -> Iterator[AdvisedAccount]:
        """Accounts whose say-no status is `say_no` or `watch`, ascending by id."""

    def close(self) -> None:
        """Free memory and files."""


class Engine(Protocol):
    """Applies a rule set to a whole population."""

    def evaluate(self, rules: RuleSet, request: EvaluationRequest, progress: Progress) -> Evaluation:
        """Raises UsageError when the rules name what the data cannot have."""


# ── journal ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as the journal remembers it."""

    run: str
    command: str
    started: datetime
    finished: datetime | None
    outcome: RunOutcome | None
    """None while it is going on, or when it died."""
    applied: bool
    """Whether it wrote anything to the CRM."""
    snapshot: str | None
    as_of: date | None
    rule_version: str | None
    digest: str | None
    figures: Mapping[str, int]
    """pulled_<table>, evaluated, active_customers, changes, written, refused, quarantined, requests, …"""
    reasons: tuple[Reason, ...]
    details: Mapping[str, object]
    """Anything else worth keeping: parameters, lines, report path, the approval."""


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One planned change and what became of it; `landed` is None until its outcome is known."""

    seq: int
    change: Change
    landed: str | None
    reason: str
    tries: int


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """A record the CRM refused, with its words and the next try."""

    target: Target
    record: str
    reason: str
    since: datetime
    tries: int
    next_try: datetime


class Journal(Protocol):
    """What was planned, written and acknowledged. Every method is one transaction."""

    def start(self, *, run: str, command: str, now: datetime) -> None:
        """A run begins."""

    def note(self, run: str, **facts: object) -> None:
        """Keep facts about a run: any of RunRow's fields besides run, command, started.

        `figures` and `details` are added to those kept before, the others replace them.
        """

    def finish(self, run: str, *, outcome: RunOutcome, now: datetime, reasons: Sequence[Reason] = ()) -> None:
        """A run ended."""

    def run(self, run: str) -> RunRow | None:
        """One run."""

    def runs(self, *, limit: int | None = None) -> Sequence[RunRow]:
        """Newest first."""

    def intend(self, run: str, changes: Iterable[Change], *, landed: Landed | None = None, reason: str = "") -> None:
        """Intended changes of a plan, before the first write of it; called once per part of the plan, `seq` goes on.

        `landed` says that they end here, without being sent: KEPT (a person's value) or SKIPPED.
        """

    def changes(self, run: str, *, only_open: bool = False) -> Iterator[ChangeRow]:
        """The changes of a run in plan order; `only_open` are those without an outcome."""

    def sending(self, run: str, seqs: Sequence[int]) -> None:
        """These changes are about to be sent: whatever the CRM holds of them from now on may be ours. Counts a try.

        Raises StopRun with code LEASE_LOST when this process does not hold the lease.
        """

    def skip(self, run: str, seqs: Sequence[int], *, landed: Landed, reason: str) -> None:
        """These changes end without being sent (KEPT or SKIPPED); what counts as ours stays as it was."""

    def land(self, run: str, outcomes: Sequence[Outcome], *, now: datetime) -> None:
        """Outcomes of records: their changes that were being sent, and did not end yet, get the outcome;
        acknowledged values become last written, refused records enter quarantine with a growing delay, written
        ones leave it. UNSETTLED is no end: a later outcome of the same change replaces it.

        An outcome for a record that the run never planned raises StopRun, after all others were kept.
        """

    def last_written(
        self, keys: Iterable[tuple[Target, str, str]]
    ) -> Mapping[tuple[Target, str, str], tuple[str | None, ...]]:
        """Per (target, record, property) the values that count as ours: the last acknowledged one, and any of an
        intent that was being sent and never settled. A key that is absent was never written by us."""

    def unsettled(self) -> Sequence[tuple[str, ChangeRow]]:
        """Changes that were being sent and whose outcome is None or UNSETTLED, oldest run first: (run, change)."""

    def quarantined(self) -> Sequence[QuarantineRow]:
        """Records set aside."""

    def forget(self, target: Target, records: Sequence[str]) -> None:
        """The records are gone: their rows go too."""

    def remember(self, key: str, value: str | None) -> None:
        """A small named fact (alert state, CRM account id, rotated token's envelope)."""

    def recall(self, key: str) -> str | None:
        """The small named fact, or None."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lease."""

    owner: str
    host: str
    pid: int
    since: datetime
    beat: datetime


class Lease(Protocol):
    """Decides who writes: one at a time, in whatever process or machine."""

    def holder(self) -> Holder | None:
        """Who holds it now, alive or not; None when it is free."""

    def hold(self, *, wait_seconds: float) -> AbstractContextManager[Callable[[], None]]:
        """Hold the lease, beating meanwhile; yields a check that raises StopRun once it was lost.

        Raises Held(code="ANOTHER_RUN") when another holder is alive after `wait_seconds`. A dead process on
        this machine loses it at once, another machine after 60 s without a beat.
        """


# ── notifier ─────────────────────────────────────────────────────────────────────────────────────


class Notifier(Protocol):
    """Tells people."""

    def send(self, title: str, text: str) -> bool:
        """One message; never raises. False when nobody got it, and it should be told again."""


class Clock(Protocol):
    """The only way to know the time below the roof."""

    def __call__(self) -> datetime:
        """Now, with time zone."""
