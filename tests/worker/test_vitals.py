"""One worker as its probes see it: judged by the journal that all replicas share, and by its own pulse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connector.model.runs import RunOutcome
from connector.settings.load import load
from connector.sync import Result
from connector.wiring import Wiring
from connector.wiring.health import NO_STATE, Vitals
from connector.wiring.working import jitter, plan
from connector.worker.notify import Herald
from tests.twins.fate import Clock
from tests.worker.inbox import Inbox
from tests.worker.test_probes import Ticks, values

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


class Place:
    """A worker's settings and state, with time that moves by hand."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.ticks = Clock(NOON), Ticks()
        (folder / "settings.toml").write_text(
            f'[crm]\nkind = "files"\npath = "."\n[rules]\ndirectory = "{ROOT / "rules"}"\n'
            '[schedule]\nevery = "1d"\njitter_seconds = 600\n[worker]\nname = "one"\ndeadline_minutes = 90\n'
        )
        loaded = load(folder / "settings.toml")
        self.wiring = Wiring(loaded, environ={}, clock=self.clock, as_of=None, overrides={})
        self.vitals = Vitals(self.wiring, plan(self.wiring), ticks=self.ticks)
        self.inbox = Inbox()
        self.herald = Herald(self.wiring.journal, self.inbox, heartbeat=None, time_zone="UTC")
        self.vitals.pulse.beat()

    def move(self, **by: float) -> None:
        self.clock.move(**by)
        self.ticks.move(timedelta(**by))
        self.vitals.pulse.beat()

    def a_good_run(self) -> None:
        """Some worker on this state brought everything up to date."""
        run, journal = f"{self.clock.now:%Y%m%d-%H%M%S}", self.wiring.journal
        journal.start(run=run, command="run", now=self.clock())
        self.move(minutes=3)
        journal.note(run, figures={"evaluated": 5, "pulled_accounts": 6})
        journal.finish(run, outcome=RunOutcome.OK, now=self.clock())
        journal.remember("run.last_good", run)

    def watch(self) -> None:
        self.vitals.watch(self.herald)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.wiring.close()


def test_health_turns_red_on_age_and_green_with_a_good_run_of_any_worker(place: Place) -> None:
    assert place.vitals.healthy().reasons == ()
    place.move(days=1, minutes=91)
    (reason,) = place.vitals.healthy().reasons
    assert reason.startswith("no good run since the one due at 2026-06-02")
    assert values(place.vitals.metrics.text().decode())["tiersync_healthy"] == 0
    assert place.vitals.ready().reasons == place.vitals.live().reasons == ()
    place.a_good_run()
    assert place.vitals.healthy().reasons == ()
    place.move(minutes=7)
    assert place.vitals.healthy().facts == {"last_good_age_seconds": 420}
    found = values(place.vitals.metrics.text().decode())
    assert found["tiersync_last_good_run_age_seconds"] == 420
    assert found["tiersync_last_run_duration_seconds"] == 180
    assert found['tiersync_last_run_records{table="accounts"}'] == 6


def test_a_good_run_counts_from_its_start_while_its_report_is_drawn(place: Place) -> None:
    place.wiring.journal.start(run="r1", command="run", now=place.clock())
    place.wiring.journal.remember("run.last_good", "r1")
    place.move(minutes=2)
    assert place.vitals.healthy().facts == {"last_good_age_seconds": 120}


def test_a_loop_that_hangs_is_neither_alive_nor_ready_nor_healthy(place: Place) -> None:
    place.ticks.move(timedelta(seconds=91))
    for probe in (place.vitals.live, place.vitals.ready, place.vitals.healthy):
        assert probe().reasons == ("the worker's loop has been silent for 91 s",)


def test_a_run_that_does_not_finish_is_ill_and_told_once(place: Place) -> None:
    with place.vitals.pulse.running():
        for _ in range(300):
            place.move(seconds=20)
            place.watch()
        (reason,) = place.vitals.healthy().reasons
    assert reason == "the run in hand has been going on for more than 90 minutes"
    assert place.vitals.live().reasons == ()
    (told,) = place.inbox.got
    assert reason in told
    assert "(on one)" in told


def test_a_due_run_that_never_comes_is_told_once_by_whoever_is_left(place: Place) -> None:
    place.a_good_run()
    for _ in range(3 * 24 * 20):
        place.move(minutes=3)
        place.watch()
    (told,) = place.inbox.got
    assert "no good run has ended since 2026-06-01 12:03 UTC; one was due at" in told


def test_a_machine_that_slept_tells_nothing_when_it_catches_up(place: Place) -> None:
    place.a_good_run()
    place.clock.move(days=3)  # asleep: the stopwatch rests
    place.watch()
    place.move(minutes=30)
    place.watch()
    place.a_good_run()
    place.watch()
    assert place.inbox.got == []


def test_a_state_that_cannot_be_read_is_not_ready_and_says_no_more(place: Place, tmp_path: Path) -> None:
    place.wiring.store.close()
    database = tmp_path / "var" / "tiersync.db"
    for path in database.parent.glob("tiersync.db*"):
        path.unlink()
    assert place.vitals.ready().reasons == (NO_STATE,)
    assert place.vitals.healthy().reasons == (NO_STATE,)
    assert "tiersync_alive 1.0" in place.vitals.metrics.text().decode()
    place.watch()


def test_a_worker_asked_to_stop_is_not_ready(place: Place) -> None:
    place.vitals.pulse.stop()
    assert place.vitals.ready().reasons == ("asked to stop",)
    assert place.vitals.live().reasons == ()


def test_runs_are_counted_with_their_length(place: Place) -> None:
    with place.vitals.pulse.running():
        place.move(seconds=42)
        result = Result(run="r", command="run", outcome=RunOutcome.PARTIAL)
        result.figures.update(written=3, requests=9)
        place.vitals.ended(result)
    found = values(place.vitals.metrics.text().decode())
    assert found['tiersync_runs_total{outcome="partial"}'] == 1
    assert found["tiersync_run_duration_seconds_sum"] == 42
    assert found["tiersync_written_total"] == 3


def test_the_jitter_is_the_instances_own(place: Place) -> None:
    assert timedelta(0) < jitter(place.wiring) < timedelta(minutes=10)
    assert jitter(place.wiring) == jitter(place.wiring)
