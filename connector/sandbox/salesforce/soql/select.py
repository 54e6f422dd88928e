"""The select list, ready to write records with: fields in their order, parents inside, children inside."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connector.sandbox.salesforce.answers import malformed
from connector.sandbox.salesforce.soql.functions import DATES, converted, dated
from connector.sandbox.salesforce.soql.names import reader
from connector.sandbox.salesforce.soql.tree import Function, Item, Named, Subquery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from connector.sandbox.salesforce.org.tables import Record
    from connector.sandbox.salesforce.soql.names import Ref, Scope

    Read = Callable[[Record], Any]
    Nested = Callable[[Subquery], tuple[str, Read]]

WIDEST = 200
"""Rows FIELDS(ALL) and FIELDS(CUSTOM) may give."""


class Shape:
    """Writes the records of one object as a query asked for them."""

    def __init__(self, sobject: str, root: str) -> None:
        self._type = sobject
        self._url = f"{root}/sobjects/{sobject}/"
        self._names: list[str] = []
        self._steps: list[tuple[str, Read]] = []
        self._parents: dict[str, tuple[Read, Shape]] = {}
        self._flat = True

    def add(self, name: str, read: Read, *, plain: bool = False) -> None:
        """Take in one field under its name."""
        self._flat &= plain
        self._names.append(name)
        self._steps.append((name, read))

    def parent(self, relationship: str, read: Read, sobject: str, root: str) -> Shape:
        """Give the shape of a parent, which is told once however many of its fields were asked for."""
        known = self._parents.get(relationship)
        if known is None:
            known = self._parents[relationship] = (read, Shape(sobject, root))
            self.add(relationship, self._parental(*known))
        return known[1]

    def _parental(self, read: Read, shape: Shape) -> Read:
        def told(record: Record) -> Any:
            found = read(record)
            return None if found is None else shape.write(found)

        return told

    def write(self, record: Record) -> dict[str, Any]:
        """Write one record."""
        attributes = {"type": self._type, "url": self._url + record["Id"]}
        if self._flat:
            return {"attributes": attributes, **dict(zip(self._names, map(record.get, self._names), strict=True))}
        found: dict[str, Any] = {"attributes": attributes}
        for name, read in self._steps:
            found[name] = read(record)
        return found


@dataclass(frozen=True, slots=True)
class Column:
    """One column of flat rows."""

    name: str
    read: Read
    held: str | None = None
    """The name under which the record itself holds it."""
    compound: bool = False
    """Its values are records of their own: an address."""

    def of(self, rows: Iterable[Record]) -> list[Any]:
        """The values of some rows."""
        if self.held is None:
            return list(map(self.read, rows))
        return [record.get(self.held) for record in rows]


class Selection:
    """The columns of a query on rows: as nested records for REST, as flat ones for Bulk."""

    def __init__(self, scope: Scope, items: Iterable[Item], root: str, nested: Nested) -> None:
        self.columns: list[Column] = []
        self.long_texts = 0
        """Long text areas asked for: two of them make pages short."""
        self.shape = Shape(scope.sobject.name, root)
        self._scope, self._root = scope, root
        for item in expanded(scope, items):
            if isinstance(item.what, Subquery):
                self.shape.add(*nested(item.what))
            elif isinstance(item.what, Function):
                self._call(item, item.what)
            else:
                self._field(scope.resolve(item.what))

    def _call(self, item: Item, function: Function) -> None:
        org, name = self._scope.view.org, item.alias or "expr0"
        if function.of is None or function.name not in {*DATES, "TOLABEL", "FORMAT", "CONVERTCURRENCY"}:
            raise self._scope.wrong(function.at, f"unexpected token: '{function.name}'", "MALFORMED_QUERY")
        ref = self._scope.resolve(function.of)
        if function.name in {"TOLABEL", "FORMAT"}:
            read = _labelled(ref) if function.name == "TOLABEL" else ref.get
            name = item.alias or ref.field.name
        elif function.name == "CONVERTCURRENCY":
            if not org.identity.multi_currency or ref.field.type != "currency":
                text = "convertCurrency is only supported on currency fields of an org with multiple currencies"
                raise self._scope.wrong(function.at, text)
            read, name = converted(org, self._scope.view.user, ref), item.alias or ref.field.name
        else:
            read = dated(function.name, ref)[1]
        self.shape.add(name, read)
        self.columns.append(Column(name, read, compound=ref.field.type == "address"))

    def _field(self, ref: Ref) -> None:
        self.long_texts += ref.field.long
        own = ref.field.name if ref.plain else None
        self.columns.append(Column(ref.path, ref.get, own, compound=ref.field.type == "address"))
        if not ref.lookups:
            self.shape.add(ref.field.name, ref.get, plain=ref.plain)
            return
        view, shape, sobject = self._scope.view, self.shape, self._scope.sobject
        for relationship, held, target in ref.lookups:
            shape = shape.parent(relationship, _follow(self._scope, held.name, held.refers), target.name, self._root)
            sobject = target
        found = replace(ref, lookups=(), get=reader(view, sobject, ref.field))
        shape.add(ref.field.name, found.get, plain=found.plain)


def _follow(scope: Scope, name: str, refers: tuple[str, ...]) -> Read:
    tables = [scope.view.org.tables[target] for target in refers]

    def read(record: Record) -> Any:
        identity = record.get(name)
        return next((table.rows[identity] for table in tables if identity in table.rows), None)

    return read


def _labelled(ref: Ref) -> Read:
    labels = {found["value"]: found["label"] for found in ref.field.values}
    get = ref.get
    return lambda record: labels.get(get(record), get(record))


def expanded(scope: Scope, items: Iterable[Item]) -> list[Item]:
    """Put the fields FIELDS(…) stands for in its place."""
    found: list[Item] = []
    for item in items:
        if isinstance(item.what, Function) and item.what.name == "FIELDS" and item.what.of is not None:
            kind = item.what.of.text.upper()
            if kind not in {"ALL", "STANDARD", "CUSTOM"}:
                raise malformed(f"unexpected token: '{item.what.of.text}'")
            held = [
                field
                for field in scope.view.fields(scope.sobject)
                if kind == "ALL" or field.custom is (kind == "CUSTOM")
            ]
            found += [Item(Named((field.name,), item.what.at)) for field in held]
        else:
            found.append(item)
    names = [item.what.text.lower() for item in found if isinstance(item.what, Named)]
    doubled = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
    if doubled is not None:
        raise scope.wrong(0, f"duplicate field selected: {doubled}", "INVALID_FIELD")
    return found
