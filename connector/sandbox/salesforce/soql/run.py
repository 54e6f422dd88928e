"""Runs a query for a user: which records it finds, in which order, and how they are written."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from connector.sandbox.salesforce.answers import Refusal, malformed
from connector.sandbox.salesforce.org.schema import TEXTS
from connector.sandbox.salesforce.soql.aggregate import aggregates, count_only, grouped
from connector.sandbox.salesforce.soql.conditions import ALWAYS, EVERYTHING, Conditions
from connector.sandbox.salesforce.soql.grammar import parse
from connector.sandbox.salesforce.soql.literals import Reading
from connector.sandbox.salesforce.soql.names import Scope, located
from connector.sandbox.salesforce.soql.ordering import folded, ordered
from connector.sandbox.salesforce.soql.select import WIDEST, Selection
from connector.sandbox.salesforce.soql.tree import Function, Named, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from connector.sandbox.salesforce.org.tables import Record, Table
    from connector.sandbox.salesforce.org.view import View
    from connector.sandbox.salesforce.soql.conditions import Test
    from connector.sandbox.salesforce.soql.tree import Order, Subquery

FURTHEST = 2000
"""Rows OFFSET may skip."""
IN_STEP = ["SystemModstamp", "Id"]


@dataclass(frozen=True, slots=True)
class Found:
    """What a query found: records with their selection, or rows that are written already."""

    sobject: str
    total: int
    records: list[Record]
    selection: Selection | None = None
    rows: list[dict[str, Any]] | None = None


class Runner:
    """Runs queries as one user; `deleted` shows the recycle bin too, `root` begins the records' addresses."""

    def __init__(self, view: View, root: str, *, deleted: bool = False) -> None:
        self._view, self._root, self._deleted = view, root, deleted
        zone = view.org.table("User").rows[view.user]["TimeZoneSidKey"]
        self._reading = Reading(view.org.now(), zone)

    def run(self, text: str) -> Found:
        """Run a query; refuse with MALFORMED_QUERY, INVALID_TYPE, INVALID_FIELD and others."""
        query = parse(text)
        scope = Scope(self._view, text, query.of, alias=query.alias, at=query.at)
        if query.offset > FURTHEST:
            message = f"Maximum SOQL offset allowed is {FURTHEST}"
            raise Refusal(400, "NUMBER_OUTSIDE_VALID_RANGE", located(text, 0, message))
        if aggregates(query):
            return self._groups(scope, query)
        selection = Selection(scope, query.items, self._root, lambda found: self._nested(scope, found))
        if _wide(query) and (query.limit is None or query.limit > WIDEST):
            raise malformed("The SOQL FIELDS function must have a LIMIT of at most 200")
        rows = self._rows(scope, query)
        return Found(scope.sobject.name, len(rows), rows, selection)

    def _groups(self, scope: Scope, query: Query) -> Found:
        rows = self._matching(scope, query)
        if count_only(query):
            return Found(scope.sobject.name, sum(1 for _ in rows), [], rows=[])
        found = grouped(scope, query, rows, self._reading)
        return Found(scope.sobject.name, len(found), [], rows=found)

    def _test(self, scope: Scope, query: Query) -> Test:
        return Conditions(scope, self._reading, lambda inner: self._inner(scope, inner)).compile(query.where)

    def _inner(self, outer: Scope, query: Query) -> Iterable[Any]:
        scope = Scope(self._view, outer.text, query.of, alias=query.alias, at=query.at)
        what = query.items[0].what
        if len(query.items) != 1 or not isinstance(what, Named):
            raise malformed("Semi join sub-selects can only query one field")
        ref = scope.resolve(what)
        return (value for row in self._matching(scope, query) if (value := ref.get(row)) is not None)

    def _matching(self, scope: Scope, query: Query) -> Iterable[Record]:
        return self._among(self._view.table(scope.sobject), self._test(scope, query), None)

    def _among(self, table: Table, test: Test, rows: Iterable[Record] | None) -> Iterable[Record]:
        found = test.narrow.rows(table) if rows is None else rows
        if not self._deleted:
            found = table.live(found)
        return found if test is ALWAYS else filter(test.holds, found)

    def _rows(self, scope: Scope, query: Query) -> list[Record]:
        table, test = self._view.table(scope.sobject), self._test(scope, query)
        last = None if query.limit is None else query.offset + query.limit
        if _in_step(query.order) and test.narrow.lookup is None:
            rows = self._among(table, test, table.stamped(*test.narrow.stamps))
        elif _by_id(query.order) and test.narrow.lookup is None and test.narrow.stamps == EVERYTHING:
            rows = self._among(table, test, table.numbered(*test.narrow.ids))
        else:
            found = self._among(table, test, None)
            rows = ordered(list(found), [_key(scope, key) for key in query.order]) if query.order else found
        return list(islice(rows, query.offset, last))

    def _nested(self, outer: Scope, subquery: Subquery) -> tuple[str, Callable[[Record], Any]]:
        """Give what writes the children of a record: null where there is none."""
        query = subquery.query
        lookup, child, key = self._children(outer, query)
        scope = Scope(self._view, outer.text, child, alias=query.alias, at=query.at)
        selection = Selection(scope, query.items, self._root, lambda found: self._nested(scope, found))
        test, table = self._test(scope, query), self._view.table(scope.sobject)
        keys = [_key(scope, order) for order in query.order]

        def told(record: Record) -> Any:
            rows = list(self._among(table, test, table.having(lookup, [record["Id"]])))
            rows = ordered(rows, keys)[query.offset :][: query.limit]
            written = [selection.shape.write(row) for row in rows]
            return {"totalSize": len(written), "done": True, "records": written} if written else None

        return key, told

    def _children(self, outer: Scope, query: Query) -> tuple[str, str, str]:
        for child in self._view.org.objects.values():
            for held in child.fields.values():
                if (
                    outer.sobject.name in held.refers
                    and _child_name(child.name, child.children, held.name) == query.of.lower()
                ):
                    shown = "ChildAccounts" if child.name == outer.sobject.name else child.children
                    return held.name, child.name, shown
        text = f"Didn't understand relationship '{query.of}' in FROM part of query call."
        raise outer.wrong(query.at, text, "INVALID_TYPE")


def _child_name(child: str, children: str, lookup: str) -> str:
    if lookup == "ParentId" and child == "Account":
        return "childaccounts"
    return children.lower() if lookup == "AccountId" else ""


def _wide(query: Query) -> bool:
    functions = [item.what for item in query.items if isinstance(item.what, Function) and item.what.name == "FIELDS"]
    return any(found.of is not None and found.of.text.upper() != "STANDARD" for found in functions)


def _plain(order: tuple[Order, ...]) -> list[str] | None:
    if any(key.descending or key.nulls_last or isinstance(key.by, Function) for key in order):
        return None
    return [key.by.text for key in order if isinstance(key.by, Named)]


def _in_step(order: tuple[Order, ...]) -> bool:
    names = _plain(order)
    return names is not None and [name.lower() for name in names] == [name.lower() for name in IN_STEP]


def _by_id(order: tuple[Order, ...]) -> bool:
    names = _plain(order)
    return names is not None and [name.lower() for name in names] == ["id"]


def _key(scope: Scope, key: Order) -> tuple[Callable[[Record], Any], Order]:
    if isinstance(key.by, Function):
        raise malformed(f"unexpected token: '{key.by.name}'")
    ref = scope.resolve(key.by)
    if not ref.field.sortable:
        raise scope.wrong(key.by.at, f"field '{ref.field.name}' can not be sorted in a query call")
    return (folded(ref.get) if ref.field.type in TEXTS else ref.get), key
