"""What HubSpot says about its properties: which exist, of what type, with which options, and who may write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from connector.crm.hubspot.session import checks
from connector.crm.texts import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.crm.hubspot.paths import Paths
    from connector.crm.hubspot.session.client import Client

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_LONGEST = 65_536


class Property(Struct, frozen=True):
    """One property definition, as far as reading and writing need it."""

    name: str
    type: str
    field_type: str
    options: tuple[Mapping[str, Any], ...] = ()
    read_only: bool = False

    @property
    def values(self) -> frozenset[str]:
        """The option values."""
        return frozenset(str(option.get("value")) for option in self.options)

    @property
    def multiple(self) -> bool:
        """Whether several options may be set at once."""
        return self.type == "enumeration" and self.field_type == "checkbox"

    def objection(self, value: str) -> str:
        """Why HubSpot would refuse to store this canonical text, or nothing."""
        if self.read_only:
            return f"{self.name} is read-only in HubSpot"
        if not value:
            return ""
        if self.type == "enumeration" and self.options:
            wrong = [part for part in (value.split(";") if self.multiple else [value]) if part not in self.values]
            return f"{self.name} has no option {', '.join(wrong)}" if wrong else ""
        return self._objection_to_text(value)

    def _objection_to_text(self, value: str) -> str:
        if self.type == "number" and not _NUMBER.fullmatch(value):
            return f"{self.name} takes a number"
        if self.type == "date" and not _DATE.fullmatch(value):
            return f"{self.name} takes a date"
        if self.type == "bool" and value not in ("true", "false"):
            return f"{self.name} takes true or false"
        if len(value) > _LONGEST:
            return f"{self.name} takes at most {_LONGEST:,} characters"
        return ""


def read(client: Client, paths: Paths, kind: str) -> dict[str, Property]:
    """Every property definition of one kind of object, by name. Raises Forbidden without the scope.

    Each kind has hundreds of HubSpot's own: a list without any would pass for fields that are not connected.
    """
    what = f"reading the properties of {kind}"
    found = named(checks.results(client.get(paths.properties(kind), what), what), what)
    if not found:
        raise checks.bad(what, "HubSpot's answer lists no property at all")
    return {item["name"]: parse(item) for item in found}


def named(items: list[dict[str, Any]], what: str) -> list[dict[str, Any]]:
    """The items; each must have a name."""
    if any(not isinstance(item.get("name"), str) or not item["name"] for item in items):
        raise checks.bad(what, "HubSpot's answer holds a definition without a name")
    return items


def parse(item: Mapping[str, Any]) -> Property:
    """One definition; HubSpot leaves keys out at times, so only the name is sure."""
    metadata = item.get("modificationMetadata")
    locked = isinstance(metadata, dict) and metadata.get("readOnlyValue") is True
    return Property(
        name=item["name"],
        type=str(item.get("type") or "string"),
        field_type=str(item.get("fieldType") or ""),
        options=tuple(option for option in listed(item.get("options")) if isinstance(option, dict)),
        read_only=locked or item.get("calculated") is True,
    )
