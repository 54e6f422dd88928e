"""A large made-up population in the files of contract.md, with every column and table the rules can read.

The database draws it (companies.sql), since a loop would take minutes for a million accounts. Every draw is a hash
of a row's number, so that the same size gives the same rows.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from datetime import date

DEALS_EACH = 4
FIRST_ID = 10_000_000
PARTS = (Path(__file__).parent / "companies.sql").read_text(encoding="utf-8").split("-- part ")[1:]


def draw(folder: Path, accounts: int, as_of: date) -> None:
    """Write the files of so many accounts: four deals each, and a ticket and an activity."""
    db = duckdb.connect(":memory:")
    for part in PARTS:
        table, query = part.split("\n", 1)
        query = query.format(accounts=accounts, as_of=as_of, first=FIRST_ID, deals_each=DEALS_EACH)
        db.execute(query if table == "draws" else f"copy ({query}) to '{folder / table}.csv' (format csv, header)")
    db.close()
