"""The standard objects of an org, made of the lines of the catalogue."""

from __future__ import annotations

import re
from dataclasses import replace

from connector.sandbox.salesforce.org.catalogue import (
    CHOICES,
    DATA,
    KEPT,
    MULTI_CURRENCY,
    PREFIXES,
    SETUP,
    STAGELESS,
    SYSTEM,
    TYPED,
    USER,
)
from connector.sandbox.salesforce.org.schema import Field, SObject, value

LINE = re.compile(r"(\w+) (\w+)(?:\((\d+)(?:,(\d+))?\))?(.*)")


def standard_objects() -> dict[str, SObject]:
    """Make the objects of a new org with one currency, by lower-case name."""
    made = [_data(name, facts) for name, facts in DATA.items()]
    made.append(_sobject("User", "User", "Users", "005", "Id id(18) ro nu open\n" + USER + SYSTEM))
    made += [_setup(name) for name in SETUP if name not in MULTI_CURRENCY]
    return {found.name.lower(): found for found in made}


def currency_objects() -> dict[str, SObject]:
    """Make the objects that come with several currencies."""
    return {name.lower(): _setup(name) for name in MULTI_CURRENCY}


def currency_field() -> Field:
    """Make the field that records carry in an org with several currencies."""
    return Field("CurrencyIsoCode", "picklist", "Currency ISO Code", length=3, restricted=True, permissionable=False)


def _data(name: str, facts: tuple[str, str, str, str, str]) -> SObject:
    label, plural, prefix, lines, children = facts
    made = _sobject(name, label, plural, prefix, KEPT + lines + SYSTEM)
    made.children = children
    made.record_types = name in TYPED
    return made


def _setup(name: str) -> SObject:
    made = _sobject(
        name, _label(name), _label(name) + "s", PREFIXES[name], "Id id(18) ro nu open\n" + SETUP[name] + SYSTEM
    )
    made.setup = True
    made.writes = "" if name in STAGELESS else "cud"
    return made


def _sobject(name: str, label: str, plural: str, prefix: str, lines: str) -> SObject:
    fields = [_field(name, line) for line in lines.strip().splitlines() if line]
    return SObject(name, label, plural, prefix, {field.name.lower(): field for field in fields})


def _field(sobject: str, line: str) -> Field:
    found = LINE.fullmatch(line)
    if found is None:
        raise ValueError(line)
    name, kind, size, scale, rest = found.groups()
    words = rest.split()
    number = kind in {"currency", "double", "percent"}
    made = Field(
        name,
        kind,
        _label(name),
        length=0 if number or kind == "int" else int(size or (18 if kind == "reference" else 0)),
        precision=int(size or 0) if number else 0,
        scale=int(scale or 0) if number else 0,
        nillable="nu" not in words,
        createable="ro" not in words,
        updateable="ro" not in words and "once" not in words,
        required="req" in words,
        restricted="fixed" in words,
        permissionable="open" not in words,
        name_field="name" in words,
        long="long" in words,
        values=[value(text) for text in CHOICES.get((sobject, name), "").split("|") if text],
    )
    targets = next((tuple(word[1:].split(",")) for word in words if word[0] == ">"), ())
    default = next((word[1:] for word in words if word[0] == "="), None)
    return replace(
        made,
        refers=targets,
        relationship=_relationship(name) if targets else None,
        default=default == "true" if kind == "boolean" else default,
    )


def _relationship(name: str) -> str:
    return name if name == "Pricebook2Id" else name.removesuffix("Id")


def _label(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return spaced.removesuffix(" Id") + (" ID" if name.endswith("Id") and name != "Id" else "")
