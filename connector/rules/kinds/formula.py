"""formula: a sum, a product, a ratio, or any formula, between optional limits.

A limit that is not configured (a null parameter) does not limit. A ratio to zero is unknown.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from connector.rules.binding.declare import Declaration, formula_node, resolve, uses_of
from connector.rules.binding.resolve import result_type
from connector.rules.kinds.common import is_known, limited
from connector.rules.syntax.document import Leaf
from connector.rules.syntax.forms import read_formula
from connector.rules.tree import Arithmetic, Branch, Call, Case, Function, Literal, Op
from connector.rules.walk import POISON, type_of

if TYPE_CHECKING:
    from connector.rules.binding.names import Names
    from connector.rules.ruleset import Node
    from connector.rules.syntax.forms import Form, Formula
    from connector.rules.tree import Expression

SIDES = ("this", "divided by this")
WAYS = {"sum": Op.ADD, "product": Op.MULTIPLY, "ratio": Op.DIVIDE}


def declare(name: Leaf, form: Form) -> Declaration:
    """Read the model."""
    ways = [key for key in ("is", *WAYS) if form.has(key)]
    if len(ways) != 1:
        form.problems.add(name.at, "a formula has one of 'is', 'sum', 'product' or 'ratio'")
    way = ways[0] if ways else "is"
    terms = [form.formula("is")] if way == "is" else _terms(form, way)
    applies, least, most = form.formula("applies"), form.formula("at_least"), form.formula("at_most")
    label = form.languages("label")

    def build(names: Names) -> list[Node]:
        expression = _combine(way, [resolve(term, names, "" if way == "is" else "number") for term in terms])
        if least is not None:
            expression = _limit(expression, resolve(least, names, "number"), Function.GREATEST)
        if most is not None:
            expression = _limit(expression, resolve(most, names, "number"), Function.LEAST)
        limit = None if applies is None else resolve(applies, names, "condition")
        return formula_node(names, name.text, limited(expression, limit), at=name.at, model=name.text, label=label)

    used = uses_of(applies, least, most, *terms)
    return Declaration((name.text,), "models", name.at, used, build, "formula", label)


def _terms(form: Form, way: str) -> list[Formula | None]:
    items = form.items(way)
    if way == "ratio" and len(items) != len(SIDES):
        form.problems.add(form.at, f"a ratio has two formulas: [{', '.join(SIDES)}]")
    return [read_formula(item, form.problems) for item in items if isinstance(item, Leaf)]


def _combine(way: str, terms: list[Expression]) -> Expression:
    if not terms or any(term is POISON for term in terms):
        return POISON
    result = terms[0]
    for term in terms[1:]:
        kind = result_type(WAYS[way], type_of(result), type_of(term))
        result = Arithmetic(WAYS[way], result, term, kind)
    return result


def _limit(expression: Expression, limit: Expression, function: Function) -> Expression:
    if isinstance(limit, Literal) and isinstance(limit.value, Decimal):
        return Call(function, (expression, limit), type_of(expression))
    bounded = Call(function, (expression, limit), type_of(expression))
    return Case((Branch(is_known(limit), bounded),), expression, type_of(expression))
