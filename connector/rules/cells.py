"""Values with their state, and exact arithmetic on them; the semantics of tree.py in plain Python."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING, Any

from connector.model.fields import Plain
from connector.rules.calendar_days import add_days
from connector.rules.tree import Op, State, Test

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Known = Plain | tuple[Plain, ...]
Cell = Known | State
"""A known value, UNKNOWN or IDLE; compare the latter two by identity."""

UNKNOWN = State.UNKNOWN
IDLE = State.NOT_APPLICABLE

DECIMALS = 12
CENTS = 2
"""Decimals of an amount."""
_EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
_STEP = Decimal(1).scaleb(-DECIMALS)


def is_known(cell: Cell) -> bool:
    """Tell whether the cell holds a value."""
    return cell is not UNKNOWN and cell is not IDLE


def strict(cells: Iterable[Cell]) -> State | None:
    """Give the state arithmetic passes on: not applicable wins over unknown; None when all are known."""
    found: State | None = None
    for cell in cells:
        if cell is IDLE:
            return IDLE
        if cell is UNKNOWN:
            found = UNKNOWN
    return found


def half_up(number: Decimal, decimals: int) -> Decimal:
    """Round half-up, away from zero; what rounds to nothing has no sign."""
    rounded = number.quantize(Decimal(1).scaleb(-decimals), context=_EXACT)
    return rounded or rounded.copy_abs()


def compute(op: Op, left: Cell, right: Cell) -> Cell:
    """Apply arithmetic to numbers and dates; a division by zero is unknown."""
    state = strict((left, right))
    if state is not None:
        return state
    if isinstance(left, date):
        return _dates(op, left, right)
    if not isinstance(left, Decimal) or not isinstance(right, Decimal):
        raise TypeError(f"{left!r} {op} {right!r}")
    return _numbers(op, left, right)


def _numbers(op: Op, left: Decimal, right: Decimal) -> Cell:
    if op is Op.ADD:
        return _EXACT.add(left, right)
    if op is Op.SUBTRACT:
        return _EXACT.subtract(left, right)
    if op is Op.MULTIPLY:
        return _settle(_EXACT.multiply(left, right))
    return _settle(_EXACT.divide(left, right)) if right else UNKNOWN


def _settle(number: Decimal) -> Decimal:
    exponent = number.as_tuple().exponent
    return number.quantize(_STEP, context=_EXACT) if isinstance(exponent, int) and exponent < -DECIMALS else number


def _dates(op: Op, left: date, right: Cell) -> Cell:
    if isinstance(right, date):
        return Decimal((left - right).days)
    if not isinstance(right, Decimal):
        raise TypeError(f"{left!r} {op} {right!r}")
    return add_days(left, int(right) if op is Op.ADD else -int(right))


def compare(test: Test, left: Cell, right: Cell, *, fold: bool) -> Cell:
    """Compare two cells; not applicable equals nothing, unknown leaves it open."""
    if left is IDLE or right is IDLE:
        return test is Test.NE
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    if fold and isinstance(left, str) and isinstance(right, str):
        left, right = left.lower(), right.lower()
    return bool(_HOLDS[test](left, right))


_HOLDS: dict[Test, Callable[[Any, Any], bool]] = {
    Test.EQ: lambda a, b: a == b,
    Test.NE: lambda a, b: a != b,
    Test.LT: lambda a, b: a < b,
    Test.LE: lambda a, b: a <= b,
    Test.GT: lambda a, b: a > b,
    Test.GE: lambda a, b: a >= b,
}


def all_of(cells: Iterable[Cell]) -> Cell:
    """Kleene's and; not applicable counts as false."""
    found: Cell = True
    for cell in cells:
        if cell is False or cell is IDLE:
            return False
        if cell is UNKNOWN:
            found = UNKNOWN
    return found


def any_of(cells: Iterable[Cell]) -> Cell:
    """Kleene's or; not applicable counts as false."""
    found: Cell = False
    for cell in cells:
        if cell is True:
            return True
        if cell is UNKNOWN:
            found = UNKNOWN
    return found


def negate(cell: Cell) -> Cell:
    """Kleene's not; not applicable counts as false."""
    if cell is UNKNOWN:
        return UNKNOWN
    return cell is not True
