"""A cell as the text that is written to the CRM (model.changes.Change)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from connector.model.numbers import plain
from connector.rules.cells import UNKNOWN, half_up, is_known

if TYPE_CHECKING:
    from connector.model.outputs import Output
    from connector.rules.cells import Cell

UNKNOWN_OPTION = "unknown"


def canonical(cell: Cell, output: Output) -> str | None:
    """Write a cell for an output: rounded to its decimals; unknown is the option `unknown` where there is one."""
    if cell is UNKNOWN and UNKNOWN_OPTION in output.options:
        return UNKNOWN_OPTION
    if not is_known(cell):
        return None
    if isinstance(cell, Decimal):
        return plain(cell if output.decimals is None else half_up(cell, output.decimals))
    return text_of(cell)


def text_of(cell: Cell) -> str | None:
    """Write a known cell of any type; an empty text or list is None."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Decimal):
        return plain(cell)
    if isinstance(cell, tuple):
        return ";".join(sorted(map(str, cell))) or None
    return cell.isoformat() if isinstance(cell, date) else str(cell) or None


def written(cell: Cell) -> str:
    """Write a known cell as it is: an empty text stays one, and a list keeps its order."""
    if isinstance(cell, tuple):
        return ";".join(map(str, cell))
    return text_of(cell) or ""
