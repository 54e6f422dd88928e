"""The unattended worker, the times it works at, and who hears how a run ended."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connector.errors import ConnectorError, UsageError
from connector.model.runs import Reason, RunOutcome
from connector.model.texts import Texts
from connector.sync.going import DONE_ALREADY
from connector.sync.memory import good_since, last_good
from connector.wiring.digesting import tell_moves
from connector.wiring.health import Vitals, instance
from connector.wiring.walking import refuse_unusable
from connector.worker.alerts import ROOM, Ended
from connector.worker.health import judge
from connector.worker.loop import Worker, try_again_at
from connector.worker.notify import AppriseNotifier, Herald, heartbeat
from connector.worker.schedule import Later, between, delay_of, schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from threading import Event

    from connector.ports import Progress
    from connector.sync import Result
    from connector.wiring import Wiring
    from connector.worker.schedule import Schedule

RUN = "run"
"""The command whose runs are a worker's."""
LANGUAGE = "nl"
"""Where neither the settings nor the rules can say another one."""


def worker(
    wiring: Wiring,
    *,
    progress: Progress,
    tell: Callable[[str], None],
    ended: Callable[[Result], None],
    begun: Callable[[str], None],
) -> tuple[Worker, Vitals]:
    """Return the worker and its vital signs; `tell` takes its log, `begun` each run's id, `ended` its result.

    Rules are read anew for every run. Raises UsageError, and tells people, when no run could begin as things are: who
    starts the worker shall see it. What breaks later fails a run, and ends no worker.
    """
    herald_ = herald(wiring, tell=tell)
    followed = Later(plan(wiring), jitter(wiring))
    vitals = Vitals(wiring, followed)

    def told(result: Result) -> None:
        ended(result)
        vitals.ended(result)

    turns = _Turns(wiring, followed, herald_, progress=progress, tell=tell, ended=told, begun=begun)
    turns.check_start()
    work = Worker(
        lambda stop: turns.take(stop, due=work.due),
        followed,
        clock=wiring.clock,
        tell=tell,
        is_done=turns.is_done,
        pulse=vitals.pulse,
        watch=lambda: vitals.watch(herald_),
    )
    return work, vitals


@dataclass
class _Turns:
    """What the worker does when it is due: one run, unless another worker has done it, and who hears of it."""

    wiring: Wiring
    followed: Later
    herald: Herald
    _: KW_ONLY
    progress: Progress
    tell: Callable[[str], None]
    ended: Callable[[Result], None]
    begun: Callable[[str], None]
    newest: str = ""
    """The run that this worker began last."""

    def check_start(self) -> None:
        """Raise UsageError, once people heard of it, for what would fail every run."""
        try:
            refuse_unusable(self.wiring)
        except UsageError as error:
            self._not_begun(error)
        except ConnectorError:
            return  # it may pass, and the first run tells it

    def take(self, stop: Event, *, due: datetime | None) -> datetime | None:
        """Run once; returns when to try again before the schedule asks."""
        wiring = self.wiring
        wiring.afresh()
        try:
            walk = wiring.walk(self.progress, begun=self._begun)
            result = walk.sync(command=RUN, stop=stop, unless=lambda: due is not None and self.is_done(due))
        except ConnectorError as error:
            self._not_begun(error)
            return None
        self.ended(result)
        wiring.note_quota()
        if not stop.is_set():
            self.herald.after(as_ended(result), now=wiring.clock())
            tell_moves(wiring, result, self.herald, say=self.tell)
        resume_at = getattr(result.error, "resume_at", None)
        return try_again_at({reason.code for reason in result.reasons}, now=wiring.clock(), resume_at=resume_at)

    def is_done(self, due: datetime) -> bool:
        """Whether some run brought everything up to date since it was due, or another worker's of this interval."""
        good = last_good(self.wiring.journal)
        if good is None or good.finished is None:
            return False
        is_anothers = good.command == RUN and good.run != self.newest
        return good.finished >= due - self.followed.by or (is_anothers and good.started > self.followed.interval(due))

    def _begun(self, run: str) -> None:
        self.newest = run
        self.begun(run)

    def _not_begun(self, error: ConnectorError) -> None:
        """Another worker has done it; or a rule file is broken or a secret gone, and people hear of it."""
        if error.code == DONE_ALREADY:
            self.tell(str(error))
            return
        reason = Reason(error.code, str(error))
        ended = Ended(run="none", command=RUN, outcome=RunOutcome.FAILED, reasons=(reason,), hint=error.hint)
        self.herald.after(ended, now=self.wiring.clock())
        raise error


def jitter(wiring: Wiring) -> timedelta:
    """How much later than `[schedule]` this instance runs."""
    return delay_of(instance(wiring), most=timedelta(seconds=wiring.settings.schedule.jitter_seconds))


def plan(wiring: Wiring) -> Schedule:
    """Return `[schedule]`; raises UsageError when it says nothing."""
    section, run = wiring.settings.schedule, wiring.settings.run
    return schedule(cron=section.cron, every=section.every, time_zone=run.time_zone, start=wiring.clock())


def overdue_since(wiring: Wiring) -> datetime | None:
    """The due time that no good run followed in time; the first run ever counts as the worker's beginning."""
    runs = wiring.journal.runs()
    if not runs:
        return None
    found = judge(
        last_good=good_since(wiring.journal),
        since=runs[-1].started,
        schedule=plan(wiring),
        now=wiring.clock(),
        patience=wiring.settings.worker.deadline,
    )
    return found.overdue_since


def times(wiring: Wiring, first: datetime, last: datetime) -> Iterator[datetime]:
    """The times the worker would run; a moment without offset is one of the business time zone.

    Raises UsageError when the last lies before the first.
    """
    zone = ZoneInfo(wiring.settings.run.time_zone)
    begin, end = (moment if moment.tzinfo else moment.replace(tzinfo=zone) for moment in (first, last))
    if end < begin:
        raise UsageError("--until lies before --from", hint="tiersync run --dry-run prints the times between them")
    section = wiring.settings.schedule
    followed = schedule(cron=section.cron, every=section.every, time_zone=zone.key, start=begin)
    return between(Later(followed, jitter(wiring)), begin, end)


def herald(wiring: Wiring, *, tell: Callable[[str], None]) -> Herald:
    """Return who tells people, as `[alerts]` says."""
    urls, beat = wiring.told
    return Herald(
        wiring.journal,
        AppriseNotifier(urls, tell=tell),
        heartbeat=(lambda: heartbeat(beat, tell=tell)) if beat else None,
        time_zone=wiring.settings.run.time_zone,
        texts=Texts(ROOM, _language(wiring)),
    )


def _language(wiring: Wiring) -> str:
    """What people are told in, also when it is a broken rule file that they have to hear of."""
    try:
        return wiring.language
    except ConnectorError:
        return wiring.settings.run.language or LANGUAGE


def as_ended(result: Result) -> Ended:
    """Return what alerts need to know of a result."""
    return Ended(
        run=result.run,
        command=result.command,
        outcome=result.outcome,
        reasons=result.reasons,
        figures=result.figures,
        hint=result.hint,
    )
