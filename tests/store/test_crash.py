"""Whatever ends a process, and whenever: the state is whole, and what was sent counts as ours."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from connector.model.changes import Target
from connector.model.fields import Table
from connector.model.runs import RunOutcome
from tests.store import crash
from tests.store.conftest import in_memory
from tests.support.needs import lacking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.store import Store

ROOT = Path(__file__).parents[2]
KILLED = "-9"
EVERY = "TIERSYNC_KILL_EVERY"
"""Names the stride of lines between kills; 1 takes some minutes, by hand."""
PARTS = 8
"""Tests that share the lines of the room among them."""
LINES = 700
"""There are more lines in the room than this."""
SAMPLES = 10
"""System calls per fate; each life costs a second or more under strace."""
CALLS = "write,pwrite64,fsync,fdatasync,ftruncate,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir"


@pytest.fixture(scope="module")
def shelf() -> Iterator[Path]:
    """A place for many small states: in memory where that can be, for a kill does not ask what a disk keeps."""
    with tempfile.TemporaryDirectory(dir=in_memory()) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def base(shelf: Path) -> Path:
    folder = shelf / "base"
    folder.mkdir()
    crash.first_life(folder)
    return folder


@pytest.fixture
def out(shelf: Path) -> Iterator[Path]:
    folder = shelf / "out"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.store.crash", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)


def check_whole(folder: Path) -> str:
    """The state is whole; returns how far the life had come."""
    store = crash.opened(folder)
    with store.lease.hold(wait_seconds=0):  # the dead hold nothing
        snapshot = store.mirror.current()
        assert snapshot is not None
        rows = [row for path in snapshot.files[Table.ACCOUNTS] for row in pq.read_table(path).to_pylist()]
        names = sorted(str(row["name"]) for row in rows)
        half = crash.ACCOUNTS // 2
        assert (snapshot.watermark, names) in [
            ("small", ["small"] * crash.ACCOUNTS),
            ("large", ["large"] * half + ["small"] * half),
        ]
        assert len(pq.read_table(snapshot.files[Table.DEALS][0])) == crash.ACCOUNTS
        check_ours(store, folder)
        store.mirror.prune(keep=1)
        assert [path.name for path in (folder / "mirror").iterdir()] == [snapshot.id]
    how_far = store.journal.run("next")
    if how_far is not None and how_far.outcome is RunOutcome.OK:
        assert snapshot.watermark == "large"
        assert list(store.journal.changes("next", only_open=True)) == []
        assert [row.record for row in store.journal.quarantined()] == ["7"]
    store.close()
    return "before" if how_far is None else "ended" if how_far.outcome else "during"


def check_ours(store: Store, folder: Path) -> None:
    """What the CRM holds by our hand counts as ours, and nothing counts as ours that was never sent."""
    holds: dict[str, str] = {}
    sent: dict[str, set[str]] = {}
    for line in (folder / "sent").read_text().splitlines():
        record, value = line.split()
        holds[record] = value
        sent.setdefault(record, set()).add(value)
    keys = [(Target.ACCOUNT, str(at), "seg_tier") for at in range(crash.ACCOUNTS)]
    ours = store.journal.last_written(keys)
    for (_, record, _), values in ours.items():
        under_way = {row.change.new for _, row in store.journal.unsettled() if row.change.record == record}
        assert set(values) <= sent.get(record, set()) | under_way
    assert all(value in ours[Target.ACCOUNT, record, "seg_tier"] for record, value in holds.items())


def killed(base: Path, out: Path, stride: int) -> set[str]:
    done = run("kill", base, out, stride)
    assert done.returncode == 0, done.stderr
    whole = out / "whole"
    assert check_whole(whole) == "ended"
    shutil.rmtree(whole)
    phases = set()
    for folder in sorted(out.iterdir(), key=lambda path: int(path.name)):
        assert (folder / "status").read_text() == KILLED, (folder, done.stderr)
        phases.add(check_whole(folder))
    return phases


def test_a_process_that_is_really_killed_leaves_a_whole_state(base: Path, out: Path) -> None:
    assert killed(base, out, int(os.environ.get(EVERY, "60"))) == {"before", "during", "ended"}


@pytest.mark.parametrize("part", range(PARTS))
def test_a_process_killed_between_any_two_lines_leaves_a_whole_state(base: Path, out: Path, part: int) -> None:
    """By copies of what the files hold before each line, which is what a kill leaves of them."""
    done = run("keep", base, out, part, PARTS)
    assert done.returncode == 0, done.stderr
    whole = out / "whole"
    assert check_whole(whole) == "ended"
    steps = (whole / "steps").read_text().split()
    shutil.rmtree(whole)
    assert len(steps) > LINES // PARTS
    assert {path.name for path in out.iterdir()} == set(steps)
    assert {check_whole(out / step) for step in steps} == {"before", "during", "ended"}


def test_a_disk_that_is_full_stops_the_run_with_the_former_state_whole(base: Path, out: Path) -> None:
    sizes = [0, 1, 200, 400, 800, 1_500, 3_000, 4_096, 20_000, 32_767, 32_768, 40_000, 60_000, 90_000, 120_000, 160_000]
    done = run("full", base, out, *sizes)
    assert done.returncode == 0, done.stderr
    statuses = [(out / str(size) / "status").read_text() for size in sizes]
    assert set(statuses) <= {"0", str(crash.STOPPED)}, done.stderr
    assert statuses.count(str(crash.STOPPED)) > len(sizes) // 2
    for size in sizes:
        (out / str(size) / "status").unlink()
        check_whole(out / str(size))


def strace(folder: Path, call: str, fate: str, when: int) -> subprocess.CompletedProcess[str]:
    chosen = ["-e", f"trace={CALLS}", "-e", f"inject={call}:{fate}:when={when}"]
    command = ["strace", "-f", "-qq", "-o", str(folder / "trace"), *chosen]
    command += [sys.executable, "-B", "-m", "tests.store.crash", "act", str(folder)]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)


@pytest.fixture(scope="module")
def calls(base: Path, shelf: Path) -> list[tuple[str, int]]:
    """The system calls of a whole life that change files: the kind, and the how-manieth of it."""
    if shutil.which("strace") is None:
        lacking("strace")
    folder = shelf / "count"
    shutil.copytree(base, folder)
    done = strace(folder, "mkdir", "delay_exit=0", 1)
    assert done.returncode == 0, done.stderr
    kinds = re.findall(r"^\d+ +(\w+)\(", (folder / "trace").read_text(), re.MULTILINE)
    seen = Counter[str]()
    return [(kind, seen[kind]) for kind in kinds if seen.update([kind]) is None]


@pytest.mark.slow
@pytest.mark.parametrize("fate", ["signal=SIGKILL", "error=ENOSPC", "error=EIO"])
def test_whatever_happens_to_a_system_call_the_state_is_whole(
    base: Path, out: Path, calls: list[tuple[str, int]], fate: str
) -> None:
    for call, when in calls[len(fate) % 3 :: max(1, len(calls) // SAMPLES)]:
        folder = out / f"{call}-{when}"
        shutil.copytree(base, folder)
        done = strace(folder, call, fate, when)
        (folder / "trace").unlink()
        if fate.startswith("error") and done.returncode:
            ours = "connector.errors." in done.stderr.splitlines()[-1]
            assert ours or ", in send\n" in done.stderr, (call, when, done.stderr)
        check_whole(folder)
