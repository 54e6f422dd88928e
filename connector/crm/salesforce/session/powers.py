"""What the user of a session may do: beyond what tiersync ever does, and whether it sees and edits every record.

Source: Salesforce's object reference: a profile's permissions are those of a permission set that it owns; what a user
may do is what any of these and of the assigned sets allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.crm.said import say
from connector.crm.salesforce import soql
from connector.crm.salesforce.session import queries
from connector.crm.salesforce.session.client import Forbidden, Refused
from connector.ports import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from connector.crm.salesforce.session.client import Client

SETS = "Setup → Permission Sets"
_WHAT = "asking what this user may do"
_VIEW, _MODIFY = "PermissionsViewAllRecords", "PermissionsModifyAllRecords"
_VIEW_ALL_DATA, _MODIFY_ALL_DATA = "PermissionsViewAllData", "PermissionsModifyAllData"
SHARED = ("Account", "Opportunity", "Case")
"""Objects whose records are shared one by one, and that a right may show whole."""
TOO_MUCH = {
    _MODIFY_ALL_DATA: "Modify All Data",
    _VIEW_ALL_DATA: "View All Data",
    "PermissionsCustomizeApplication": "Customize Application",
    "PermissionsModifyMetadata": "Modify Metadata Through Metadata API Functions",
}
"""What an administrator has; `provision` needs some of it, with the login of `[crm.admin]`."""


def sets(client: Client, user: str | None) -> list[dict[str, object]]:
    """The permission sets of a user, its profile's among them; none where they may not be read."""
    if user is None:
        return []
    try:
        return _sets(client, user)
    except (Refused, Forbidden):
        return []


def finding(held_sets: Sequence[Mapping[str, object]]) -> Finding:
    """One line: the powers an everyday run has no use for."""
    if not held_sets:
        return Finding("unchecked", "permissions", say("powers_hidden"))
    held = sorted({TOO_MUCH[name] for row in held_sets for name in TOO_MUCH if row.get(name) is True})
    if held:
        return Finding("warning", "permissions", say("powers_more", names=", ".join(held)), say("powers_less"))
    return Finding("good", "permissions", say("powers"))


def sight(client: Client, held_sets: Sequence[Mapping[str, object]], entities: Collection[str]) -> Iterator[Finding]:
    """Whether every record of the shared objects among these is seen, and every account may be edited."""
    shared = [entity for entity in SHARED if entity in entities]
    over_all = {power for row in held_sets for power in (_VIEW_ALL_DATA, _MODIFY_ALL_DATA) if row.get(power) is True}
    rows = list(_of_objects(client, held_sets, shared))
    if not rows and not over_all:
        fix = f"{SETS} → Object Settings → View All"
        yield Finding("unchecked", "view all", say("sight_hidden"), fix)
    else:
        seen = {row["SobjectType"] for row in rows if row.get(_VIEW) is True or row.get(_MODIFY) is True}
        yield _seen(shared, [] if over_all else [entity for entity in shared if entity not in seen])
    modified = {row["SobjectType"] for row in rows if row.get(_MODIFY) is True}
    yield _edited(everywhere=_MODIFY_ALL_DATA in over_all or "Account" in modified)


def _seen(shared: Sequence[str], partly: Sequence[str]) -> Finding:
    if not partly:
        return Finding("good", "view all", say("all_seen", names=", ".join(shared)))
    text = say("partly_seen", names=", ".join(partly))
    return Finding("warning", "view all", text, f"{SETS} → Object Settings → {', '.join(partly)} → View All")


def _edited(*, everywhere: bool) -> Finding:
    if everywhere:
        return Finding("good", "sharing", say("all_edited"))
    fix = say("share", fix=f"{SETS} → Object Settings → Account → Modify All")
    return Finding("unchecked", "sharing", say("sharing_unseen"), fix)


def _of_objects(
    client: Client, held_sets: Sequence[Mapping[str, object]], entities: Sequence[str]
) -> Iterator[Mapping[str, object]]:
    """What the sets allow with whole objects; nothing where that may not be read."""
    ids = [str(row["Id"]) for row in held_sets]
    of_these = f"SobjectType IN {soql.any_of(entities)}"
    try:
        for some in queries.in_parts(ids):
            fields, of_sets = ["Id", "SobjectType", _VIEW, _MODIFY], f"ParentId IN {soql.any_of(some)}"
            yield from queries.records(client, fields, "ObjectPermissions", of_sets, of_these, what=_WHAT)
    except (Refused, Forbidden):
        return


def _sets(client: Client, user: str) -> list[dict[str, object]]:
    """The permission sets assigned to a user, and the one its profile owns."""
    who = f"= {soql.quoted(user)}"
    profiles = queries.records(client, ["ProfileId"], "User", f"Id {who}", what=_WHAT)
    holds = f"AssigneeId {who}"
    assigned = queries.records(client, ["PermissionSetId"], "PermissionSetAssignment", holds, what=_WHAT)
    owners = [str(row["ProfileId"]) for row in profiles if row.get("ProfileId")]
    sets = [str(row["PermissionSetId"]) for row in assigned if row.get("PermissionSetId")]
    found: list[dict[str, object]] = []
    for name, ids in (("ProfileId", owners), ("Id", sets)):
        for some in queries.in_parts(ids):
            of_these = f"{name} IN {soql.any_of(some)}"
            found += queries.records(client, ["Id", *TOO_MUCH], "PermissionSet", of_these, what=_WHAT)
    return found
