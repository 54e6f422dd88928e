"""`python -m tests.simulation SEED` replays one seed and prints its trace; `… FIRST COUNT` tries many."""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from tests.simulation.life import lived

MEMORY = Path("/dev") / "shm"
"""Where a thousand lives wear out no disk."""


def replay(seed: int, folder: Path) -> int:
    """Live one seed; a failure shows its trace."""
    sys.stdout.write("\n".join([*lived(seed, folder).trace, ""]))
    return 0


def many(first: int, count: int, folder: Path) -> int:
    """Live many seeds and name those that fail."""
    failed, began = set(range(first, first + count)), time.process_time()
    for seed in range(first, first + count):
        with suppress(Exception):
            lived(seed, folder)
            failed.discard(seed)
        if seed in failed:
            sys.stdout.write(f"failed: python -m tests.simulation {seed}\n")
            sys.stdout.flush()
    spent = (time.process_time() - began) / count
    sys.stdout.write(f"{count} seeds, {spent * 1000:.0f} ms of processor time each, {len(failed)} failed\n")
    return 1 if failed else 0


def main(first: int, count: int = 1) -> int:
    """Replay one, or try many."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        return replay(first, Path(folder)) if count == 1 else many(first, count, Path(folder))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
