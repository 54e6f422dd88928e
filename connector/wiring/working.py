"""The unattended worker, the times it works at, and who hears how a run ended."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connector.errors import ConnectorError
from connector.model.runs import Reason, RunOutcome
from connector.model.texts import Texts
from connector.sync.memory import last_good
from connector.wiring.digesting import tell_moves
from connector.wiring.health import Vitals, instance
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

    Rules are read anew for every run.
    """
    herald_, delay = herald(wiring, tell=tell), jitter(wiring)
    followed = Later(plan(wiring), delay)
    vitals = Vitals(wiring, followed)

    def sync(stop: Event) -> datetime | None:
        wiring.afresh()
        try:
            result = wiring.walk(progress, begun=begun).sync(command="run", stop=stop)
        except ConnectorError as error:  # a rule file somebody broke since: no run, and people hear of it
            herald_.after(_not_begun(error), now=wiring.clock())
            raise
        ended(result)
        vitals.ended(result)
        wiring.note_quota()
        if not stop.is_set():
            herald_.after(as_ended(result), now=wiring.clock())
            tell_moves(wiring, result, herald_, say=tell)
        resume_at = getattr(result.error, "resume_at", None)
        return try_again_at({reason.code for reason in result.reasons}, now=wiring.clock(), resume_at=resume_at)

    work = Worker(
        sync,
        followed,
        clock=wiring.clock,
        tell=tell,
        is_done=lambda due: is_done(wiring, due - delay),
        pulse=vitals.pulse,
        watch=lambda: vitals.watch(herald_),
    )
    return work, vitals


def jitter(wiring: Wiring) -> timedelta:
    """How much later than `[schedule]` this instance runs."""
    return delay_of(instance(wiring), most=timedelta(seconds=wiring.settings.schedule.jitter_seconds))


def is_done(wiring: Wiring, due: datetime) -> bool:
    """Whether some worker brought everything up to date since `due`."""
    good = last_good(wiring.journal)
    return good is not None and good.finished is not None and good.finished >= due


def plan(wiring: Wiring) -> Schedule:
    """Return `[schedule]`; raises UsageError when it says nothing."""
    section, run = wiring.settings.schedule, wiring.settings.run
    return schedule(cron=section.cron, every=section.every, time_zone=run.time_zone, start=wiring.clock())


def overdue_since(wiring: Wiring) -> datetime | None:
    """The due time that no good run followed in time; the first run ever counts as the worker's beginning."""
    good, runs = last_good(wiring.journal), wiring.journal.runs()
    if not runs:
        return None
    finished = good.finished if good else None
    found = judge(
        last_good=finished,
        since=runs[-1].started,
        schedule=plan(wiring),
        now=wiring.clock(),
        patience=wiring.settings.worker.deadline,
    )
    return found.overdue_since


def times(wiring: Wiring, first: datetime, last: datetime) -> Iterator[datetime]:
    """The times the worker would run; a moment without offset is one of the business time zone."""
    zone = ZoneInfo(wiring.settings.run.time_zone)
    begin, end = (moment if moment.tzinfo else moment.replace(tzinfo=zone) for moment in (first, last))
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


def _not_begun(error: ConnectorError) -> Ended:
    reason = Reason(error.code, str(error))
    return Ended(run="none", command="run", outcome=RunOutcome.FAILED, reasons=(reason,), hint=error.hint)
