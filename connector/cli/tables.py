"""Tables for people, on stdout: aligned on a terminal, tab-separated into a pipe."""

import sys
from collections.abc import Collection, Sequence

ROWS_SHOWN = 200
"""On a terminal; a pipe gets them all."""


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[str] = (), title: str = ""
) -> None:
    """Print rows under their column names; `right` names the columns of figures."""
    if not sys.stdout.isatty():
        for line in ([columns] if any(columns) else []) + list(rows):
            sys.stdout.write("\t".join(line).rstrip() + "\n")
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, title=title or None, title_justify="left", show_header=any(columns))
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows[:ROWS_SHOWN]:
        table.add_row(*(Text(cell) for cell in row))
    console = Console()
    console.print(table)
    if len(rows) > ROWS_SHOWN:
        console.print(f"… and {len(rows) - ROWS_SHOWN:,} more; --json or a pipe shows them all")
