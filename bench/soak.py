"""Months of a worker in minutes: what grows, with people who never rest and faults at one request in twenty.

`python -m bench soak` lives 400 days with a run a day. Figures are of one process that does all runs.
"""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.simulation.growth import Size, months

DAYS, KEEP = 400, 60
MEGABYTES = 40
"""Growth of the process allowed between the days when retention begins to work and the end."""


def main() -> bool:
    """Print the sizes now and then; true when nothing grew that should not."""
    began, sizes = time.process_time(), []
    with TemporaryDirectory() as folder:
        for size in months(Path(folder), days=DAYS, keep_days=KEEP):
            sizes.append(size)
            if size.runs % 50 == 0:
                print(_line(size), flush=True)
    spent = time.process_time() - began
    early, late = sizes[KEEP + 20], sizes[-1]
    grown = (late.resident_kilobytes - early.resident_kilobytes) / 1024
    print(f"{DAYS} days in {spent:.0f} s of processor time ({spent / DAYS * 1000:.0f} ms a run), {grown:.1f} MB grown")
    return (
        grown < MEGABYTES
        and late.handles <= early.handles + 2
        and late.rows["runs"] <= KEEP + 4
        and late.kilobytes <= 1.5 * early.kilobytes
    )


def _line(size: Size) -> str:
    rows = ", ".join(f"{count:,} {name}" for name, count in size.rows.items())
    return (
        f"day {size.runs:>4}: {rows}; {size.folders} snapshots on disk, database {size.kilobytes:,} kB, "
        f"{size.handles} handles, {size.resident_kilobytes / 1024:.0f} MB"
    )
