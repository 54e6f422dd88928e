"""Months of a worker in minutes: what grows, with people who never rest and faults at one request in twenty.

`python -m bench soak` lives 200 days with a run every hour. Figures are of one process that does all runs, and in
which the sandbox lives too, with every record that people ever deleted.
"""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.simulation.growth import Size, months

DAYS, KEEP, HOURS = 200, 30, 24
MEGABYTES = 40
"""Growth of the process allowed between the days when retention begins to work and the end."""


def main() -> bool:
    """Print the sizes now and then; true when nothing grew that should not."""
    began, sizes = time.process_time(), []
    with TemporaryDirectory() as folder:
        for size in months(Path(folder), days=DAYS, keep_days=KEEP, runs_a_day=HOURS):
            sizes.append(size)
            if size.runs % (20 * HOURS) == 0:
                print(_line(size), flush=True)
    spent = time.process_time() - began
    early, late = sizes[KEEP + 10], sizes[-1]
    grown = (late.resident_kilobytes - early.resident_kilobytes) / 1024
    each = spent / late.runs * 1000
    print(f"{late.runs:,} runs in {spent:.0f} s of processor time ({each:.0f} ms each), {grown:.1f} MB grown")
    return (
        grown < MEGABYTES
        and late.handles <= early.handles + 2
        and late.rows["runs"] <= (KEEP + 4) * HOURS
        and late.kilobytes <= 1.5 * early.kilobytes
    )


def _line(size: Size) -> str:
    rows = ", ".join(f"{count:,} {name}" for name, count in size.rows.items())
    return (
        f"run {size.runs:>5}: {rows}; {size.folders} snapshots on disk, database {size.kilobytes:,} kB, "
        f"{size.handles} handles, {size.resident_kilobytes / 1024:.0f} MB"
    )
