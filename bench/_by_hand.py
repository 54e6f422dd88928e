"""The facts behind the models as one DuckDB query written by hand: `python -m bench._by_hand FOLDER DAY`.

What someone would write who needs these numbers once (by_hand.sql): types are DuckDB's own, money is exact, currencies
are converted at the close date, groups are summed under their ultimate parent, and a line of JSON per account is
printed in the order of ids. It has no unknowns, no rules, no sentences, no ties and no list of what it could not read.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

QUERY = (Path(__file__).parent / "by_hand.sql").read_text(encoding="utf-8")


def main(folder: str, day: str) -> None:
    """Print a line per account."""
    db = duckdb.connect(":memory:")
    db.execute("set timezone = 'UTC'")
    rows = db.execute(QUERY.format(folder=Path(folder).as_posix(), day=day))
    while found := rows.fetchmany(2000):
        sys.stdout.write("".join(f"{line}\n" for (line,) in found))


if __name__ == "__main__":
    main(*sys.argv[1:])
