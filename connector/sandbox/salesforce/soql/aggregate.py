"""Queries that count and sum: COUNT() alone, or groups with aggregates."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

from connector.sandbox.salesforce.answers import Refusal, malformed
from connector.sandbox.salesforce.org.schema import Field
from connector.sandbox.salesforce.soql.conditions import ORDERINGS
from connector.sandbox.salesforce.soql.functions import DATES, dated
from connector.sandbox.salesforce.soql.ordering import ordered
from connector.sandbox.salesforce.soql.tree import AllOf, AnyOf, Compare, Function, Named, Not

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from connector.sandbox.salesforce.org.tables import Record
    from connector.sandbox.salesforce.soql.literals import Reading
    from connector.sandbox.salesforce.soql.names import Scope
    from connector.sandbox.salesforce.soql.tree import Condition, Item, Query

    Read = Callable[[Record], Any]
    Row = dict[str, Any]

MOST = 2000
"""Groups one answer can hold: there is no next page (salesforce.md 3.4)."""
NUMERIC = {"SUM", "AVG"}
WAYS: dict[str, Callable[[list[Any]], Any]] = {
    "COUNT": len,
    "COUNT_DISTINCT": lambda values: len(set(values)),
    "SUM": lambda values: round(sum(values), 2) if values else None,
    "AVG": lambda values: fmean(values) if values else None,
    "MIN": lambda values: min(values, default=None),
    "MAX": lambda values: max(values, default=None),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One expression of the answer: a key of the groups, or an aggregate over each."""

    name: str
    read: Read
    way: Callable[[list[Any]], Any] | None = None


def aggregates(query: Query) -> bool:
    """Tell whether a query is one of groups rather than of rows."""
    return bool(query.group) or any(isinstance(item.what, Function) and item.what.name in WAYS for item in query.items)


def count_only(query: Query) -> bool:
    """Tell whether a query is SELECT COUNT() alone."""
    what = query.items[0].what
    return len(query.items) == 1 and isinstance(what, Function) and what.name == "COUNT" and what.of is None


def grouped(scope: Scope, query: Query, rows: Iterable[Record], reading: Reading) -> list[Row]:
    """Give one row per group, with its keys and aggregates under their aliases."""
    keys = [_key(scope, held) for held in query.group]
    columns = [_column(scope, query, item, place) for place, item in enumerate(_numbered(query))]
    groups: dict[tuple[Any, ...], list[Record]] = {}
    for row in rows:
        groups.setdefault(tuple(read(row) for _name, read in keys), []).append(row)
    if not keys:
        groups = groups or {(): []}
    kept = [held for held in groups.values() if query.having is None or _having(scope, query.having, held, reading)]
    kept = ordered(kept, [(_aggregate(scope, key.by), key) for key in query.order])
    kept = kept[query.offset :][: query.limit]
    if len(kept) > MOST:
        text = "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch"
        raise Refusal(400, "EXCEEDED_ID_LIMIT", text)
    return [
        {"attributes": {"type": "AggregateResult"}, **{one.name: _told(one, held) for one in columns}} for held in kept
    ]


def _told(column: Column, held: list[Record]) -> Any:
    if column.way is None:
        return column.read(held[0]) if held else None
    return column.way([value for row in held if (value := column.read(row)) is not None])


def _numbered(query: Query) -> list[tuple[Item, int]]:
    """Number the aggregates without an alias: expr0, expr1 and so on."""
    found, number = [], 0
    for item in query.items:
        found.append((item, number))
        number += isinstance(item.what, Function) and item.alias is None
    return found


def _key(scope: Scope, held: Named | Function) -> tuple[str, Read]:
    if isinstance(held, Function):
        if held.name not in DATES or held.of is None:
            raise malformed(f"unexpected token: '{held.name}'")
        return held.name, dated(held.name, scope.resolve(held.of))[1]
    ref = scope.resolve(held)
    if not ref.field.groupable:
        raise scope.wrong(held.at, f"field '{ref.field.name}' can not be grouped in a query call")
    return ref.field.name, ref.get


def _column(scope: Scope, query: Query, numbered: tuple[Item, int], _place: int) -> Column:
    item, number = numbered
    what = item.what
    if isinstance(what, Named):
        ref = scope.resolve(what)
        paths = {scope.resolve(held).path for held in query.group if isinstance(held, Named)}
        if ref.path not in paths:
            text = f"Field must be grouped or aggregated: {ref.field.name}"
            raise scope.wrong(what.at, text, "MALFORMED_QUERY")
        return Column(item.alias or ref.field.name, ref.get)
    if not isinstance(what, Function):
        raise malformed("Nested queries are not supported in aggregate queries")
    name = item.alias or f"expr{number}"
    if what.name in DATES:
        return Column(name, _key(scope, what)[1])
    return Column(name, *_way(scope, what))


def _way(scope: Scope, what: Function) -> tuple[Read, Callable[[list[Any]], Any]]:
    if what.name not in WAYS or (what.of is None and what.name != "COUNT"):
        raise malformed(f"unexpected token: '{what.name}'")
    if what.of is None:
        return (lambda record: record["Id"]), len
    ref = scope.resolve(what.of)
    if what.name in NUMERIC and ref.field.type not in {"double", "currency", "percent", "int"}:
        text = f"field {ref.field.name} does not support aggregate operator {what.name}"
        raise scope.wrong(what.at, text, "MALFORMED_QUERY")
    get = ref.get
    if ref.field.type == "currency" and scope.view.org.identity.multi_currency:
        get = _corporate(scope, ref.get)
    return get, WAYS[what.name]


def _corporate(scope: Scope, get: Read) -> Read:
    # Sums are in the corporate currency (salesforce.md 3.3).
    rates = {row["IsoCode"]: row["ConversionRate"] for row in scope.view.org.table("CurrencyType").rows.values()}

    def read(record: Record) -> Any:
        value, rate = get(record), rates.get(record.get("CurrencyIsoCode"), 1.0)
        return None if value is None else value / rate

    return read


def _aggregate(scope: Scope, by: Named | Function) -> Callable[[list[Record]], Any]:
    if isinstance(by, Function) and by.name in WAYS:
        read, way = _way(scope, by)
        return lambda held: way([value for row in held if (value := read(row)) is not None])
    read = _key(scope, by)[1]
    return lambda held: read(held[0])


def _having(scope: Scope, condition: Condition, held: list[Record], reading: Reading) -> bool:
    if isinstance(condition, AllOf):
        return all(_having(scope, part, held, reading) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return any(_having(scope, part, held, reading) for part in condition.parts)
    if isinstance(condition, Not):
        return not _having(scope, condition.part, held, reading)
    if not isinstance(condition, Compare):
        raise malformed("unexpected token: 'IN'")
    value = _aggregate(scope, condition.left)(held)
    kind = "double" if isinstance(condition.left, Function) else scope.resolve(condition.left).field.type
    wanted = reading.value(Field("", kind), condition.right)
    if condition.op in ORDERINGS:
        return value is not None and ORDERINGS[condition.op](value, wanted)
    return bool(value == wanted) is (condition.op == "=")
