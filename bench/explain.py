"""`tiersync explain` of one account among 5,000, and `tiersync rules check`, with every shipped rule.

Processor time, process start included. The first `explain` after a pull (or on another day) has to work the population
out for its figures; from then on they lie beside the snapshot. Interpreter start, settings, rules and the mirror are in
every figure.
"""

from __future__ import annotations

import os
import sys
import tempfile
from datetime import date
from pathlib import Path

from bench._companies import FIRST_ID, draw
from bench._measured import measure

ACCOUNTS, TIMES = 5_000, 9
AS_OF = date(2026, 6, 1)
FIRST, AGAIN, CHECK = 3.0, 0.5, 0.5
"""Processor seconds at most."""
ROOT = Path(__file__).parents[1]
SETTINGS = '[crm]\nkind = "files"\npath = "export"\n[rules]\ndirectory = "{rules}"\n'


def main() -> bool:
    """Print the figures; true when every promise held."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "export").mkdir()
        draw(folder / "export", ACCOUNTS, AS_OF)
        (folder / "settings.toml").write_text(SETTINGS.format(rules=ROOT / "rules"), encoding="utf-8")
        _seconds(folder, "pull")
        first = _seconds(folder, "explain", str(FIRST_ID))
        again = min(_seconds(folder, "explain", str(FIRST_ID + number)) for number in range(TIMES))
        check = min(_seconds(folder, "rules", "check") for _ in range(TIMES))
    slack = 2 if os.environ.get("CI") else 1
    print(f"explain among {ACCOUNTS:,} accounts: the first time {first:.2f} s processor (promise: at most {FIRST})")
    print(f"explain of any other account after that: {again:.2f} s processor (promise: at most {AGAIN})")
    print(f"rules check of every shipped rule: {check:.2f} s processor (promise: at most {CHECK})")
    return first <= FIRST * slack and again <= AGAIN * slack and check <= CHECK * slack


def _seconds(folder: Path, *arguments: str) -> float:
    env = {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": f"{folder}/bytecode", "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "-m", "connector", *arguments]
    run = measure(command, cwd=folder, env=env | {"TIERSYNC_NOW": f"{AS_OF}T09:00:00+02:00"})
    assert run.code == 0, (folder / "output.txt").read_text(encoding="utf-8")[-2000:]
    return run.cpu


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
