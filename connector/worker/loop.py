"""The unattended worker: a run at once, then on schedule, one at a time, whatever the runs come to.

APScheduler keeps the time; what a run does, and whether another worker has done it already, is the caller's.
"""

from __future__ import annotations

import logging
import signal
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Event
from typing import TYPE_CHECKING, Any, TypeVar

from apscheduler.events import EVENT_JOB_MAX_INSTANCES
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from connector.errors import ConnectorError
from connector.worker.pulse import Pulse

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from apscheduler.schedulers.base import BaseScheduler

    from connector.ports import Clock
    from connector.worker.schedule import Schedule

    Sync = Callable[[Event], datetime | None]
    """Runs once, and soon ends well when the event is set; returns when to try again before the schedule asks."""

Answer = TypeVar("Answer")
GRACE_SECONDS = 9.0
"""How long the batch in hand may take after a request to stop: a service manager's patience is ten seconds."""
LOOK_SECONDS = 20.0
"""How often the clock is looked at: waiting counts neither the time asleep nor a clock that is set."""
SIGNAL_SECONDS = 0.5
"""How long a request to stop may go unnoticed."""
LEASE_EXPIRY = timedelta(seconds=65)
"""By then a holder that died on another machine has lost the lease."""
SET_BACK = timedelta(hours=12)
"""A clock set back further than this was wrong before; an hour less is the same day twice, and runs once."""
ONE_AT_A_TIME = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
"""APScheduler's words for: what was missed is caught up with once, however late, and never beside another run."""
_JOB = "sync"


class OnSchedule(BaseTrigger):  # type: ignore[misc] # APScheduler is not typed
    """A schedule as APScheduler asks for it: what was missed, asleep or late, is caught up with one run."""

    __slots__ = ("schedule",)

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """At once the first time; then the next due time, never one that ran already, whatever the clock says now."""
        return now if previous_fire_time is None else self.schedule.after(max(previous_fire_time, now))


class Worker:
    """Runs `sync` at once and then when it is due, until asked to stop.

    A run that raises is told and forgotten: the next one starts when it is due. `is_done(due)` says whether another
    worker brought everything up to date since `due`; then this one rests. `tell` takes a line for the log, `pulse`
    hears that the loop turns, `watch` is called at each turn.
    """

    def __init__(
        self,
        sync: Sync,
        schedule: Schedule,
        *,
        clock: Clock,
        tell: Callable[[str], None],
        is_done: Callable[[datetime], bool] = lambda _due: False,
        pulse: Pulse | None = None,
        watch: Callable[[], None] = lambda: None,
        scheduler: BaseScheduler | None = None,
    ) -> None:
        self._sync = sync
        self._schedule = schedule
        self._clock = clock
        self._tell = tell
        self._is_done = is_done
        self.pulse = pulse or Pulse(ticks=time.monotonic)
        self._watch = watch
        self._scheduler = scheduler or _scheduler()
        self._stop = Event()
        self._idle = Event()
        self._idle.set()
        self.due: datetime | None = None
        """Since when the run in hand, or the one to be tried again, is due; None for the first one."""
        self._last: datetime | None = None
        self._behind = False

    def run(self) -> bool:
        """Work until SIGTERM or SIGINT, from the main thread.

        Returns whether the run in hand ended in time; if not, the caller ends the process without waiting for it:
        the journal then holds what was sent, as after any other death.
        """
        with _requests_to_stop() as asked:
            self.start()
            while not _arrived(asked):
                self.look_at_the_clock()
            self._tell("stopping after the batch in hand")
            return self.stop(grace_seconds=GRACE_SECONDS)

    def start(self) -> None:
        """Begin: the first run is due now."""
        self._scheduler.add_listener(self._left_out, EVENT_JOB_MAX_INSTANCES)
        self._scheduler.add_job(self._once, OnSchedule(self._schedule), id=_JOB)
        self._scheduler.start()
        self.pulse.beat()

    def look_at_the_clock(self) -> None:
        """Notice that the machine slept, or that its clock was set.

        A clock that was far ahead and is right again must not make the worker wait for the future it came from.
        """
        now = self._clock()
        if self._last is not None and now < self._last - SET_BACK:
            self._last, self.due = now, self._schedule.after(now)
            self._scheduler.modify_job(_JOB, next_run_time=self.due)
            self._tell("the clock was set back; the schedule starts from its new time")
        if self._keeps_up(now):
            self.pulse.beat()
        self._scheduler.wakeup()
        self._guarded("the watch", self._watch)

    def stop(self, *, grace_seconds: float) -> bool:
        """Start nothing more; returns whether the run in hand ended within the grace."""
        self._stop.set()
        self.pulse.stop()
        self._scheduler.shutdown(wait=False)
        return self._idle.wait(grace_seconds)

    def next_due(self) -> datetime | None:
        """When the next run starts; None once stopped."""
        job = self._scheduler.get_job(_JOB)
        found: datetime | None = job and job.next_run_time
        return found

    def _keeps_up(self, now: datetime) -> bool:
        """Whether the scheduler did what was due; one that is behind twice in a row is dead, not late."""
        due = self.next_due()
        behind = self._idle.is_set() and due is not None and due <= now
        was_behind, self._behind = self._behind, behind
        return not (behind and was_behind)

    def _left_out(self, _event: object) -> None:
        self._tell("the run before is still going on: this one is left out")

    def _once(self) -> None:
        if self._stop.is_set():
            return
        self._idle.clear()
        try:
            self._run_when_needed()
        finally:
            self._idle.set()

    def _run_when_needed(self) -> None:
        now = self._clock()
        if self.due is not None and self._is_done(self.due):
            self._tell("another worker has done this run")
            self.due = self.next_due()
            return
        self._last = now
        with self.pulse.running():
            again = self._guarded("the run", lambda: self._sync(self._stop))
        following = self.next_due()
        if again is not None and following is not None and again < following:
            self._scheduler.modify_job(_JOB, next_run_time=again)
            self._tell(f"trying again at {again:%Y-%m-%d %H:%M:%S %Z}")
            self.due = self.due or now
        else:
            self.due = following
            self._tell(f"next run at {following:%Y-%m-%d %H:%M:%S %Z}" if following else "no further run")

    def _guarded(self, what: str, act: Callable[[], Answer]) -> Answer | None:
        """Do it; a failure is told and ends nothing else."""
        try:
            return act()
        except ConnectorError as error:
            self._tell("; ".join(filter(None, (f"{what} failed: {error}", error.hint))))
        except Exception as error:  # noqa: BLE001 - neither a failed run nor who watches ends the worker
            self._tell(f"{what} failed: unexpected {type(error).__name__}")
        return None


def _scheduler() -> BaseScheduler:
    logger = logging.getLogger("apscheduler.worker")
    logger.setLevel(logging.ERROR)  # what it warns of is told in our own words
    return BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(1)},
        timezone=UTC,
        logger=logger,
        job_defaults=ONE_AT_A_TIME,
    )


def try_again_at(codes: Collection[str], *, now: datetime, resume_at: datetime | None = None) -> datetime | None:
    """When a run that ended for these reasons is worth another try before the schedule asks.

    A day's quota comes back at `resume_at`; another run's lease is free by its end, or soon after its death.
    """
    if resume_at is not None:
        return resume_at
    return now + LEASE_EXPIRY if "ANOTHER_RUN" in codes else None


@contextmanager
def _requests_to_stop() -> Iterator[SimpleQueue[int]]:
    """A queue that receives SIGTERM and SIGINT; a second one has its usual effect."""
    asked: SimpleQueue[int] = SimpleQueue()  # its put may interrupt its get (documented), unlike an Event's set

    def ask(number: int, _frame: object) -> None:
        signal.signal(number, usual[number])
        asked.put(number)

    usual: dict[int, Any] = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield asked
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)


def _arrived(asked: SimpleQueue[int]) -> bool:
    """Whether a request to stop arrives before the next look at the clock.

    A signal may be taken by any thread of the process (just after SIGCONT it often is), and that does not wake this
    one: hence the short waits.
    """
    for _ in range(round(LOOK_SECONDS / SIGNAL_SECONDS)):
        try:
            asked.get(timeout=SIGNAL_SECONDS)
        except Empty:
            continue
        return True
    return False
