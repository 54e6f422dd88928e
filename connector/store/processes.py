"""Which process this is, and whether another one still lives; a pid alone is not enough, the system uses it again."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from msgspec import Struct

PROC = Path("/proc")


class Process(Struct, frozen=True):
    """One process on one machine. `machine` is one boot of one pid namespace: only inside it pids can be compared."""

    host: str
    machine: str
    pid: int
    started: str


def this_process() -> Process:
    """The process that asks."""
    pid = os.getpid()
    return Process(host=socket.gethostname(), machine=_machine(PROC), pid=pid, started=_started(pid, PROC) or "")


def is_alive(process: Process, *, proc: Path = PROC) -> bool | None:
    """Whether it still runs; None when it cannot be seen from here.

    A process of another user may be hidden (mount option `hidepid`, systemd's `ProtectProc`): it is there, and no more
    is known of it.
    """
    if process.machine != _machine(proc) or not process.machine:
        return None
    started = _started(process.pid, proc)
    if started is not None:
        return started == process.started
    return None if _exists(process.pid) else False


def _machine(proc: Path) -> str:
    """Empty where the system has no /proc: then no other process is ever judged from here."""
    try:
        boot = (proc / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{(proc / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _started(pid: int, proc: Path) -> str | None:
    """When the process started, in ticks since boot (proc(5), field 22); None when it is not shown.

    A zombie is dead and only waits to be buried: it counts as started never.
    """
    try:
        stat = (proc / str(pid) / "stat").read_text()
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()  # the name in parentheses may hold anything
    return "never" if state in "ZX" else fields[18]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # not ours to signal
    return True
