"""Permission sets as metadata: one document that replaces what the set granted (salesforce.md 4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.salesforce.answers import invalid
from connector.sandbox.salesforce.org.fields import truth
from connector.sandbox.salesforce.org.founding import place

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org.org import Org
    from connector.sandbox.salesforce.org.tables import Record

OBJECT_RIGHTS = {
    "allowRead": "PermissionsRead",
    "allowCreate": "PermissionsCreate",
    "allowEdit": "PermissionsEdit",
    "allowDelete": "PermissionsDelete",
    "viewAllRecords": "PermissionsViewAllRecords",
    "modifyAllRecords": "PermissionsModifyAllRecords",
}


def named(org: Org, name: str) -> Record | None:
    """Find a permission set by its name."""
    return next((row for row in org.table("PermissionSet").rows.values() if row["Name"] == name), None)


def save(org: Org, told: dict[str, Any]) -> bool:
    """Make a permission set or replace what it grants; tell whether it was made."""
    name = str(told.get("fullName", ""))
    if not told.get("label"):
        raise invalid("REQUIRED_FIELD_MISSING", "Required fields are missing: [Label]", "Label")
    granted = [_field(org, one) for one in told.get("fieldPermissions") or []]
    rights = [_object(org, one) for one in told.get("objectPermissions") or []]
    known = named(org, name)
    facts = {"Name": name, "Label": told["label"], "IsOwnedByProfile": False, "IsCustom": True}
    held = place(org, "PermissionSet", {**(known or {}), **facts}, stamped=org.stamp())
    for table in ("FieldPermissions", "ObjectPermissions"):
        for row in [row for row in org.table(table).rows.values() if row["ParentId"] == held["Id"]]:
            org.table(table).drop(row["Id"])
    for one in granted:
        place(org, "FieldPermissions", {"ParentId": held["Id"], **one}, stamped=org.stamp())
    for one in rights:
        place(org, "ObjectPermissions", {"ParentId": held["Id"], **one}, stamped=org.stamp())
    org.schema_version += 1
    return known is None


def _field(org: Org, told: dict[str, Any]) -> dict[str, Any]:
    name, _, own = str(told.get("field", "")).partition(".")
    sobject = org.objects.get(name.lower())
    held = sobject.get(own) if sobject else None
    if sobject is None or held is None:
        raise invalid(
            "INVALID_CROSS_REFERENCE_KEY", f"In field: field - no CustomField named {told.get('field')} found"
        )
    if not held.permissionable:
        raise invalid("FIELD_INTEGRITY_EXCEPTION", f"You cannot deploy to a required field: {sobject.name}.{held.name}")
    read, edit = truth(told.get("readable")), truth(told.get("editable"))
    if edit and not read:
        raise invalid("FIELD_INTEGRITY_EXCEPTION", "Edit access requires Read access on the field")
    field = {"SobjectType": sobject.name, "Field": f"{sobject.name}.{held.name}"}
    return {**field, "PermissionsRead": read, "PermissionsEdit": edit}


def _object(org: Org, told: dict[str, Any]) -> dict[str, Any]:
    sobject = org.objects.get(str(told.get("object", "")).lower())
    if sobject is None:
        raise invalid(
            "INVALID_CROSS_REFERENCE_KEY", f"In field: object - no CustomObject named {told.get('object')} found"
        )
    return {"SobjectType": sobject.name, **{row: truth(told.get(word)) for word, row in OBJECT_RIGHTS.items()}}


def told(org: Org, name: str) -> dict[str, Any]:
    """Give a permission set in metadata words; empty when there is none."""
    held = named(org, name)
    if held is None:
        return {}
    fields = [row for row in org.table("FieldPermissions").rows.values() if row["ParentId"] == held["Id"]]
    objects = [row for row in org.table("ObjectPermissions").rows.values() if row["ParentId"] == held["Id"]]
    return {
        "fullName": name,
        "fieldPermissions": [
            {"editable": row["PermissionsEdit"], "field": row["Field"], "readable": row["PermissionsRead"]}
            for row in fields
        ],
        "label": held["Label"],
        "objectPermissions": [
            {word: bool(row.get(name)) for word, name in OBJECT_RIGHTS.items()} | {"object": row["SobjectType"]}
            for row in objects
        ],
    }
