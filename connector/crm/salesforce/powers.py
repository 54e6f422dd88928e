"""Least privilege: what the user of a session may do beyond what tiersync ever does.

Source: Salesforce's object reference: a profile's permissions are those of a permission set that it owns; what a user
may do is what any of these and of the assigned sets allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.crm.said import say
from connector.crm.salesforce import queries, soql
from connector.crm.salesforce.client import Forbidden, Refused
from connector.ports import Finding

if TYPE_CHECKING:
    from connector.crm.salesforce.client import Client

TOO_MUCH = {
    "PermissionsModifyAllData": "Modify All Data",
    "PermissionsViewAllData": "View All Data",
    "PermissionsCustomizeApplication": "Customize Application",
    "PermissionsModifyMetadata": "Modify Metadata Through Metadata API Functions",
}
"""What an administrator has; `provision` needs some of it, with the login of `[crm.admin]`."""


def finding(client: Client, user: str | None) -> Finding:
    """One line: the powers an everyday run has no use for."""
    unknown = Finding("unchecked", "permissions", say("powers_hidden"))
    if user is None:
        return unknown
    try:
        held = sorted({TOO_MUCH[name] for row in _sets(client, user) for name in TOO_MUCH if row.get(name) is True})
    except (Refused, Forbidden):
        return unknown
    if held:
        return Finding("warning", "permissions", say("powers_more", names=", ".join(held)), say("powers_less"))
    return Finding("good", "permissions", say("powers"))


def _sets(client: Client, user: str) -> list[dict[str, object]]:
    """The permission sets assigned to a user, and the one its profile owns."""
    what = "asking what this user may do"
    who = f"= {soql.quoted(user)}"
    profiles = queries.records(client, soql.select(["ProfileId"], "User", f"Id {who}"), what)
    assigned = queries.records(
        client, soql.select(["PermissionSetId"], "PermissionSetAssignment", f"AssigneeId {who}"), what
    )
    owners = [str(row["ProfileId"]) for row in profiles if row.get("ProfileId")]
    sets = [str(row["PermissionSetId"]) for row in assigned if row.get("PermissionSetId")]
    found: list[dict[str, object]] = []
    for name, ids in (("ProfileId", owners), ("Id", sets)):
        for some in queries.in_parts(ids):
            query = soql.select(["Id", *TOO_MUCH], "PermissionSet", f"{name} IN {soql.any_of(some)}")
            found += queries.records(client, query, what)
    return found
