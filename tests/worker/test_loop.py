"""The worker under a clock that is moved by hand, and as a real process that is told to stop."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.schedulers.base import BaseScheduler

from connector.errors import StopRun
from connector.worker.loop import LEASE_EXPIRY, ONE_AT_A_TIME, Worker, try_again_at
from connector.worker.pulse import Pulse
from connector.worker.schedule import Later, delay_of, schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from threading import Event

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
HOUR = timedelta(hours=1)


class AfterLooking(BaseExecutor):  # type: ignore[misc] # APScheduler is not typed
    """Runs jobs once the scheduler has looked at the clock and knows when they are due next, as its threads do."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[tuple[Any, list[datetime]]] = []

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
        self.waiting.append((job, run_times))

    def work(self) -> None:
        while self.waiting:
            job, run_times = self.waiting.pop(0)
            self._run_job_success(job.id, run_job(job, "default", run_times, "by hand"))


class ByHand(BaseScheduler):  # type: ignore[misc] # APScheduler is not typed
    """APScheduler itself, which looks at the clock when the test says so, and runs jobs there and then."""

    def __init__(self) -> None:
        self.executor = AfterLooking()
        self.dead = False
        super().__init__(executors={"default": self.executor}, timezone=UTC, job_defaults=ONE_AT_A_TIME)

    def shutdown(self, wait: bool = True) -> None:  # noqa: FBT001, FBT002 - as APScheduler has it
        super().shutdown(wait)

    def wakeup(self) -> None:
        if self.running and not self.dead:
            self._process_jobs()
            self.executor.work()


class Life:
    """A worker that starts at `began`; its runs take no time and are noted."""

    def __init__(
        self,
        travel: Any,
        began: datetime,
        *,
        later: timedelta = timedelta(0),
        pulse: Pulse | None = None,
        watch: Callable[[], None] = lambda: None,
        **plan: str,
    ) -> None:
        self.travel = travel
        travel.move_to(began)
        self.ran: list[datetime] = []
        self.said: list[str] = []
        self.ending: Callable[[], datetime | None] = lambda: None
        self.done_by_another: Callable[[datetime], bool] = lambda _due: False
        due = schedule(**plan, time_zone="Europe/Amsterdam", start=began)
        self.scheduler = ByHand()
        self.worker = Worker(
            self.sync,
            Later(due, later) if later else due,
            clock=now,
            tell=self.said.append,
            is_done=self.is_done,
            pulse=pulse,
            watch=watch,
            scheduler=self.scheduler,
        )
        self.worker.start()
        self.worker.look_at_the_clock()

    def sync(self, _stop: Event) -> datetime | None:
        self.ran.append(now())
        return self.ending()

    def is_done(self, due: datetime) -> bool:
        return self.done_by_another(due)

    def until(self, moment: datetime, *, step: timedelta = timedelta(minutes=10)) -> None:
        """Live on, looking at the clock now and then."""
        while now() < moment:
            self.travel.move_to(min(now() + step, moment))
            self.worker.look_at_the_clock()

    def at(self, moment: datetime) -> None:
        """The clock suddenly stands elsewhere: the machine slept, or somebody set it."""
        self.travel.move_to(moment)
        self.worker.look_at_the_clock()

    @property
    def days(self) -> list[int]:
        return [moment.astimezone(AMSTERDAM).day for moment in self.ran]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def travel() -> Iterator[Any]:
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False) as traveller:
        yield traveller


def local(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=AMSTERDAM)


def test_a_run_starts_at_once_and_then_on_schedule(travel: Any) -> None:
    life = Life(travel, local(6, 1, 10), cron="0 6 * * *")
    assert life.ran == [local(6, 1, 10)]
    life.until(local(6, 3, 12))
    assert life.ran[1:] == [local(6, 2, 6), local(6, 3, 6)]
    assert life.worker.next_due() == local(6, 4, 6)


@pytest.mark.parametrize(("month", "day"), [(3, 29), (10, 25)])
def test_one_run_per_local_day_on_both_nights(travel: Any, month: int, day: int) -> None:
    life = Life(travel, local(month, day - 1, 3), cron="30 2 * * *")
    life.until(local(month, day + 2, 1))
    assert life.days == [day - 1, day, day + 1]


def test_a_clock_set_back_an_hour_runs_nothing_twice(travel: Any) -> None:
    life = Life(travel, local(6, 1, 10), cron="0 6 * * *")
    life.until(local(6, 2, 6, 10))
    life.at(local(6, 2, 5, 10))
    life.until(local(6, 3, 7))
    assert life.days == [1, 2, 3]


def test_a_clock_that_was_years_ahead_does_not_stop_the_schedule(travel: Any) -> None:
    life = Life(travel, datetime(2030, 1, 1, 10, tzinfo=AMSTERDAM), cron="0 6 * * *")
    life.at(local(6, 1, 10))
    life.until(local(6, 3, 7))
    assert life.ran[1:] == [local(6, 2, 6), local(6, 3, 6)]


def test_a_clock_that_was_years_behind_means_one_run(travel: Any) -> None:
    life = Life(travel, datetime(1980, 1, 1, 10, tzinfo=AMSTERDAM), every="1m")
    life.at(local(6, 1, 10))
    assert len(life.ran) == 2
    life.until(local(6, 1, 10, 3), step=timedelta(seconds=20))
    assert len(life.ran) == 5


def test_three_days_asleep_are_caught_up_with_one_run(travel: Any) -> None:
    life = Life(travel, local(6, 1, 10), cron="0 6 * * *")
    life.at(local(6, 4, 15))
    assert life.ran[1:] == [local(6, 4, 15)]
    life.until(local(6, 5, 7))
    assert life.ran[2:] == [local(6, 5, 6)]


def test_a_failed_run_never_ends_the_worker(travel: Any) -> None:
    life = Life(travel, local(6, 1, 10), every="1h")
    failures = iter([StopRun("the CRM is away", hint="run again later"), ValueError("a s3cret"), KeyError("x")])

    def fail() -> datetime | None:
        raise next(failures)

    life.ending = fail
    life.until(local(6, 1, 13))
    life.ending = lambda: None
    life.until(local(6, 1, 14))
    assert len(life.ran) == 5
    told = [line for line in life.said if line.startswith("the run failed")]
    assert told == [
        "the run failed: the CRM is away; run again later",
        "the run failed: unexpected ValueError",
        "the run failed: unexpected KeyError",
    ]


def test_a_run_that_asks_for_it_is_tried_again_before_the_schedule_does(travel: Any) -> None:
    life = Life(travel, local(6, 1, 5), cron="0 6 * * *")
    life.ending = lambda: now() + HOUR if len(life.ran) < 4 else None
    life.until(local(6, 2, 7))
    assert life.ran == [local(6, 1, 5), local(6, 1, 6), local(6, 1, 7), local(6, 1, 8), local(6, 2, 6)]


def test_another_try_after_the_next_due_time_is_left_to_the_schedule(travel: Any) -> None:
    life = Life(travel, local(6, 1, 5), cron="0 6 * * *")
    life.ending = lambda: now() + 3 * HOUR
    life.until(local(6, 1, 7))
    assert life.ran == [local(6, 1, 5), local(6, 1, 6)]


def test_a_due_time_that_another_worker_served_is_left_out(travel: Any) -> None:
    life = Life(travel, local(6, 1, 5), cron="0 6 * * *")
    asked: list[datetime] = []

    def done(due: datetime) -> bool:
        asked.append(due)
        return due == local(6, 1, 6)

    life.done_by_another = done
    life.until(local(6, 2, 7))
    assert life.ran == [local(6, 1, 5), local(6, 2, 6)]
    assert asked == [local(6, 1, 6), local(6, 2, 6)]


def test_a_run_that_stood_back_for_another_worker_looks_again_and_rests_once_that_is_done(travel: Any) -> None:
    life = Life(travel, local(6, 1, 5), cron="0 6 * * *")
    life.ending = lambda: now() + LEASE_EXPIRY
    life.until(local(6, 1, 6, 2), step=timedelta(seconds=20))
    tries = len(life.ran)
    life.done_by_another = lambda due: due == local(6, 1, 6)
    life.until(local(6, 2, 5), step=timedelta(minutes=5))
    assert len(life.ran) == tries


def test_nothing_starts_after_a_request_to_stop(travel: Any) -> None:
    life = Life(travel, local(6, 1, 10), every="1m")
    assert life.worker.stop(grace_seconds=0)
    life.at(local(6, 1, 12))
    assert len(life.ran) == 1


def test_quota_and_lease_say_when_another_try_is_worth_it() -> None:
    moment = local(6, 1, 5)
    assert try_again_at({"QUOTA_USED_UP"}, now=moment, resume_at=moment + HOUR) == moment + HOUR
    assert try_again_at({"ANOTHER_RUN"}, now=moment) == moment + timedelta(seconds=65)
    assert try_again_at({"BAD_ANSWER"}, now=moment) is None


PROCESS = """
import sys, time
from datetime import UTC, datetime
from connector.worker import loop
from connector.worker.schedule import schedule

kind = sys.argv[1]
loop.GRACE_SECONDS = 1.0 if kind == "hangs" else 8.0

def now():
    return datetime.now(UTC)

def sync(stop):
    print("begin", flush=True)
    if kind == "batches":
        while not stop.wait(0.05):
            pass
        time.sleep(0.3)
    elif kind == "hangs":
        time.sleep(60)
    else:
        time.sleep(1.6)
    print("end", flush=True)

plan = schedule(every="1s", time_zone="UTC", start=now())
ended = loop.Worker(sync, plan, clock=now, tell=lambda line: print(line, file=sys.stderr, flush=True)).run()
print("in time" if ended else "late", flush=True)
if not ended:
    import os
    os._exit(0)
"""


def start(kind: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", PROCESS, kind], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begin\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_to_stop_ends_the_batch_in_hand_and_then_the_process(number: int) -> None:
    with start("batches") as process:
        process.send_signal(number)
        rest, _ = process.communicate(timeout=10)
        assert rest == "end\nin time\n"
        assert process.returncode == 0


def test_a_run_that_does_not_end_is_not_waited_for() -> None:
    with start("hangs") as process:
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=10)
        assert rest == "late\n"
        assert process.returncode == 0
        assert time.monotonic() - began < 5


def test_runs_longer_than_their_interval_never_overlap() -> None:
    with start("slow") as process:
        time.sleep(4)
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=10)
    lines = ["begin", *rest.splitlines()]
    assert lines[-1] == "in time"
    assert lines[:-1] == ["begin", "end"] * (len(lines) // 2)
    assert len(lines) >= 5


class Seconds:
    """A stopwatch moved by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_the_pulse_beats_at_each_turn_and_knows_how_long_a_run_goes_on(travel: Any) -> None:
    seconds, went = Seconds(), []
    life = Life(travel, local(6, 1, 10), every="1h", pulse=Pulse(ticks=seconds))
    life.ending = lambda: went.append(life.worker.pulse.running_for())
    seconds.at = 50
    assert life.worker.pulse.silent_for() == timedelta(seconds=50)
    life.until(local(6, 1, 11))
    assert life.worker.pulse.silent_for() == timedelta(0)
    assert went == [timedelta(0)]
    assert life.worker.pulse.running_for() is None


def test_a_scheduler_that_does_not_do_what_is_due_ends_the_pulse(travel: Any) -> None:
    seconds = Seconds()
    life = Life(travel, local(6, 1, 10), every="1h", pulse=Pulse(ticks=seconds))
    life.scheduler.dead = True
    travel.move_to(local(6, 1, 12))
    for _ in range(5):
        seconds.at += 20
        life.worker.look_at_the_clock()
    assert life.worker.pulse.silent_for() == timedelta(seconds=80)
    life.scheduler.dead = False
    for _ in range(2):
        life.worker.look_at_the_clock()
    assert life.worker.pulse.silent_for() == timedelta(0)


def test_the_watch_is_asked_at_each_turn_and_its_failure_does_not_end_the_worker(travel: Any) -> None:
    turns: list[datetime] = []

    def watch() -> None:
        turns.append(now())
        raise ValueError("a s3cret")

    life = Life(travel, local(6, 1, 10), every="1h", watch=watch)
    life.until(local(6, 1, 11))
    assert len(turns) == 7
    assert "unexpected ValueError" in life.said[-1]
    assert len(life.ran) == 2


def test_instances_run_later_by_a_number_of_their_own_that_stays(travel: Any) -> None:
    delays = {name: delay_of(name, most=timedelta(minutes=10)) for name in ("a", "b", "c", "d")}
    assert len(set(delays.values())) > 2
    assert all(timedelta(0) <= delay < timedelta(minutes=10) for delay in delays.values())
    assert delay_of("a", most=timedelta(minutes=10)) == delays["a"]
    assert delay_of("a", most=timedelta(0)) == timedelta(0)
    life = Life(travel, local(6, 1, 10), later=timedelta(minutes=7), cron="0 6 * * *")
    life.until(local(6, 3, 7), step=timedelta(minutes=1))
    assert life.ran[1:] == [local(6, 2, 6, 7), local(6, 3, 6, 7)]


@pytest.mark.parametrize(("month", "day"), [(3, 29), (10, 25)])
def test_a_later_instance_runs_once_per_local_day_on_both_nights_too(travel: Any, month: int, day: int) -> None:
    life = Life(travel, local(month, day - 1, 4), later=timedelta(minutes=45), cron="30 2 * * *")
    life.until(local(month, day + 2, 1))
    assert life.days == [day - 1, day, day + 1]
