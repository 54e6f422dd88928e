"""The shapes of request bodies: what the vendor's JSON reader takes in before it looks at any value.

A shape is SINGLE for a text, number, boolean or null; a list of one shape; or an object of named shapes, where
`*` stands for every key. Fields may be absent and unknown ones are let through, as with the vendor.
"""

from __future__ import annotations

from typing import Any

from connector.sandbox.hubspot.answers import invalid

SINGLE = "single"
ANYTHING = "anything"
Shape = str | list[Any] | dict[str, Any]

_ID = {"id": SINGLE}
_TYPES = [{"associationTypeId": SINGLE, "typeId": SINGLE}]
RECORD: Shape = {
    "id": SINGLE,
    "properties": {"*": SINGLE},
    "associations": [{"to": _ID, "types": _TYPES}],
    "idProperty": SINGLE,
}
READ: Shape = {
    "inputs": [_ID],
    "properties": [SINGLE],
    "propertiesWithHistory": [SINGLE],
    "idProperty": SINGLE,
}
SEARCH: Shape = {
    "filterGroups": [
        {
            "filters": [
                {
                    "propertyName": SINGLE,
                    "operator": SINGLE,
                    "value": SINGLE,
                    "highValue": SINGLE,
                    "values": [SINGLE],
                }
            ]
        }
    ],
    "sorts": [ANYTHING],
    "properties": [SINGLE],
    "limit": SINGLE,
    "after": SINGLE,
    "query": SINGLE,
}
LINKED: Shape = {"id": SINGLE, "after": SINGLE}
PAIR: Shape = {"from": _ID, "to": _ID, "types": _TYPES}
PARTED: Shape = {"from": _ID, "to": [_ID]}
TYPES: Shape = _TYPES
DEFINITION: Shape = {
    **dict.fromkeys(("name", "label", "groupName", "type", "fieldType", "description", "displayOrder"), SINGLE),
    "options": [{"label": SINGLE, "value": SINGLE, "displayOrder": SINGLE}],
}
STAGE: Shape = {"label": SINGLE, "displayOrder": SINGLE, "metadata": {"*": SINGLE}}
PIPELINE: Shape = {"label": SINGLE, "displayOrder": SINGLE, "stages": [STAGE]}
FLAT: Shape = {"*": SINGLE}


def conform(value: Any, shape: Shape, where: str) -> None:
    """Refuse a value that is not of its shape; null passes for an absent one."""
    if value is None or shape == ANYTHING:
        return
    if isinstance(shape, list):
        _conform_list(value, shape[0], where)
    elif isinstance(shape, dict):
        _conform_object(value, shape, where)
    elif isinstance(value, list | dict):
        raise invalid(f"Invalid input JSON: {where} must be a single value")


def _conform_list(value: Any, shape: Shape, where: str) -> None:
    if not isinstance(value, list) or None in value:
        raise invalid(f"Invalid input JSON: {where} must be a list")
    for item in value:
        conform(item, shape, where)


def _conform_object(value: Any, shape: dict[str, Any], where: str) -> None:
    if not isinstance(value, dict):
        raise invalid(f"Invalid input JSON: {where} must be an object")
    for name in value if "*" in shape else shape:
        conform(value.get(name), shape.get(name, shape.get("*", SINGLE)), f"{where}.{name}")
