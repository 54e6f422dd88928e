"""A life of the state that is cut short: run as a program, it kills a child of its own at every chosen step.

    python -m tests.store.crash kill BASE OUT STRIDE   SIGKILL before lines of connector/store, each the first and the
                                                       last time that it is run
    python -m tests.store.crash keep BASE OUT PART OF  what a kill would leave before every line, each the first and the
                                                       last time, a part of them: one life, copied at each
    python -m tests.store.crash full BASE OUT BYTES…   no file may grow beyond so many bytes
    python -m tests.store.crash act  FOLDER            the whole life, once

Each child lives in a copy of BASE, in OUT/<step>. What it sent to the CRM is in the folder's `sent`, before it was
acknowledged: a file that is written and synced before `land` is called.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from connector.errors import ConnectorError
from connector.model.changes import Change, Landed, Outcome, Target
from connector.model.fields import Table
from connector.model.runs import RunOutcome
from connector.ports import Page, PullSummary
from connector.store import Store, draft, open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
ROOM = str(Path(draft.__file__).parent)  # the draft and Arrow with it are loaded once, before the forks
ACCOUNTS = 16
BATCH = 8
STOPPED = 3


def opened(folder: Path) -> Store:
    return open_store(f"sqlite:///{folder}/t.db", folder / "mirror", clock=lambda: START)


def first_life(folder: Path) -> None:
    """A state with one good run and one that died while it was sending."""
    store = opened(folder)
    live(store, folder, run="good", value="small", full=True)
    with store.lease.hold(wait_seconds=0):
        store.journal.start(run="died", command="sync", now=START)
        store.journal.intend("died", planned("medium")[:BATCH])
        store.journal.sending("died", [row.seq for row in store.journal.changes("died")])
        send(folder, planned("medium")[:BATCH])
    store.close()


def act(folder: Path) -> None:
    """The life that may end at any moment."""
    store = opened(folder)
    live(store, folder, run="next", value="large", full=False)
    store.close()


def live(store: Store, folder: Path, *, run: str, value: str, full: bool) -> None:
    with store.lease.hold(wait_seconds=0) as check:
        store.journal.start(run=run, command="sync", now=START)
        pull(store, value, full=full)
        store.journal.intend(run, planned(value))
        store.journal.note(run, applied=True, figures={"changes": ACCOUNTS})
        write(store, folder, run, check)
        store.journal.finish(run, outcome=RunOutcome.OK, now=START)
        store.mirror.prune(keep=1)


def pull(store: Store, value: str, *, full: bool) -> None:
    ids = [str(at) for at in range(ACCOUNTS if full else ACCOUNTS // 2)]
    with store.mirror.draft(base=store.mirror.current()) as filling:
        for chunk in (ids[: len(ids) // 2], ids[len(ids) // 2 :]):
            filling.add(Page(Table.ACCOUNTS, {"account_id": chunk, "name": [value] * len(chunk)}))
        if full:
            filling.add(Page(Table.DEALS, {"deal_id": ids}))
        rows = {Table.ACCOUNTS: len(ids), **({Table.DEALS: len(ids)} if full else {})}
        filling.commit(PullSummary(value, full, rows, {}), now=START)


def planned(value: str) -> list[Change]:
    return [Change(str(at), Target.ACCOUNT, str(at), "seg_tier", None, value) for at in range(ACCOUNTS)]


def write(store: Store, folder: Path, run: str, check: Callable[[], None]) -> None:
    rows = list(store.journal.changes(run, only_open=True))
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        check()
        store.journal.sending(run, [row.seq for row in batch])
        send(folder, [row.change for row in batch])
        store.journal.land(run, [answer(row.change) for row in batch], now=START)


def answer(change: Change) -> Outcome:
    """The CRM refuses account 7 and loses the answer about account 9."""
    landed = {"7": Landed.REFUSED, "9": Landed.UNSETTLED}.get(change.record, Landed.WRITTEN)
    return Outcome(change.target, change.record, landed)


def send(folder: Path, sent: list[Change]) -> None:
    """The CRM holds these values from here on, whatever becomes of us."""
    with (folder / "sent").open("a") as file:
        file.writelines(f"{change.record} {change.new}\n" for change in sent if change.record != "7")
        file.flush()
        os.fsync(file.fileno())


class KillAt:
    """A tracer that kills the process before the n-th line of the room; it only takes notes when n is 0."""

    def __init__(self, step: int) -> None:
        self.step = step
        self.seen: list[tuple[str, int]] = []

    def __call__(self, frame: FrameType, event: str, _arg: object) -> KillAt | None:
        if not frame.f_code.co_filename.startswith(ROOM):
            return None
        if event == "line":
            self.seen.append((frame.f_code.co_filename, frame.f_lineno))
            if len(self.seen) == self.step:
                os.kill(os.getpid(), signal.SIGKILL)
        return self

    def steps(self) -> list[int]:
        """The first and the last time of every line."""
        last = {line: step for step, line in enumerate(self.seen, 1)}
        first = {line: step for step, line in reversed(list(enumerate(self.seen, 1)))}
        return sorted({*first.values(), *last.values()})


def child(folder: Path, base: Path, body: Callable[[Path], object]) -> None:
    shutil.copytree(base, folder)
    pid = os.fork()
    if not pid:
        try:
            body(folder)
        except ConnectorError as error:
            sys.stderr.write(f"{type(error).__name__} {error}\n")
            os._exit(STOPPED)
        except BaseException:  # noqa: BLE001 - a child of a fork never returns
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    (folder / "status").write_text(str(os.waitstatus_to_exitcode(status)))


def traced(folder: Path, step: int) -> list[int]:
    tracer = KillAt(step)
    sys.settrace(tracer)
    act(folder)
    sys.settrace(None)
    return tracer.steps()


def kill(base: Path, out: Path, stride: int) -> None:
    def noted(folder: Path) -> None:
        (folder / "steps").write_text(" ".join(map(str, traced(folder, 0))))

    child(out / "whole", base, noted)
    steps = [int(step) for step in (out / "whole" / "steps").read_text().split()]
    for step in sorted({*steps[::stride], steps[-1]}):  # the last line too: all is done there, and nothing is closed
        child(out / str(step), base, partial(traced, step=step))


class Keep(KillAt):
    """A tracer that copies the state before chosen lines: a kill leaves just what the files hold at that moment."""

    def __init__(self, folder: Path, chosen: frozenset[int]) -> None:
        super().__init__(0)
        self._folder = folder
        self._chosen = chosen

    def __call__(self, frame: FrameType, event: str, arg: object) -> KillAt | None:
        found = super().__call__(frame, event, arg)
        if event == "line" and found is not None and len(self.seen) in self._chosen:
            shutil.copytree(self._folder, self._folder.with_name(str(len(self.seen))))
            self._chosen -= {len(self.seen)}
        return found


def keep(base: Path, out: Path, part: int, of: int) -> None:
    def noted(folder: Path) -> None:
        (folder / "steps").write_text(" ".join(map(str, traced(folder, 0))))

    def kept(folder: Path) -> None:
        sys.settrace(Keep(folder, frozenset(steps)))
        act(folder)
        sys.settrace(None)

    child(out / "noted", base, noted)
    steps = [int(step) for step in (out / "noted" / "steps").read_text().split()][part::of]
    shutil.rmtree(out / "noted")
    child(out / "whole", base, kept)
    (out / "whole" / "steps").write_text(" ".join(map(str, steps)))


def limited(folder: Path, size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    act(folder)


def full(base: Path, out: Path, sizes: list[int]) -> None:
    for size in sizes:
        child(out / str(size), base, partial(limited, size=size))


if __name__ == "__main__":
    task, *rest = sys.argv[1:]
    if task == "kill":
        kill(Path(rest[0]), Path(rest[1]), int(rest[2]))
    elif task == "keep":
        keep(Path(rest[0]), Path(rest[1]), int(rest[2]), int(rest[3]))
    elif task == "full":
        full(Path(rest[0]), Path(rest[1]), [int(size) for size in rest[2:]])
    else:
        act(Path(rest[0]))
