"""`tiersync evaluate` on files with every column and table of the rules, against a DuckDB query written by hand.

    python -m bench evaluate            5,000 and 100,000 accounts, four deals each
    python -m bench.evaluate 1000000    any numbers of accounts; a million takes minutes

Both are processes of their own, so that interpreter start and imports are inside, and both must print every
account. The query (`_by_hand.py`) reads the same files and works out the facts alone; all models, their sentences
and their explanations in text stand on those. Processor time is printed beside wall time, for a machine that is
shared, and memory of each process by itself. The last of several sizes must cost no more per account than the first.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from bench._companies import DEALS_EACH, FIRST_ID, draw
from bench._measured import measure

if TYPE_CHECKING:
    from bench._measured import Measured

USUAL = (5_000, 100_000)
AS_OF = date(2026, 6, 1)
PROMISED = {100_000: (6.0, 600), 1_000_000: (30.0, 2500)}
"""Processor seconds (twice the wall seconds of two cores) and megabytes by accounts, imports included."""
ROOT = Path(__file__).parents[1]
ID = re.compile(rb'\{"(?:account_)?id": ?"(\d+)"')


def one_size(accounts: int) -> tuple[bool, float]:
    """Both processes on so many accounts; whether what is promised of that size holds, and our processor seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw(folder, accounts, AS_OF)
        # bytecode is kept, as for anyone who runs a command twice
        env = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": f"{name}/bytecode"}
        evaluate = [sys.executable, "-m", "connector", "evaluate", "--data", name, "--as-of", AS_OF.isoformat()]
        evaluate += ["--rules", str(ROOT / "rules")]
        ours = _best(evaluate, folder, env, accounts)
        plain = _best([sys.executable, "-m", "bench._by_hand", name, AS_OF.isoformat()], folder, env, accounts)
    for what, run in (("tiersync evaluate", ours), ("query by hand", plain)):
        print(f"{what:18} {run.cpu:7.2f} s processor {run.wall:7.2f} s wall {run.peak_mb:6.0f} MB")
    ratio = (
        f"{accounts:,} accounts, {accounts * DEALS_EACH:,} deals: {ours.cpu / plain.cpu:.1f} times the query by hand"
    )
    if accounts not in PROMISED:
        print(ratio, flush=True)
        return True, ours.cpu
    seconds, megabytes = PROMISED[accounts]
    print(f"{ratio} (promise: at most {seconds} s processor, {megabytes} MB)", flush=True)
    return ours.cpu <= seconds * (2 if os.environ.get("CI") else 1) and ours.peak_mb <= megabytes, ours.cpu


def _best(command: list[str], folder: Path, env: dict[str, str], accounts: int) -> Measured:
    """The cheaper of two runs, the first of which compiles; each must print every account, in the order of ids."""
    runs = []
    for _ in range(2):
        runs.append(measure(command, cwd=folder, env=env))
        assert runs[-1].code == 0, (folder / "output.txt").read_bytes()[-2000:]
        with (folder / "output.txt").open("rb") as lines:
            printed = [int(found[1]) for line in lines if (found := ID.match(line))]
        assert printed == list(range(FIRST_ID, FIRST_ID + accounts)), f"{len(printed)} of {accounts} accounts printed"
    return min(runs, key=lambda run: run.cpu)


def main(*sizes: int) -> bool:
    """Whether every size takes no more than promised, and grows no faster than the input."""
    wanted = sizes or USUAL
    found = [one_size(accounts) for accounts in wanted]
    each = [seconds / accounts for (_, seconds), accounts in zip(found, wanted, strict=True)]
    if len(each) > 1:
        print(f"{each[0] * 1e6:.0f} µs an account at {wanted[0]:,}, {each[-1] * 1e6:.0f} at {wanted[-1]:,}")
    return all(held for held, _ in found) and each[-1] <= each[0]


if __name__ == "__main__":
    sys.exit(0 if main(*map(int, sys.argv[1:])) else 1)
