"""One run under way: its id, its figures, its reasons; it begins and ends in the journal whatever happens between."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.errors import ConnectorError, Held, StopRun
from connector.model.runs import Reason, RunOutcome
from connector.model.texts import told
from connector.sync import memory
from connector.sync.parts import Never, Parts, Stop
from connector.sync.result import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime

    from connector.planning.compare import Key
    from connector.planning.plan import Plan
    from connector.ports import RunRow

STOPPED = "STOPPED"
DONE_ALREADY = "DONE_ALREADY"


class Going(Struct, kw_only=True):
    """One run under way; steps count into `figures`, add to `reasons`, and set `outcome` when it is not ok."""

    parts: Parts
    run: str
    command: str
    as_of: date
    """The day that everything in this run is seen from: the one it began on, also when midnight comes meanwhile."""
    check: Callable[[], None] = lambda: None
    """Raises StopRun once the lease is lost."""
    stop: Stop = field(default_factory=Never)
    journalled: bool = True
    """Whether its end belongs in the journal; a released run is opened again only after its checks."""
    outcome: RunOutcome = RunOutcome.OK
    figures: Counter[str] = field(default_factory=Counter)
    reasons: list[Reason] = field(default_factory=list)
    plan: Plan | None = None
    error: Exception | None = None
    report: str | None = None
    open_values: Mapping[Key, Sequence[str | None]] = field(default_factory=dict)
    """Per value whose write may still arrive, what counts as ours until it does."""
    overrides: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Accounts whose override somebody should look at again, by why."""
    same_as: str | None = None
    """The run that was held with this very plan just before."""
    requests_before: int = 0

    def __post_init__(self) -> None:
        """A worker's CRM counts on; this run counts its own calls."""
        self.requests_before = self.parts.crm.requests()

    @property
    def now(self) -> datetime:
        """The time, from the clock of the walk."""
        return self.parts.clock()

    def say(self, key: str, **parts: object) -> str:
        """What a run says, in its language."""
        return self.parts.policy.texts.say(key, **parts)

    def told(self, reason: Reason) -> Reason:
        """Return a reason of the CRM or the engine, in the language of the run."""
        return Reason(reason.code, told(reason.message, self.parts.policy.language))

    def may_go_on(self) -> None:
        """Raise StopRun when somebody asked to stop, or the lease is lost."""
        self.heed_stop()
        self.check()

    def heed_stop(self) -> None:
        """Raise StopRun when somebody asked to stop."""
        if self.stop.is_set():
            raise StopRun(self.say("stopped"), code=STOPPED, hint=self.say("goes_on"))

    def hold(self, reasons: Sequence[Reason]) -> None:
        """Write nothing: these wait for a person."""
        self.outcome = RunOutcome.HELD
        self.reasons += reasons

    def partial(self, reason: Reason) -> None:
        """Something was left out; the rest is done."""
        self.outcome = RunOutcome.PARTIAL if self.outcome is RunOutcome.OK else self.outcome
        self.reasons.append(reason)

    def fail(self, error: Exception) -> None:
        """End with an error; the text of one that is not ours may hold anything, and stays out."""
        self.error = error
        self.outcome = RunOutcome.HELD if isinstance(error, Held) else RunOutcome.FAILED
        known = isinstance(error, ConnectorError)
        code = error.code if isinstance(error, ConnectorError) else "UNEXPECTED"
        self.reasons.append(Reason(code, str(error) if known else f"unexpected {type(error).__name__}"))

    def finish(self) -> Result:
        """End the run in the journal; what fails there fails the run."""
        self.figures["requests"] = self.parts.crm.requests() - self.requests_before
        if self.journalled:
            try:
                self._journal_end()
            except Exception as error:  # noqa: BLE001 - a full disk must not hide why the run ended
                self.fail(error)
        return self.result()

    def _journal_end(self) -> None:
        journal = self.parts.journal
        journal.note(self.run, figures=dict(self.figures))
        journal.finish(self.run, outcome=self.outcome, now=self.now, reasons=tuple(self.reasons))
        memory.end(journal, self.run)
        if (keep := self.parts.policy.keep_runs) is not None:
            memory.prune(journal, now=self.now, keep=keep)

    def result(self) -> Result:
        """Return what it came to so far."""
        return Result(
            run=self.run,
            command=self.command,
            outcome=self.outcome,
            figures=Counter(self.figures),
            reasons=tuple(self.reasons),
            plan=self.plan,
            error=self.error,
            report=self.report,
            overrides=self.overrides,
            same_as=self.same_as,
        )


def conduct(
    parts: Parts,
    command: str,
    steps: Callable[[Going], None],
    *,
    stop: Stop | None = None,
    released: RunRow | None = None,
    unless: Callable[[], bool] = lambda: False,
) -> Result:
    """Hold the lease, begin a run (or take up a released one), walk its steps, end it; errors become its outcome.

    A second run, while another one holds the lease, ends as held with ANOTHER_RUN. `unless` is asked under the lease:
    a run that is not needed any more does not begin, and StopRun(code=DONE_ALREADY) is raised.
    """
    try:
        with parts.lease.hold(wait_seconds=parts.policy.lease_wait_seconds) as check:
            if unless():
                raise StopRun("another worker has done this run", hint="`tiersync runs` lists it", code=DONE_ALREADY)
            going = _begin(parts, command, released)
            going.check, going.stop = check, stop or Never()
            return _walk(going, steps)
    except Held as error:
        going = _begin(parts, command, released, alone=False)
        going.fail(error)
        return going.finish()


def _begin(parts: Parts, command: str, released: RunRow | None, *, alone: bool = True) -> Going:
    now = parts.clock()
    as_of = parts.policy.day(now)
    if alone:
        memory.bury(parts.journal, now=now, words=parts.policy.texts.say("DIED"))
    if released is not None:
        _tell(parts, released.run)
        figures = Counter(released.figures)
        return Going(parts=parts, run=released.run, command=command, as_of=as_of, journalled=False, figures=figures)
    run = memory.name(parts.journal, now=now)
    if alone:
        memory.begin(parts.journal, run)
    parts.journal.start(run=run, command=command, now=now)
    _tell(parts, run)
    return Going(parts=parts, run=run, command=command, as_of=as_of)


def _tell(parts: Parts, run: str) -> None:
    if parts.begun:
        parts.begun(run)


def _walk(going: Going, steps: Callable[[Going], None]) -> Result:
    """Walk the steps; errors of ours and others end the run in the journal, then become its result."""
    try:
        steps(going)
    except Exception as error:  # noqa: BLE001 - whatever it was, the run ends in the journal
        going.fail(error)
    except KeyboardInterrupt:
        going.fail(StopRun(going.say("INTERRUPTED"), code=STOPPED, hint="the next run goes on from here"))
        with suppress(Exception):  # a journal that cannot be read must not hide that somebody stopped it
            _count_landed(going)
        going.finish()
        raise
    return going.finish()


def _count_landed(going: Going) -> None:
    """Take what landed from the journal: the batch in hand may have landed without being counted."""
    row = going.parts.journal.run(going.run)
    if row is not None:
        going.figures |= Counter(memory.landed(going.parts.journal, row))
