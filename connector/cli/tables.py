"""Tables for people, on stdout: drawn on a terminal, aligned text into a pipe."""

import sys
from collections.abc import Collection, Sequence

from connector.model.texts import one_line

Row = Sequence[str]


def print_table(columns: Row, rows: Sequence[Row], *, right: Collection[str] = (), title: str = "") -> None:
    """Print rows under their column names; `right` names the columns of figures."""
    legible = [[one_line(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _draw(columns, legible, right, title)
    else:
        _align(columns, legible, right, title)


def _align(columns: Row, rows: Sequence[Row], right: Collection[str], title: str) -> None:
    lines = ([columns] if any(columns) else []) + list(rows)
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    if title:
        sys.stdout.write(f"{title}\n")
    for line in lines:
        cells = (
            cell.rjust(width) if column in right else cell.ljust(width)
            for cell, width, column in zip(line, widths, columns, strict=True)
        )
        sys.stdout.write("  " + "  ".join(cells).rstrip() + "\n")


def _draw(columns: Row, rows: Sequence[Row], right: Collection[str], title: str) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, title=title or None, title_justify="left", show_header=any(columns))
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)
