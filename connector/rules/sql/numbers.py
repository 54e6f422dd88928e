"""Numbers in SQL: exact decimals with a scale known beforehand, never binary floats (tree.py)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from connector.rules.sql import logic
from connector.rules.sql import words as w
from connector.rules.sql.words import SCALE, Constant, Rendered, Sql
from connector.rules.tree import Call, Function, Literal, Op

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.model.fields import Type
    from connector.rules.tree import Expression


def arithmetic(op: Op, left: Rendered, right: Rendered) -> Rendered:
    """`+ - *` exact, a product beyond 12 decimals and every quotient rounded half-up to 12."""
    off, sure = logic.off_of((left, right)), left.sure and right.sure
    if isinstance(left.value, Constant) and isinstance(right.value, Constant) and op in (Op.ADD, Op.SUBTRACT):
        one, other = Decimal(left.value), Decimal(right.value)
        total = one + other if op is Op.ADD else one - other
        return Rendered(w.number(total), off, max(left.scale, right.scale), sure)
    match op:
        case Op.ADD | Op.SUBTRACT:
            value = w.two(_wide(left), w.signed(op), _wide(right))
            return Rendered(value, off, max(left.scale, right.scale), sure)
        case Op.MULTIPLY:
            value, scale = product(left, right)
            return Rendered(value, off, scale, sure)
        case _:
            return Rendered(quotient(left, right), off, SCALE)


def _wide(number: Rendered) -> Sql:
    return w.exact(number.value, number.scale)


def product(left: Rendered, right: Rendered) -> tuple[Sql, int]:
    """The product and its scale."""
    value, scale = w.two(_wide(left), "*", _wide(right)), left.scale + right.scale
    if scale <= SCALE:
        return w.exact(value, scale), scale
    return w.exact(w.call("ROUND", value, w.number(SCALE)), SCALE), SCALE


def quotient(left: Rendered, right: Rendered) -> Sql:
    """Divide to 12 decimals, half away from zero; NULL where right is 0."""
    turned = _turned(right)
    if turned is not None and left.scale + turned.scale <= SCALE:
        return w.exact(product(left, turned)[0], SCALE)
    above, below = _units(left), _units(right)
    return w.call("QUOTIENT", above, below, w.cast(w.number(10 ** (SCALE + right.scale - left.scale)), "INT128"))


def _turned(number: Rendered) -> Rendered | None:
    """One over a constant, where that has an end: to multiply is a hundred times faster than to divide."""
    value = Decimal(number.value) if isinstance(number.value, Constant) else Decimal(0)
    if not value:
        return None
    over, rest = divmod(Decimal(10**SCALE), value)
    if rest:
        return None
    over = over.scaleb(-SCALE).normalize()
    return Rendered(w.number(over), scale=w.scale_of(over), sure=True)


def _units(number: Rendered) -> Sql:
    """The number as a whole number of its smallest unit, which no float ever touches."""
    if not number.scale:
        return w.cast(number.value, "INT128")
    return w.cast(w.two(_wide(number), "*", w.number(10**number.scale)), "INT128")


def coalesce(parts: Sequence[Rendered], kind: Type) -> Rendered:
    """The first known part; not applicable where all of them are."""
    offs = [part.off for part in parts if part.off is not None]
    return Rendered(
        w.call("COALESCE", *w.alike(parts, kind)),
        off=logic.all_of(offs) if len(offs) == len(parts) else None,
        scale=max(part.scale for part in parts),
        sure=any(part.sure and part.off is None for part in parts),
    )


def function(node: Call, arguments: Sequence[Rendered]) -> Rendered:
    """least, greatest, abs, round, floor: strict, and of known scale."""
    off, sure = logic.off_of(arguments), all(argument.sure for argument in arguments)
    scale = max(argument.scale for argument in arguments)
    match node.function:
        case Function.LEAST | Function.GREATEST:
            return Rendered(_strict(node, arguments), off, scale, sure)
        case Function.ROUND:
            scale = _decimals(node.arguments, arguments[0].scale)
            rounded = w.call("ROUND", _wide(arguments[0]), w.number(scale))
            return Rendered(w.exact(rounded, scale), off, scale, sure)
        case Function.FLOOR:
            return Rendered(w.exact(w.call("FLOOR", _wide(arguments[0])), 0), off, 0, sure)
        case _:
            return Rendered(w.call("ABS", arguments[0].value), off, scale, sure)


def _strict(node: Call, arguments: Sequence[Rendered]) -> Sql:
    """LEAST or GREATEST, unknown when one argument is: SQL's own leave unknown ones out."""
    value = w.call(node.function.value.upper(), *w.alike(arguments, node.type))
    unsure = [logic.is_known(a.value) for a in arguments if not a.sure or a.off is not None]
    return logic.cases([(logic.all_of(unsure), value)], None) if unsure else value


def _decimals(written: Sequence[Expression], most: int) -> int:
    if len(written) == 1:
        return 0
    places = written[1]
    wanted = places.value if isinstance(places, Literal) else None
    return min(int(wanted), most) if isinstance(wanted, Decimal) else most
