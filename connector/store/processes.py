"""Which process this is, and whether another one still lives; a pid alone is not enough, the system uses it again."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """One process on one machine. `machine` is one boot of one pid namespace: only inside it pids can be compared."""

    host: str
    machine: str
    pid: int
    started: str


def this_process() -> Process:
    """The process that asks."""
    pid = os.getpid()
    return Process(host=socket.gethostname(), machine=_machine(), pid=pid, started=_started(pid) or "")


def is_alive(process: Process) -> bool | None:
    """Whether it still runs; None when it cannot be seen from here."""
    if process.machine != _machine() or not process.machine:
        return None
    return _started(process.pid) == process.started


def _machine() -> str:
    """Empty where the system has no /proc: then no other process is ever judged from here."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _started(pid: int) -> str | None:
    """When the process started, in ticks since boot (proc(5), field 22); None when it is dead or a zombie."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()  # the name in parentheses may hold anything
    return None if state in "ZX" else fields[18]
