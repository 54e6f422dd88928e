"""Which states a value can have, told from its formula alone: lets evaluators leave out needless checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.rules.columns import NEVER_EMPTY
from connector.rules.ruleset import Aggregate, Relation
from connector.rules.tree import (
    Arithmetic,
    Call,
    Case,
    Collect,
    Function,
    Known,
    KnownTest,
    Literal,
    Name,
    Op,
    Param,
    Say,
    Scope,
    Unknown,
)
from connector.rules.walk import parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.rules.ruleset import FactOf, Node, Parameter
    from connector.rules.tree import Expression

NEVER = (False, False)
TESTS = frozenset({Function.CONTAINS, Function.STARTS_WITH, Function.HAS})


def states(
    expression: Expression,
    nodes: Mapping[str, Node],
    parameters: Mapping[str, Parameter],
    rows: Mapping[str, Node] | None = None,
) -> tuple[bool, bool]:
    """Tell whether a value may be unknown, and whether it may be not applicable.

    `rows` are the nodes of related accounts; without it names of the related record are columns of a table.
    """
    if isinstance(expression, Name):
        return _of_name(expression, nodes, rows)
    if isinstance(expression, Literal):
        return (False, expression.value is None)
    if isinstance(expression, Param):
        return (False, parameters[expression.name].value is None)
    if isinstance(expression, (Known, KnownTest, Collect, Say)):
        return NEVER
    if isinstance(expression, Unknown):
        return (True, False)
    found = [states(part, nodes, parameters, rows) for part in parts(expression)]
    if isinstance(expression, Case):
        return _of_case(expression, found)
    unknown = any(f[0] for f in found)
    if isinstance(expression, Call):
        return _of_call(expression, found, unknown=unknown)
    if isinstance(expression, Arithmetic):
        return (unknown or _may_divide_by_zero(expression), any(f[1] for f in found))
    return (unknown, False)


def _of_call(call: Call, found: list[tuple[bool, bool]], *, unknown: bool) -> tuple[bool, bool]:
    if call.function is Function.COALESCE:
        sure = NEVER in found
        return (unknown and not sure, not sure and all(f[1] for f in found))
    idle = any(f[1] for f in found)
    if call.function is Function.DIVISION:
        return (True, idle)
    return (unknown, idle and call.function not in TESTS)


def _of_name(name: Name, nodes: Mapping[str, Node], rows: Mapping[str, Node] | None) -> tuple[bool, bool]:
    if name.scope is Scope.ROW and rows is None:
        return (name.name not in NEVER_EMPTY, False)
    node = (rows if name.scope is Scope.ROW and rows is not None else nodes)[name.name]
    return (node.may_be_unknown, node.may_not_apply)


def _may_divide_by_zero(expression: Arithmetic) -> bool:
    divisor = expression.right
    return expression.op is Op.DIVIDE and not (isinstance(divisor, Literal) and bool(divisor.value))


def _of_case(case: Case, found: list[tuple[bool, bool]]) -> tuple[bool, bool]:
    conditions, values = found[0:-1:2], [*found[1:-1:2], found[-1]]
    unknown = any(v[0] for v in values) or (case.strict and any(c[0] for c in conditions))
    return (unknown, any(v[1] for v in values))


def fact_may_be_unknown(fact: FactOf, nodes: Mapping[str, Node], parameters: Mapping[str, Parameter]) -> bool:
    """Tell whether a fact may be unknown: through a record, or because there is none."""
    if fact.relation not in set(Relation):
        return True  # an account that cannot be matched to a table beside the CRM
    rows = nodes if fact.relation in {Relation.MEMBERS, Relation.REFERRED} else None
    used = [e for e in (fact.value, fact.where) if e is not None]
    if fact.aggregate in {Aggregate.COUNT, Aggregate.DISTINCT, Aggregate.SUM, Aggregate.ANY, Aggregate.ALL}:
        return any(states(e, nodes, parameters, rows)[0] for e in used)
    return True
