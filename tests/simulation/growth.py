"""Months of runs against people who never rest, and what has grown meanwhile."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from sqlalchemy import func, select

from connector.store.schema import changes, facts, packs, quarantine, runs, snapshots
from tests.simulation.life import ONE_AFTER_THE_OTHER, Life, one_after_the_other
from tests.simulation.wire import Weather

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUR = 3_600
TABLES = (runs, changes, packs, facts, quarantine, snapshots)


@dataclass(frozen=True)
class Size:
    """How big everything is at one moment."""

    runs: int
    rows: dict[str, int]
    folders: int
    """Of the mirror."""
    kilobytes: int
    """Of the state database, pages to be used again included."""
    handles: int
    resident_kilobytes: int


def months(folder: Path, *, days: int, keep_days: int, runs_a_day: int = 1, faults: float = 0.05) -> Iterator[Size]:
    """Live so many days, with a run every so often in weather as bad as asked; yields the sizes of each day's end.

    The first run of each day evaluates with DuckDB.
    """
    with ExitStack() as replaced:
        for module in ONE_AFTER_THE_OTHER:
            replaced.enter_context(patch(f"connector.crm.{module}.gather", one_after_the_other))
        life = Life(2, folder, keep_runs=timedelta(days=keep_days))
        runs = 0
        for day in range(days):
            for hour in range(runs_a_day):
                life.town.happens()
                life.real_engine = hour == 0
                weather = Weather(life.chance, faults=faults if (day + hour) % 2 else 0.0)
                life.run(weather)
                runs += 1
                life.time.sleep(24 * HOUR / runs_a_day)
                life.wires[-1].drain()
                life.trace.clear()
                life.written.clear()
                life.wires.clear()
            yield measured(life, runs)
        life.recover()
        life.check()


def measured(life: Life, done: int) -> Size:
    """The sizes now, `done` runs on."""
    with life.store().database.read() as connection:
        rows = {table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES}
    files = list(life.folder.glob("state.db*"))
    return Size(
        runs=done,
        rows=rows,
        folders=len(list((life.folder / "mirror").iterdir())),
        kilobytes=sum(file.stat().st_size for file in files) // 1024,
        handles=len(list(Path("/proc/self/fd").iterdir())),
        resident_kilobytes=int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024,
    )
