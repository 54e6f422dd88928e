"""One child process, measured from outside: wall seconds, CPU seconds and peak memory."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """What one process took."""

    wall: float
    cpu: float
    peak_mb: float
    code: int


def measure(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Measured:
    """Run to the end; output goes to a file beside, so that printing costs nothing."""
    began = time.perf_counter()
    with (cwd / "output.txt").open("wb") as output:
        child = subprocess.Popen(command, cwd=cwd, env={**_cached(), **env}, stdout=output, stderr=output)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    return Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, child.returncode)


def best(command: Sequence[str], *, cwd: Path, env: Mapping[str, str], times: int) -> Measured:
    """The fastest of several runs: the one least disturbed by others."""
    return min((measure(command, cwd=cwd, env=env) for _ in range(times)), key=lambda run: run.wall)


def _cached() -> dict[str, str]:
    """This environment; compiled modules are kept, as on any machine that runs a program twice."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
