"""Field-level security as an admin changes it in the browser, for tests that hide a field in mid-life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.errors import UsageError
from connector.sandbox.salesforce.org.access import INTEGRATION
from connector.sandbox.salesforce.org.founding import place

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org.org import Org

RIGHTS = ("Read", "Create", "Edit", "Delete", "ViewAllRecords", "ModifyAllRecords")


def secure(org: Org, asked: dict[str, Any]) -> None:
    """Set what a user may do with a field or an object, in every permission set the user has.

    `{"object", "field", "read", "edit", "user"}`; without `field` it is about the object itself.
    """
    sobject = org.objects[str(asked["object"]).lower()]
    user = org.user_id(str(asked.get("user", INTEGRATION)))
    read, edit = bool(asked.get("read", True)), bool(asked.get("edit", True))
    table, key = org.table("ObjectPermissions"), {"SobjectType": sobject.name}
    facts = {f"Permissions{right}": edit and read for right in RIGHTS} | {"PermissionsRead": read}
    if "field" in asked:
        held = sobject.get(str(asked["field"]))
        if held is None or not held.permissionable:
            raise UsageError(
                f"{asked['field']} is not under field-level security on {sobject.name}",
                hint="name a field that an admin may hide",
            )
        table, key = (
            org.table("FieldPermissions"),
            {"SobjectType": sobject.name, "Field": f"{sobject.name}.{held.name}"},
        )
        facts = {"PermissionsRead": read, "PermissionsEdit": edit and read}
    sets = org.permission_sets(user)
    for row in [row for row in table.rows.values() if row["ParentId"] in sets and key.items() <= row.items()]:
        table.drop(row["Id"])
    profile = org.table("User").rows[user]["ProfileId"]
    owned = next(row["Id"] for row in org.table("PermissionSet").rows.values() if row.get("ProfileId") == profile)
    if read:
        place(org, table.sobject.name, {"ParentId": owned, **key, **facts}, stamped=org.stamp())
    org.schema_version += 1
