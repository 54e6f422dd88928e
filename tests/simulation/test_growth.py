"""What grows over months, and where it stops; `python -m bench soak` lives longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.growth import months

if TYPE_CHECKING:
    from pathlib import Path

DAYS, KEEP = 50, 15


def test_journal_mirror_and_handles_stop_growing(tmp_path: Path) -> None:
    sizes = list(months(tmp_path, days=DAYS, keep_days=KEEP))
    early, late = sizes[2 * KEEP], sizes[-1]
    assert max(size.rows["runs"] for size in sizes) <= KEEP + 4
    assert max(size.folders for size in sizes) <= 5
    assert max(size.rows["snapshots"] for size in sizes) <= 5
    assert late.rows["facts"] <= early.rows["facts"] + 1
    assert max(size.rows["changes"] for size in sizes[-KEEP:]) <= 2 * max(
        size.rows["changes"] for size in sizes[KEEP : 2 * KEEP]
    )
    assert late.kilobytes <= 1.3 * early.kilobytes
    assert late.handles <= early.handles + 2
