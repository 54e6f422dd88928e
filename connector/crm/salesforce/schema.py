"""What `describe` says of an object: its fields as this user sees them, their types, picklists and record types.

A field that field-level security hides is absent here, exactly like one that does not exist.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from connector.crm.salesforce.session.checks import bad
from connector.crm.salesforce.values import NUMERIC
from connector.crm.texts import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.crm.salesforce.session.client import Client

MASTER = "012000000000000AAA"
"""The id of "no record type"."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


class Property(Struct, frozen=True):
    """One field, as far as reading and writing need it."""

    name: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    updateable: bool = True
    calculated: bool = False
    restricted: bool = False
    options: tuple[Mapping[str, Any], ...] = ()

    @property
    def values(self) -> frozenset[str]:
        """The active picklist values."""
        return frozenset(str(option.get("value")) for option in self.options if option.get("active"))

    def objection(self, value: str | None) -> str:
        """Why Salesforce would refuse to store this canonical text, or nothing."""
        if not self.updateable:
            return f"{self.name} may not be edited by this user"
        if value is None or value == "":
            return ""
        if self.type in ("picklist", "multipicklist") and self.restricted:
            wrong = [part for part in value.split(";") if part not in self.values]
            return f"{self.name} has no active picklist value {', '.join(wrong)}" if wrong else ""
        if self.type in NUMERIC:
            return self._objection_to_number(value)
        return self._objection_to_text(value)

    def _objection_to_number(self, value: str) -> str:
        if not _NUMBER.fullmatch(value):
            return f"{self.name} takes a number"
        whole, _, broken = value.removeprefix("-").partition(".")
        if self.precision and len(whole) > self.precision - self.scale:
            return f"{self.name} takes at most {self.precision - self.scale} digits before the point"
        if len(broken.rstrip("0")) > self.scale:
            return f"{self.name} takes {self.scale} decimals"
        return ""

    def _objection_to_text(self, value: str) -> str:
        if self.type == "date" and not _DATE.fullmatch(value):
            return f"{self.name} takes a date"
        if self.type == "boolean" and value not in ("true", "false"):
            return f"{self.name} takes true or false"
        if self.length and len(value) > self.length:
            return f"{self.name} takes at most {self.length:,} characters"
        return ""


class Entity(Struct, frozen=True):
    """One object."""

    name: str
    fields: Mapping[str, Property]
    """By name in lower case."""
    updateable: bool = True
    record_types: tuple[str, ...] = ()
    """Ids of the active record types, the master one aside."""

    def get(self, name: str) -> Property | None:
        """A field by its name, compared without case."""
        return self.fields.get(name.lower())


def read(client: Client, entity: str) -> Entity:
    """Describe one object. Raises Refused (404) for one that does not exist or may not be seen."""
    what = f"describing {entity}"
    document = client.get(client.path(f"sobjects/{entity}/describe"), what)
    fields = document.get("fields")
    if not isinstance(fields, list) or not fields:
        raise bad(what, "Salesforce's answer has no list of fields")
    found = [_parse(item, what) for item in fields]
    kinds = [item for item in listed(document.get("recordTypeInfos")) if isinstance(item, dict)]
    return Entity(
        name=entity,
        fields={known.name.lower(): known for known in found},
        updateable=document.get("updateable") is not False,
        record_types=tuple(
            str(item["recordTypeId"])
            for item in kinds
            if item.get("recordTypeId") and not item.get("master") and item.get("active", True)
        ),
    )


def _parse(item: Any, what: str) -> Property:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str) or not item["name"]:
        raise bad(what, "Salesforce's answer holds a field without a name")
    return Property(
        name=item["name"],
        type=str(item.get("type") or "string"),
        length=_whole(item.get("length")),
        precision=_whole(item.get("precision")),
        scale=_whole(item.get("scale")),
        updateable=item.get("updateable") is True,
        calculated=item.get("calculated") is True,
        restricted=item.get("restrictedPicklist") is True,
        options=tuple(option for option in listed(item.get("picklistValues")) if isinstance(option, dict)),
    )


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
