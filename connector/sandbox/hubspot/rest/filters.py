"""Search filters: each operator as a test of one record (hubspot.md 5.5)."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from connector.sandbox.hubspot.account.kinds import kind_of
from connector.sandbox.hubspot.account.times import read_instant
from connector.sandbox.hubspot.answers import invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.hubspot.account.kinds import Kind
    from connector.sandbox.hubspot.account.portal import Portal
    from connector.sandbox.hubspot.account.records import Record

    Matcher = Callable[[Record], bool]
    Reader = Callable[[str], Any]

_WORD = re.compile(r"[\w*]+")
ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "LT": lambda have, want: have < want,
    "LTE": lambda have, want: have <= want,
    "GT": lambda have, want: have > want,
    "GTE": lambda have, want: have >= want,
}
OPERATORS = {
    *ORDERED,
    "EQ",
    "NEQ",
    "BETWEEN",
    "IN",
    "NOT_IN",
    "HAS_PROPERTY",
    "NOT_HAS_PROPERTY",
    "CONTAINS_TOKEN",
    "NOT_CONTAINS_TOKEN",
}
NEGATIONS = {
    "NEQ": "EQ",
    "NOT_IN": "IN",
    "NOT_HAS_PROPERTY": "HAS_PROPERTY",
    "NOT_CONTAINS_TOKEN": "CONTAINS_TOKEN",
}


def matcher(portal: Portal, kind: Kind, asked: dict[str, Any]) -> Matcher:
    """Build the test of one filter; refuse what the vendor would not run."""
    name, operator = str(asked.get("propertyName", "")), str(asked.get("operator", ""))
    if operator not in OPERATORS:
        raise invalid(f"Invalid input JSON: {operator} is not a known operator")
    if operator in NEGATIONS:
        test = matcher(portal, kind, {**asked, "operator": NEGATIONS[operator]})
        return lambda record: not test(record)
    if name.startswith("associations."):
        return _associated(portal, kind, name.removeprefix("associations."), operator, asked)
    definition = portal.catalogues[kind.name].definitions.get(name)
    if definition is None:
        raise invalid(f"There is no property {name} to filter by", context={"propertyName": [name]})
    if operator == "HAS_PROPERTY":
        return lambda record: name in record.properties
    return _value_matcher(kind, definition, operator, asked)


def _value_matcher(kind: Kind, definition: dict[str, Any], operator: str, asked: dict[str, Any]) -> Matcher:
    if operator == "CONTAINS_TOKEN":
        return _token_matcher(definition["name"], _wanted(asked, "value"))
    if operator == "IN" or definition["type"] in {"string", "enumeration", "bool", "phone_number"}:
        return _text_matcher(definition, operator, asked)
    get, read = getter(kind, definition), _reader(definition)
    low = _read_wanted(read, _wanted(asked, "value"))
    if operator == "BETWEEN":
        high = _read_wanted(read, _wanted(asked, "highValue"))
        return lambda record: (have := get(record)) is not None and low <= have <= high
    if operator == "EQ":
        return lambda record: get(record) == low
    compare = ORDERED[operator]
    return lambda record: (have := get(record)) is not None and compare(have, low)


def _wanted(asked: dict[str, Any], field: str) -> str:
    if asked.get(field) is None:
        raise invalid(f"Operator {asked.get('operator')} needs {field}")
    return str(asked[field])


def _read_wanted(read: Reader, text: str) -> Any:
    try:
        return read(text)
    except (ValueError, InvalidOperation):
        raise invalid(f"{text} cannot be compared with this property") from None


def _text_matcher(definition: dict[str, Any], operator: str, asked: dict[str, Any]) -> Matcher:
    name = definition["name"]
    # Texts compare without case, enumerations with it; IN does not lower what it is given (hubspot.md 5.5).
    fold = str.lower if definition["type"] == "string" else str
    if operator == "IN":
        wanted = {str(value) for value in asked.get("values") or []}
    else:
        wanted = {fold(_wanted(asked, "value"))}
    if operator in {"EQ", "IN"}:
        parts = definition["fieldType"] == "checkbox"
        return lambda record: not wanted.isdisjoint(_texts(record, name, fold, parts=parts))
    low = next(iter(wanted))
    if operator == "BETWEEN":
        high = fold(_wanted(asked, "highValue"))
        return lambda record: name in record.properties and low <= fold(record.properties[name]) <= high
    compare = ORDERED[operator]
    return lambda record: name in record.properties and compare(fold(record.properties[name]), low)


def _texts(record: Record, name: str, fold: Callable[[str], str], *, parts: bool) -> list[str]:
    value = record.properties.get(name)
    if value is None:
        return []
    return [fold(part) for part in value.split(";")] if parts else [fold(value)]


def _token_matcher(name: str, wanted: str) -> Matcher:
    patterns = _WORD.findall(wanted.lower())

    def holds(record: Record) -> bool:
        words = _WORD.findall(record.properties.get(name, "").lower())
        return all(any(fnmatchcase(word, pattern) for word in words) for pattern in patterns)

    return holds


def _associated(portal: Portal, kind: Kind, target: str, operator: str, asked: dict[str, Any]) -> Matcher:
    other = kind_of(target).name
    if operator == "HAS_PROPERTY":
        return lambda record: bool(portal.links.of(kind.name, record.id, other))
    wanted = {str(value) for value in asked.get("values") or [_wanted(asked, "value")]}
    return lambda record: any(str(found) in wanted for found in portal.links.of(kind.name, record.id, other))


def getter(kind: Kind, definition: dict[str, Any]) -> Callable[[Record], Any]:
    """Give how a record's value is compared; None when it has none or holds something unreadable."""
    name = definition["name"]
    if name == "hs_object_id":
        return lambda record: record.id
    if name == kind.modified:
        return lambda record: record.changed
    if name == kind.created:
        return lambda record: record.created
    read = _reader(definition)

    def value(record: Record) -> Any:
        try:
            return read(record.properties[name])
        except (KeyError, ValueError, InvalidOperation):
            return None

    return value


def _reader(definition: dict[str, Any]) -> Reader:
    if definition["name"] == "hs_object_id":
        return int
    readers: dict[str, Reader] = {"number": Decimal, "date": read_instant, "datetime": read_instant}
    return readers.get(definition["type"], str.lower)


def sort_key(kind: Kind, definition: dict[str, Any]) -> Callable[[Record], Any]:
    """Give the key records are sorted by; unreadable values come first."""
    get = getter(kind, definition)

    def key(record: Record) -> Any:
        value = get(record)
        return (value is not None, value if value is not None else 0)

    return key
