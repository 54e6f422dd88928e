"""The functions of the language: how many arguments, of which families, and what they give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from connector.model.fields import Plain, Type
from connector.model.meant import near
from connector.rules.tree import Call, Function, Literal, Param, Unknown
from connector.rules.walk import NUMERIC, POISON, family, type_of

if TYPE_CHECKING:
    from connector.rules.binding.resolve import Resolver
    from connector.rules.syntax.grammar import Term
    from connector.rules.tree import Expression, Position


class Signature(Struct, frozen=True):
    """Families of the arguments: a single one is repeated; `same` means all like the first."""

    least: int
    most: int
    takes: tuple[str, ...]
    gives: Type | None
    """None: what the arguments are."""
    shown: str


SIGNATURES = {
    Function.COALESCE: Signature(2, 8, ("same",), None, "coalesce(a, b, …)"),
    Function.LEAST: Signature(2, 8, ("same",), None, "least(a, b, …)"),
    Function.GREATEST: Signature(2, 8, ("same",), None, "greatest(a, b, …)"),
    Function.ABS: Signature(1, 1, ("number",), None, "abs(number)"),
    Function.ROUND: Signature(1, 2, ("number",), None, "round(number, decimals)"),
    Function.FLOOR: Signature(1, 1, ("number",), Type.INTEGER, "floor(number)"),
    Function.IF: Signature(3, 3, ("true/false", "same", "same"), None, "if(condition, a, b)"),
    Function.DAYS_SINCE: Signature(1, 1, ("date",), Type.INTEGER, "days_since(date)"),
    Function.MONTHS_BETWEEN: Signature(2, 2, ("date",), Type.INTEGER, "months_between(from, to)"),
    Function.ADD_MONTHS: Signature(2, 2, ("date", "number"), Type.DATE, "add_months(date, months)"),
    Function.QUARTER: Signature(1, 1, ("date",), Type.INTEGER, "quarter(date)"),
    Function.DIVISION: Signature(1, 1, ("text",), Type.INTEGER, "division(activity_code)"),
    Function.CONTAINS: Signature(2, 2, ("text", "text or list"), Type.BOOLEAN, "contains(text, part)"),
    Function.STARTS_WITH: Signature(2, 2, ("text", "text or list"), Type.BOOLEAN, "starts_with(text, part)"),
    Function.HAS: Signature(2, 2, ("list", "text"), Type.BOOLEAN, "has(list, 'CODE')"),
}
FOLDED = frozenset({Function.CONTAINS, Function.STARTS_WITH})


def apply(resolver: Resolver, term: Term, at: Position) -> Expression:
    """Resolve a call; notes an unknown function, a wrong number or a wrong type of arguments."""
    names = [function.value for function in Function]
    if term.text.lower() not in names:
        hint = near(term.text, names) or "functions: " + ", ".join(names)
        resolver.say(resolver.leaf.spot(term.start, len(term.text)), f"unknown function '{term.text}'", hint)
        return POISON
    function = Function(term.text.lower())
    signature = SIGNATURES[function]
    if not signature.least <= len(term.parts) <= signature.most:
        resolver.say(at, f"'{function}' takes other arguments", f"write {signature.shown}")
        return POISON
    arguments = tuple(_argument(resolver, part) for part in term.parts)
    if any(argument is POISON for argument in arguments):
        return POISON
    _check(resolver, signature, arguments)
    return Call(function, arguments, _gives(function, signature, arguments), function in FOLDED, at)


def _argument(resolver: Resolver, part: Term) -> Expression:
    if part.kind != "list":
        return resolver.expression(part)
    items = tuple(resolver.expression(item) for item in part.parts)
    values = tuple(item.value for item in items if isinstance(item, Literal) and isinstance(item.value, Plain))
    if len(values) != len(items):
        resolver.say(resolver.at(part), "a list holds constants only")
        return POISON
    return Literal(values, Type.MULTI, resolver.at(part))


def _check(resolver: Resolver, signature: Signature, arguments: tuple[Expression, ...]) -> None:
    first_same: str | None = None
    for index, argument in enumerate(arguments):
        wanted = signature.takes[min(index, len(signature.takes) - 1)]
        if isinstance(argument, Literal) and argument.value is None:
            continue
        found = family(type_of(argument))
        if wanted == "same":
            first_same = wanted = first_same or found
        allowed = {"text", "list"} if wanted == "text or list" else {wanted}
        if found not in allowed:
            resolver.say(argument.at, f"expected a {wanted}, found a {found}", f"write {signature.shown}")


def _gives(function: Function, signature: Signature, arguments: tuple[Expression, ...]) -> Type:
    if signature.gives is not None:
        return signature.gives
    used = arguments[1:] if function is Function.IF else arguments
    if function is Function.ROUND:
        used = arguments[:1]
    kinds = [
        type_of(a) for a in used if not (isinstance(a, (Literal, Param)) and _bare(a)) and not isinstance(a, Unknown)
    ]
    kinds = kinds or [type_of(used[0])]
    if all(kind in NUMERIC for kind in kinds):
        return _widest(kinds)
    return kinds[0]


def _bare(argument: Literal | Param) -> bool:
    """Constants take the type of what they stand beside: greatest(revenue, 0) is money."""
    return isinstance(argument, Param) or argument.type in NUMERIC or argument.value is None


def _widest(kinds: list[Type]) -> Type:
    for kind in (Type.MONEY, Type.NUMBER, Type.PERCENT):
        if kind in kinds:
            return kind
    return Type.INTEGER
