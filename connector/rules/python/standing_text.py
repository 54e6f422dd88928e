"""What a population comes to as text, so that it can be kept: exact, and the same bytes for the same figures."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connector.rules.cells import CENTS, IDLE, UNKNOWN, Cell
from connector.rules.python.ranking import Board, Place
from connector.rules.python.standing import Standing, Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

SIDES = (False, True)
"""Of a board, in the order of its places: who is sent last, and all others."""


def dumped(standing: Standing) -> str:
    """Write it as JSON; amounts as whole cents."""
    figures = {
        name: [
            [[*map(_put, keys)], _put(tally.value), tally.count, str(tally.total)] for keys, tally in by_keys.items()
        ]
        for name, by_keys in standing.figures.items()
    }
    ranked = {name: _written(board) for name, board in standing.ranked.items()}
    return json.dumps({"figures": figures, "ranked": ranked}, separators=(",", ":"))


def loaded(text: str) -> Standing:
    """Read what `dumped` wrote; raises ValueError for anything else."""
    try:
        return _read(json.loads(text))
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError) as error:
        raise ValueError(f"this is no standing: {error}") from error


def _read(document: Any) -> Standing:
    figures = {
        name: {
            tuple(map(_get, keys)): Tally(_get(value), int(count), Decimal(total))
            for keys, value, count, total in tallies
        }
        for name, tallies in document["figures"].items()
    }
    return Standing(figures, {name: _board(**found) for name, found in document["ranked"].items()})


def _written(board: Board) -> dict[str, object]:
    cents = [[int(place.amount.scaleb(CENTS)) for place in board.places if place.ahead is ahead] for ahead in SIDES]
    return {"last": cents[0], "ahead": cents[1], "more": board.more}


def _board(last: Sequence[int], ahead: Sequence[int], more: int) -> Board:
    sides = zip(SIDES, (last, ahead), strict=True)
    return Board(
        [Place(side, Decimal(cents).scaleb(-CENTS)) for side, amounts in sides for cents in amounts], int(more)
    )


def _put(cell: Cell) -> object:
    if cell is UNKNOWN or cell is IDLE:  # by identity: a text may read "unknown" too
        return {"state": cell.value}
    if isinstance(cell, Decimal):
        return {"number": str(cell)}
    if isinstance(cell, date):
        return {"day": cell.isoformat()}
    return {"list": [*map(_put, cell)]} if isinstance(cell, tuple) else cell


def _get(found: Any) -> Any:
    if not isinstance(found, dict):
        return found
    [(kind, value)] = found.items()
    match kind:
        case "number":
            return Decimal(value)
        case "day":
            return date.fromisoformat(value)
        case "list":
            return tuple(map(_get, value))
        case _:
            return UNKNOWN if value == UNKNOWN.value else IDLE
