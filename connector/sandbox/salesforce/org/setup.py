"""Setup objects: permission sets, what they grant on fields and objects, and who has them (salesforce.md 4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.salesforce.answers import Refusal, invalid

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org.org import Org
    from connector.sandbox.salesforce.org.schema import SObject
    from connector.sandbox.salesforce.org.tables import Record
    from connector.sandbox.salesforce.org.view import View

READ, EDIT = "PermissionsRead", "PermissionsEdit"


def may_write(view: View) -> None:
    """Refuse a user who may not customize the org."""
    if not view.org.may(view.user, "PermissionsCustomizeApplication"):
        text = "insufficient access rights on cross-reference id"
        raise Refusal(403, "INSUFFICIENT_ACCESS_OR_READONLY", text, tell_fields=True)


def check(org: Org, sobject: SObject, record: Record, before: Record | None) -> None:
    """Refuse what a setup object does not take."""
    way = CHECKS.get(sobject.name)
    if way is not None:
        way(org, record, before)
        org.schema_version += 1


def vanishes(sobject: SObject, record: Record) -> bool:
    """Tell whether a record is deleted by being written: field permissions without Read are."""
    return sobject.name == "FieldPermissions" and not record.get(READ)


def before_delete(org: Org, sobject: SObject, record: Record) -> None:
    """Take away what hangs on a setup record."""
    if sobject.name == "PermissionSet":
        for name, field in (("FieldPermissions", "ParentId"), ("PermissionSetAssignment", "PermissionSetId")):
            table = org.table(name)
            for row in [row for row in table.rows.values() if row[field] == record["Id"]]:
                table.drop(row["Id"])
    org.schema_version += 1


def _permission_set(org: Org, record: Record, _before: Record | None) -> None:
    record.setdefault("IsOwnedByProfile", False)
    record["IsCustom"] = True
    for row in org.table("PermissionSet").rows.values():
        if row["Name"].casefold() == record["Name"].casefold() and row["Id"] != record["Id"]:
            text = f"duplicate value found: Name duplicates value on record with id: {row['Id'][:15]}"
            raise invalid("DUPLICATE_DEVELOPER_NAME", text, "Name")


def _assignment(org: Org, record: Record, before: Record | None) -> None:
    record["IsActive"] = True
    pair = ("AssigneeId", "PermissionSetId")
    for row in org.table("PermissionSetAssignment").rows.values():
        if before is None and all(row[name] == record[name] for name in pair):
            text = f"Duplicate PermissionSetAssignment.  Assignee: {record[pair[0]]}; Permission Set: {record[pair[1]]}"
            raise invalid("DUPLICATE_VALUE", text, *pair)


def _field(org: Org, record: Record, before: Record | None) -> None:
    if record.get(EDIT) and not record.get(READ):
        text = "Edit access requires Read access on the field"
        raise invalid("FIELD_INTEGRITY_EXCEPTION", text, EDIT, READ)
    name, _, field = str(record["Field"]).partition(".")
    sobject = org.objects.get(name.lower())
    held = sobject.get(field) if sobject else None
    if sobject is None or held is None or not held.permissionable or sobject.name != record["SobjectType"]:
        text = f"Field Name: bad value for restricted picklist field: {record['Field']}"
        raise invalid("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", text, "Field")
    record["Field"] = f"{sobject.name}.{held.name}"
    _alone(org, "FieldPermissions", record, before, ("ParentId", "Field"))


def _object(org: Org, record: Record, before: Record | None) -> None:
    if str(record["SobjectType"]).lower() not in org.objects:
        text = f"SObject Type Name: bad value for restricted picklist field: {record['SobjectType']}"
        raise invalid("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", text, "SobjectType")
    asked = [name for name, value in record.items() if name.startswith("Permissions") and value is True]
    if asked and not record.get(READ):
        raise invalid(
            "FIELD_INTEGRITY_EXCEPTION", f"Permission Read depends on permission(s): {', '.join(asked)}", READ
        )
    _alone(org, "ObjectPermissions", record, before, ("ParentId", "SobjectType"))


def _alone(org: Org, name: str, record: Record, before: Record | None, key: tuple[str, str]) -> None:
    for row in org.table(name).rows.values():
        if before is None and all(row[part] == record[part] for part in key):
            text = f"duplicate value found: {', '.join(key)} duplicates value on record with id: {row['Id'][:15]}"
            raise invalid("DUPLICATE_VALUE", text, *key)


CHECKS: dict[str, Any] = {
    "PermissionSet": _permission_set,
    "PermissionSetAssignment": _assignment,
    "FieldPermissions": _field,
    "ObjectPermissions": _object,
}
