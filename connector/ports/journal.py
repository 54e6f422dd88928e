"""What was planned, written and acknowledged, and who may write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from contextlib import AbstractContextManager
    from datetime import date, datetime

    from connector.model.changes import Change, Landed, Outcome, Target
    from connector.model.runs import Reason, RunOutcome


class RunRow(Struct, frozen=True):
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


class ChangeRow(Struct, frozen=True):
    """One planned change and what became of it; `landed` is None until its outcome is known."""

    seq: int
    change: Change
    landed: str | None
    reason: str
    tries: int


class QuarantineRow(Struct, frozen=True):
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

        `landed` says that they end here, without being sent: KEPT (a person's value) or SKIPPED; or that they wait
        for a person (WAITING).
        """

    def reopen(self, run: str) -> None:
        """Changes of the run that wait for a person are open like the others."""

    def changes(self, run: str, *, only_open: bool = False) -> Iterator[ChangeRow]:
        """The changes of a run in plan order; `only_open` are those without an outcome."""

    def sending(self, run: str, seqs: Sequence[int]) -> None:
        """These changes are about to be sent: whatever the CRM holds of them from now on may be ours. Counts a try.

        Raises StopRun with code LEASE_LOST when this process does not hold the lease.
        """

    def skip(self, run: str, seqs: Sequence[int], *, landed: Landed, reason: str) -> None:
        """These changes end without being sent (KEPT or SKIPPED); what counts as ours stays as it was."""

    def land(self, run: str, outcomes: Sequence[Outcome], *, now: datetime) -> None:
        """Journal what became of records: their changes that were being sent, and did not end yet, get it.

        Acknowledged values become last written, refused records enter quarantine with a growing delay, written
        ones leave it. UNSETTLED is no end: a later outcome of the same change replaces it.

        An outcome for a record that the run never planned raises StopRun, after all others were kept.
        """

    def last_written(
        self, keys: Iterable[tuple[Target, str, str]]
    ) -> Mapping[tuple[Target, str, str], tuple[str | None, ...]]:
        """Per (target, record, property) the values that count as ours.

        They are the last acknowledged one, and any of an intent that was being sent and never settled. A key that
        is absent was never written by us.
        """

    def written_at(self, target: Target, name: str, value: str) -> Mapping[str, datetime]:
        """Per record whose property was last written with this value, when that was acknowledged."""

    def replaced(self, run: str, keys: Iterable[tuple[Target, str, str]]) -> AbstractSet[tuple[Target, str, str]]:
        """Those of the values that a run which began later wrote since, as far as it was acknowledged."""

    def standing(self, target: Target, name: str) -> Iterator[tuple[str, str | None]]:
        """Per record what we wrote last of a property, as far as it was acknowledged; memory stays flat."""

    def has_written(self) -> bool:
        """Whether any value counts as ours; when none does, `last_written` has nothing to say of any key."""

    def unsettled(self) -> Sequence[tuple[str, ChangeRow]]:
        """Changes that were being sent and whose outcome is None or UNSETTLED, oldest run first: (run, change)."""

    def overtaken(self, *, since: datetime) -> Sequence[Change]:
        """Changes that were being sent by a run that ended since (or began, if it never ended) and are not settled.

        A later run wrote there in the meantime: that settled what is ours, and not whether they still arrive.
        """

    def sent_since(self, moment: datetime) -> Mapping[Target, AbstractSet[str]]:
        """Per target the records that runs sent which ended since (or began, if they never ended)."""

    def quarantined(self) -> Sequence[QuarantineRow]:
        """Records set aside."""

    def discard(self, run: str) -> None:
        """Delete the changes of a run that were never sent: its plan will not be written."""

    def prune(self, *, before: datetime, spare: Sequence[str], most: int) -> int:
        """Delete at most `most` runs that ended before a moment, oldest first, with their changes; returns how many.

        Those of `spare` stay, and those with a write whose fate is unknown. What was last written stays in any case.
        """

    def forget(self, target: Target, records: Sequence[str]) -> int:
        """The records are gone: their rows go too; returns how many rows that were, 0 for records never heard of."""

    def remember(self, key: str, value: str | None) -> None:
        """A small named fact (alert state, CRM account id, rotated token's envelope)."""

    def recall(self, key: str) -> str | None:
        """The small named fact, or None."""


class Holder(Struct, frozen=True):
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
