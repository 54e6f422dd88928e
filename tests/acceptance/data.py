"""The data folder of a test, file by file."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def write(name: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Write a table of `data/` in the current folder; the first row names the columns."""
    with Path(f"data/{name}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
