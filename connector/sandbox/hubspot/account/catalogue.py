"""Property definitions and groups of every object type, and the rules for changing them (hubspot.md 5.7)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from connector.sandbox.hubspot.account.builtin import GROUPS, definitions, option
from connector.sandbox.hubspot.account.times import iso
from connector.sandbox.hubspot.answers import Refusal, invalid, not_found

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.sandbox.hubspot.account.kinds import Kind

Definition = dict[str, Any]
FIELD_TYPES = {
    "bool": {"booleancheckbox", "calculation_equation"},
    "enumeration": {"select", "radio", "checkbox", "booleancheckbox", "calculation_equation"},
    "string": {"text", "textarea", "html", "file", "phonenumber", "calculation_equation"},
    "number": {"number", "calculation_equation"},
    "date": {"date"},
    "datetime": {"date"},
    "phone_number": {"phonenumber"},
}
REQUIRED = ("name", "label", "groupName", "type", "fieldType")
UNPATCHABLE = {"name", "hasUniqueValue", "dataSensitivity", "referencedObjectType"}
MOST_UNIQUE = 10
USER = "76070032"
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Catalogue:
    """The definitions and groups of one object type."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.definitions: dict[str, Definition] = {found["name"]: found for found in definitions(kind.name)}
        self.archived: dict[str, Definition] = {}
        self.groups: dict[str, dict[str, Any]] = {}
        self.archived_groups: dict[str, dict[str, Any]] = {}
        self._selections: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.add_group({"name": GROUPS[kind.name], "label": f"{kind.singular.capitalize()} information"})

    def select(self, asked: tuple[str, ...]) -> tuple[str, ...]:
        """Give the names an answer carries: those asked for that exist, and the system ones, sorted."""
        found = self._selections.get(asked)
        if found is None:
            names = set(asked or self.kind.shown) & self.definitions.keys() | set(self.kind.system)
            found = self._selections[asked] = tuple(sorted(names))
        return found

    def get(self, name: str) -> Definition:
        """Find a live definition or refuse with 404."""
        try:
            return self.definitions[name]
        except KeyError:
            raise not_found(f"Property {name} does not exist") from None

    def add(self, asked: dict[str, Any], now: int) -> Definition:
        """Create a property; a name in the archive comes back with the new definition."""
        name = str(asked.get("name", ""))
        if name in self.definitions:
            raise exists(name)
        self._check(asked)
        self.archived.pop(name, None)
        return self.set(complete(asked, now))

    def set(self, definition: Definition) -> Definition:
        """Place a definition without asking whether it is allowed."""
        self.definitions[definition["name"]] = definition
        self._selections.clear()
        return definition

    def restore(
        self,
        *,
        definitions: dict[str, Definition],
        archived: dict[str, Definition],
        groups: dict[str, dict[str, Any]],
        archived_groups: dict[str, dict[str, Any]],
    ) -> None:
        """Put back everything as it was kept."""
        self.definitions, self.archived = definitions, archived
        self.groups, self.archived_groups = groups, archived_groups
        self._selections.clear()

    def change(self, name: str, asked: dict[str, Any], now: int) -> Definition:
        """Patch a property: sent options replace the whole list; what cannot be patched is ignored."""
        old = self.get(name)
        new = old | {key: value for key, value in asked.items() if key in old and key not in UNPATCHABLE}
        if old["modificationMetadata"]["readOnlyDefinition"] and (new["type"], new["groupName"]) != (
            old["type"],
            old["groupName"],
        ):
            raise invalid(f"The definition of property {name} is read only", subCategory="Properties.READ_ONLY")
        self._check(new)
        new["options"] = [complete_option(found, order) for order, found in enumerate(new["options"])]
        return self.set(new | {"updatedAt": iso(now), "updatedUserId": USER})

    def archive(self, name: str, now: int) -> None:
        """Archive a property of the customer's own; built-in ones stay."""
        found = self.get(name)
        if not found["modificationMetadata"]["archivable"]:
            sub = "PropertyValidationError.CANNOT_DELETE_HUBSPOT_DEFINED_PROPERTY"
            raise invalid(f"Property {name} cannot be archived", subCategory=sub)
        del self.definitions[name]
        self.archived[name] = found | {"archived": True, "archivedAt": iso(now)}
        self._selections.clear()

    def add_group(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Create a group; the status for a name in use is [U]."""
        name = str(asked.get("name", ""))
        if name in self.groups:
            sub = "PropertyGroupError.GROUP_ALREADY_EXISTS"
            raise Refusal(
                409,
                f"A property group named '{name}' already exists.",
                category="OBJECT_ALREADY_EXISTS",
                subCategory=sub,
            )
        if not _NAME.fullmatch(name) or not asked.get("label"):
            raise invalid("A property group needs a name of lower-case letters, digits and underscores, and a label")
        self.archived_groups.pop(name, None)
        order = asked.get("displayOrder", -1)
        shown = order if isinstance(order, int) and order >= 0 else len(self.groups)
        self.groups[name] = {"name": name, "label": asked["label"], "displayOrder": shown, "archived": False}
        return self.groups[name]

    def group(self, name: str) -> dict[str, Any]:
        """Find a live group or refuse with 404."""
        try:
            return self.groups[name]
        except KeyError:
            raise not_found(f"Property group {name} does not exist") from None

    def archive_group(self, name: str) -> None:
        """Archive a group that no live property uses."""
        self.group(name)
        if any(definition["groupName"] == name for definition in self.definitions.values()):
            sub = "PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES"
            raise invalid(f"Property group {name} still has properties", subCategory=sub)
        self.archived_groups[name] = self.groups.pop(name) | {"archived": True}

    def _check(self, asked: dict[str, Any]) -> None:
        for field in REQUIRED:
            if not asked.get(field):
                raise invalid(f"Invalid input JSON: some required fields were not set: [{field}]")
        if not _NAME.fullmatch(asked["name"]):
            text = f"Property name {asked['name']} must start with a letter and hold lower-case letters, digits and _"
            raise invalid(text, subCategory="PropertyValidationError.INVALID_NAME")
        if asked["fieldType"] not in FIELD_TYPES.get(asked["type"], ()):
            text = f"The field type {asked['fieldType']} is not allowed for a property of type {asked['type']}"
            raise invalid(text, subCategory="PropertyValidationError.INVALID_FIELD_TYPE")
        if asked["groupName"] not in self.groups:
            text = f"Property group {asked['groupName']} does not exist"
            raise invalid(text, subCategory="PropertyValidationError.PROPERTY_GROUP_DOES_NOT_EXIST")
        if asked.get("currencyPropertyName") and not asked.get("showCurrencySymbol"):
            text = "Only currency properties can specify a currency"
            raise invalid(text, subCategory="PropertyValidationError.ONLY_CURRENCY_PROPERTIES_CAN_SPECIFY_CURRENCY")
        self._check_unique(asked)
        self._check_options(asked, asked.get("options") or [])

    def _check_unique(self, asked: dict[str, Any]) -> None:
        unique = sum(bool(found["hasUniqueValue"]) for found in self.definitions.values())
        if asked.get("hasUniqueValue") and asked["name"] not in self.definitions and unique >= MOST_UNIQUE:
            sub = "PropertyValidationError.UNIQUE_PROPERTY_LIMIT_EXCEEDED"
            raise invalid(f"At most {MOST_UNIQUE} properties may have unique values", subCategory=sub)

    def _check_options(self, asked: dict[str, Any], options: list[dict[str, Any]]) -> None:
        values = [found.get("value") for found in options]
        if asked["type"] == "bool" and sorted(map(str, values)) != ["false", "true"]:
            text = "Boolean properties must have exactly two options, true and false"
            raise invalid(text, subCategory="PropertyValidationError.INVALID_BOOLEAN_OPTION")
        for word, found in (("labels", [item.get("label") for item in options]), ("values", values)):
            if repeated := sorted({str(text) for text in found if found.count(text) > 1}):
                text = (
                    f"Property option {word} must be unique. For the property '{asked['name']}' of object type "
                    f"'{self.kind.type_id}' these {word} are duplicated: {', '.join(repeated)}"
                )
                raise invalid(text)


def exists(name: str) -> Refusal:
    """Refuse a property name that is taken (hubspot.md 6.2)."""
    return Refusal(
        409,
        f"A property named '{name}' already exists.",
        category="OBJECT_ALREADY_EXISTS",
        subCategory="Properties.PROPERTY_WITH_NAME_EXISTS",
    )


def complete(asked: dict[str, Any], now: int) -> Definition:
    """Fill a posted definition up to what HubSpot answers (recorded shape, hubspot.md 5.7)."""
    optional = ("referencedObjectType", "showCurrencySymbol", "currencyPropertyName", "calculationFormula")
    order = asked.get("displayOrder", -1)
    return {
        "updatedAt": iso(now),
        "createdAt": iso(now),
        **{key: asked[key] for key in REQUIRED},
        "description": asked.get("description", ""),
        "options": [complete_option(found, place) for place, found in enumerate(asked.get("options") or [])],
        "createdUserId": USER,
        "updatedUserId": USER,
        "displayOrder": order,
        "calculated": bool(asked.get("calculationFormula")),
        "externalOptions": bool(asked.get("externalOptions")),
        "archived": False,
        "hasUniqueValue": bool(asked.get("hasUniqueValue")),
        "hidden": bool(asked.get("hidden")),
        "modificationMetadata": {"archivable": True, "readOnlyDefinition": False, "readOnlyValue": False},
        "formField": bool(asked.get("formField")),
        "dataSensitivity": asked.get("dataSensitivity") or "non_sensitive",
        **{key: asked[key] for key in optional if key in asked},
    }


def complete_option(asked: dict[str, Any], order: int) -> dict[str, Any]:
    """Fill a posted option: `hidden` and `displayOrder` may be left out (recorded)."""
    value = str(asked.get("value", ""))
    full = option(value, order, str(asked.get("label") or value))
    return full | {key: asked[key] for key in full if asked.get(key) is not None}


def add_options(definition: Definition, values: Iterable[str]) -> Definition:
    """Give the definition with these option values added at the end."""
    known = {found["value"] for found in definition["options"]}
    fresh = [value for value in dict.fromkeys(values) if value not in known]
    start = len(definition["options"])
    # A label that is taken would make a later PATCH fail, so a fresh option is labelled by its own value.
    return definition | {
        "options": definition["options"] + [option(value, start + at, value) for at, value in enumerate(fresh)]
    }
