from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from connector.errors import Held, StopRun
from connector.model.changes import Change, Target
from connector.store import open_store
from connector.store.lease import Fence, SqlLease
from connector.store.processes import is_alive, this_process
from tests.store.conftest import START, FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.store import Store

HOLD = """
import datetime, pathlib, sys, time
from connector.store import open_store
now = datetime.datetime(2026, 3, 1, 6, tzinfo=datetime.UTC)
store = open_store(sys.argv[1], pathlib.Path(sys.argv[2]), clock=lambda: now)
with store.lease.hold(wait_seconds=0):
    print("holding", flush=True)
    sys.stdin.read()
print("released", flush=True)
"""


@pytest.fixture
def holder(database_url: str, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lease until its input ends."""
    command = [sys.executable, "-c", HOLD, database_url, str(tmp_path / "mirror")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"
        yield process
        process.kill()


def on_another_machine(store: Store) -> None:
    """As if the lease had been taken on a machine that cannot be seen from here."""
    with store.database.write() as connection:
        connection.execute(text("update lease set host = 'far', machine = 'far/pid:[1]', owner = 'far:1', pid = 1"))


def test_a_free_lease_is_taken_and_given_back(store: Store) -> None:
    assert store.lease.holder() is None
    with store.lease.hold(wait_seconds=0) as check:
        check()
        found = store.lease.holder()
        assert found is not None
        assert (found.pid, found.since) == (os.getpid(), START)
    assert store.lease.holder() is None


def test_a_living_holder_keeps_it_and_is_named_however_late_it_is(
    store: Store, holder: subprocess.Popen[str], clock: FakeClock
) -> None:
    clock.move(365 * 86400)
    began = time.monotonic()
    with pytest.raises(Held) as caught, store.lease.hold(wait_seconds=1):
        pytest.fail("two at once")
    assert time.monotonic() - began >= 1
    assert caught.value.code == "ANOTHER_RUN"
    assert f"process {holder.pid} on " in str(caught.value)


def test_it_is_taken_as_soon_as_the_holder_lets_go(store: Store, holder: subprocess.Popen[str]) -> None:
    assert holder.stdin is not None
    holder.stdin.close()
    with store.lease.hold(wait_seconds=20) as check:
        check()


def test_a_killed_holder_on_this_machine_loses_it_at_once(store: Store, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)  # dead, and not yet buried: a zombie holds nothing
    with store.lease.hold(wait_seconds=0) as check:
        check()


def test_a_pid_that_was_given_to_another_process_holds_nothing(store: Store, holder: subprocess.Popen[str]) -> None:
    with store.database.write() as connection:
        connection.execute(text("update lease set process_start = '1'"))
    with store.lease.hold(wait_seconds=0) as check:
        check()
    holder.kill()


def test_another_machine_loses_it_after_sixty_seconds_without_a_beat(
    opened: Callable[[], Store], clock: FakeClock
) -> None:
    first, second = opened(), opened()
    with first.lease.hold(wait_seconds=0) as check:
        on_another_machine(first)
        clock.move(60)
        with pytest.raises(Held, match="process 1 on far"), second.lease.hold(wait_seconds=0):
            pytest.fail("taken too early")
        clock.move(1)
        with second.lease.hold(wait_seconds=0):
            with pytest.raises(StopRun) as caught:
                check()
            assert caught.value.code == "LEASE_LOST"
    assert first.lease.holder() is None


def test_of_many_that_want_it_at_once_one_has_it_at_a_time(opened: Callable[[], Store]) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(store: Store) -> None:
        for _ in range(3):
            with store.lease.hold(wait_seconds=30) as check:
                inside.append(1)
                most.append(len(inside))
                check()
                inside.pop()

    threads = [Thread(target=work, args=(opened(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 12


def test_a_fenced_holder_marks_nothing_as_sent_and_frees_nobody_elses_lease(
    opened: Callable[[], Store], clock: FakeClock
) -> None:
    old, new = opened(), opened()
    old.journal.start(run="r1", command="sync", now=START)
    old.journal.intend("r1", [Change("1", Target.ACCOUNT, "1", "seg_tier", None, "large")])
    with ExitStack() as later:
        with old.lease.hold(wait_seconds=0):
            on_another_machine(old)
            clock.move(61)
            later.enter_context(new.lease.hold(wait_seconds=0))
            with pytest.raises(StopRun, match="lease was lost"):
                old.journal.sending("r1", [1])
        assert [row.tries for row in old.journal.changes("r1")] == [0]
        assert new.lease.holder() is not None
        new.journal.sending("r1", [1])
    assert new.lease.holder() is None


def test_the_heart_beats_while_it_is_held(opened: Callable[[], Store], clock: FakeClock) -> None:
    store = opened()
    lease = SqlLease(store.database, Fence(), clock=clock, beat_seconds=0.02)
    with lease.hold(wait_seconds=0):
        clock.move(30)
        deadline = time.monotonic() + 10
        while (found := lease.holder()) is not None and found.beat == START and time.monotonic() < deadline:
            time.sleep(0.01)
        assert found is not None
        assert (found.since, found.beat) == (START, clock.now)


def test_processes_are_told_apart_by_pid_and_start() -> None:
    me = this_process()
    assert is_alive(me) is True
    assert is_alive(replace(me, started="1")) is False
    assert is_alive(replace(me, pid=2**22 + 1)) is False
    assert is_alive(replace(me, machine="elsewhere")) is None
    assert is_alive(replace(me, machine="")) is None


def test_a_process_that_is_hidden_from_us_is_not_taken_for_dead(tmp_path: Path) -> None:
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text("boot\n")
    (tmp_path / "self/ns").mkdir(parents=True)
    (tmp_path / "self/ns/pid").symlink_to("pid:[1]")
    hidden = replace(this_process(), machine="boot/pid:[1]")
    assert is_alive(hidden, proc=tmp_path) is None
    assert is_alive(replace(hidden, pid=2**22 + 1), proc=tmp_path) is False


def handles(folder: Path) -> int:
    """Files of the state that this process has open."""
    links = (str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink())
    return sum(link.startswith(f"{folder}/") for link in links)


def test_a_beat_beside_a_run_opens_one_more_connection_and_no_beat_after_it_another(tmp_path: Path) -> None:
    """Two more open files, the database and its log: a soak sees them from the first run of ten seconds on."""
    store = open_store(f"sqlite:///{tmp_path}/state.db", tmp_path / "mirror", clock=lambda: START)
    with closing(store):
        store.journal.has_written()
        alone = handles(tmp_path)
        lease = SqlLease(store.database, Fence(), clock=lambda: START, beat_seconds=0.001)
        for _ in range(20):
            with lease.hold(wait_seconds=0), store.database.read():
                time.sleep(0.05)
        assert alone < handles(tmp_path) <= alone + 2
