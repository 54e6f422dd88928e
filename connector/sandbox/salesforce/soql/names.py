"""Finds what a path means in the schema the running user sees, and how to read it off a record."""

from __future__ import annotations

from dataclasses import dataclass
from operator import methodcaller
from typing import TYPE_CHECKING, Any

from connector.sandbox.salesforce.answers import Refusal
from connector.sandbox.salesforce.org.view import ADVICE, no_such_column, no_such_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.salesforce.org.schema import Field, SObject
    from connector.sandbox.salesforce.org.tables import Record
    from connector.sandbox.salesforce.org.view import View
    from connector.sandbox.salesforce.soql.tree import Named

DEEPEST = 5
SHOWN = 60
"""Characters of the query told on either side of an error."""
ADDRESS = ("Street", "City", "State", "PostalCode", "Country")


@dataclass(frozen=True, slots=True)
class Ref:
    """A field that is there: `names` are the lookups on the way, in the schema's own spelling."""

    sobject: SObject
    field: Field
    lookups: tuple[tuple[str, Field, SObject], ...]
    get: Callable[[Record], Any]

    @property
    def plain(self) -> bool:
        """Whether the record itself holds it, under its name."""
        return not self.lookups and not self.field.formula and self.field.type != "address"

    @property
    def path(self) -> str:
        """The path in the schema's own spelling."""
        return ".".join([*(name for name, _, _ in self.lookups), self.field.name])


class Scope:
    """The object a query is about, and the text it is told with when something is wrong."""

    def __init__(self, view: View, text: str, name: str, *, alias: str | None = None, at: int = 0) -> None:
        found = view.sobject(name)
        if found is None:
            raise Refusal(400, "INVALID_TYPE", located(text, at, no_such_type(name)))
        self.view, self.text, self.sobject, self.alias = view, text, found, alias

    def resolve(self, named: Named) -> Ref:
        """Find the field a path means; refuse one that is not there, or hidden, with INVALID_FIELD."""
        path, sobject = self._stripped(named.path), self.sobject
        lookups: list[tuple[str, Field, SObject]] = []
        for name in path[:-1]:
            held = sobject.by_relationship(name)
            if held is None or self.view.field(sobject, held.name) is None or len(lookups) == DEEPEST:
                raise self.wrong(named.at, no_such_relationship(name))
            target = self._target(held, path[-1])
            lookups.append((held.relationship or held.name, held, target))
            sobject = target
        found = self.view.field(sobject, path[-1])
        if found is None:
            raise self.wrong(named.at, no_such_column(path[-1], sobject.name))
        get = reader(self.view, sobject, found)
        for _, held, _target in reversed(lookups):
            get = _over(self.view, held, get)
        return Ref(sobject, found, tuple(lookups), get)

    def _stripped(self, path: tuple[str, ...]) -> tuple[str, ...]:
        own = {self.sobject.name.lower(), (self.alias or self.sobject.name).lower()}
        known = self.sobject.by_relationship(path[0])
        return path[1:] if len(path) > 1 and path[0].lower() in own and known is None else path

    def _target(self, held: Field, last: str) -> SObject:
        objects = [self.view.org.objects[name.lower()] for name in held.refers]
        return next((found for found in objects if found.get(last) is not None), objects[0])

    def wrong(self, at: int, message: str, code: str = "INVALID_FIELD") -> Refusal:
        """Make the refusal of something at a place of the query."""
        return Refusal(400, code, located(self.text, at, message))


def reader(view: View, sobject: SObject, held: Field) -> Callable[[Record], Any]:
    """Give what reads a field off a record of its object."""
    if held.formula:
        return _formula(view, sobject, held)
    if held.type == "address":
        stem = held.name.removesuffix("Address")
        return lambda record: _address(record, stem)
    return methodcaller("get", held.name)


def _over(view: View, held: Field, get: Callable[[Record], Any]) -> Callable[[Record], Any]:
    name, org = held.name, view.org
    tables = [org.tables[target] for target in held.refers]

    def read(record: Record) -> Any:
        identity = record.get(name)
        if identity is None:
            return None
        found = next((table.rows[identity] for table in tables if identity in table.rows), None)
        return None if found is None else get(found)

    return read


def _formula(view: View, sobject: SObject, held: Field) -> Callable[[Record], Any]:
    # A formula reads past the user's own field-level security, and so is not resolved through a scope.
    *names, last = held.formula.split(".")
    steps = []
    for name in names:
        lookup = sobject.by_relationship(name)
        if lookup is None:
            raise KeyError(held.formula)
        steps.append(lookup)
        sobject = view.org.objects[lookup.refers[0].lower()]
    get = reader(view, sobject, sobject.fields[last.lower()])
    for lookup in reversed(steps):
        get = _over(view, lookup, get)
    return get


def _address(record: Record, stem: str) -> dict[str, Any] | None:
    parts = {name[0].lower() + name[1:]: record.get(stem + name) for name in ADDRESS}
    if not any(parts.values()):
        return None
    return {"geocodeAccuracy": None, "latitude": None, "longitude": None, **parts}


def located(text: str, at: int, message: str) -> str:
    """Word an error with the place in the query it is about."""
    row, before = text.count("\n", 0, at) + 1, text.rfind("\n", 0, at) + 1
    start = max(0, at - SHOWN)
    shown = text[start : at + SHOWN].replace("\n", " ")
    return f"\n{shown}\n{' ' * (at - start)}^\nERROR at Row:{row}:Column:{at - before + 1}\n{message}"


def no_such_relationship(name: str) -> str:
    """Word the refusal of a relationship that is not there."""
    return (
        f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom relationship, "
        f"be sure to append the '__r' after the custom relationship name. {ADVICE}"
    )
