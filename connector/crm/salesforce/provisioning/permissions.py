"""Two permission sets: the integration user edits our fields, sales people read them.

Source: Salesforce's object reference: a new field is visible to nobody, not even to admins; FieldPermissions belong to
a permission set; a permission to edit needs the one to read; an assignment that exists is DUPLICATE_VALUE.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from connector.crm.salesforce import soql
from connector.crm.salesforce.session import checks, queries
from connector.crm.salesforce.session.client import Forbidden, Refused
from connector.crm.texts import listed
from connector.crm.transport import Call
from connector.errors import StopRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connector.crm.salesforce.session.client import Client

_AT_ONCE = 200
_WHAT = "granting permissions"
_EDITORS = "asking who may edit our fields"


class PermissionSet(Struct, frozen=True):
    """A permission set of ours."""

    name: str
    label: str
    edits: bool


INTEGRATION = PermissionSet("Customer_Tier_Integration", "Customer Tier Integration", edits=True)
READ = PermissionSet("Customer_Tier_Read", "Customer Tier Read", edits=False)
BOTH = (INTEGRATION, READ)


class Grants(Struct, frozen=True):
    """What a permission set gives: `Account.Seg_Tier__c` -> whether it may be edited."""

    kind: PermissionSet
    fields: Mapping[str, bool]


def wanted(fields: Mapping[str, bool]) -> list[Grants]:
    """Both sets; `fields` tells of each field whether we write it."""
    return [Grants(kind, {name: kind.edits and written for name, written in fields.items()}) for kind in BOTH]


def found(client: Client, kind: PermissionSet) -> tuple[str | None, dict[str, tuple[str, bool]]]:
    """The id of a set, and its field permissions: field -> id of the permission, whether it edits."""
    named = f"Name = {soql.quoted(kind.name)}"
    rows = list(queries.records(client, ["Id"], "PermissionSet", named, what="looking for our permission sets"))
    if not rows:
        return None, {}
    set_id, fields = str(rows[0]["Id"]), ["Id", "Field", "PermissionsEdit"]
    of_it = f"ParentId = {soql.quoted(set_id)}"
    held = queries.records(client, fields, "FieldPermissions", of_it, what="reading field permissions")
    return set_id, {str(row["Field"]): (str(row["Id"]), row["PermissionsEdit"] is True) for row in held}


def editors(client: Client, fields: Sequence[str]) -> dict[str, int] | None:
    """Profile or permission set that may edit some of these fields, ours aside -> how many; None where it is hidden."""
    wanted = (f"Field IN {soql.any_of(fields)}", "PermissionsEdit = true")
    try:
        ours, _ = found(client, INTEGRATION)
        permitted = queries.records(client, ["Id", "ParentId"], "FieldPermissions", *wanted, what=_EDITORS)
        counts = Counter(str(row["ParentId"]) for row in permitted)
        if ours is None or ours not in counts:  # setup this user may not view comes as no rows
            return None
        del counts[ours]
        if not counts:
            return {}
        of_these, fields_of = f"Id IN {soql.any_of(counts)}", ["Id", "Label", "Profile.Name"]
        sets = queries.records(client, fields_of, "PermissionSet", of_these, what=_EDITORS)
        names = {str(row["Id"]): _owner(row) for row in sets}
    except (Refused, Forbidden):
        return None
    return {names.get(set_id, set_id): count for set_id, count in counts.items()}


def _owner(row: Mapping[str, Any]) -> str:
    """A permission set by its label, the one of a profile by the profile's name."""
    profile = row.get("Profile")
    return str(profile["Name"]) if isinstance(profile, dict) and profile.get("Name") else str(row.get("Label"))


def lacking(grants: Grants, held: Mapping[str, tuple[str, bool]]) -> dict[str, bool]:
    """The fields a set does not give, or not to edit."""
    return {name: edit for name, edit in grants.fields.items() if name not in held or (edit and not held[name][1])}


def grant(client: Client, grants: Grants, set_id: str | None, held: Mapping[str, tuple[str, bool]]) -> str:
    """Make the set and what it lacks; returns its id. Raises StopRun with Salesforce's words."""
    set_id = set_id or _made(client, grants.kind)
    open_ = lacking(grants, held)
    new = [_permission(set_id, name, edit=edit) for name, edit in open_.items() if name not in held]
    more = [
        {
            "attributes": {"type": "FieldPermissions"},
            "Id": held[name][0],
            "PermissionsRead": True,
            "PermissionsEdit": True,
        }
        for name in open_
        if name in held
    ]
    _send(client, "POST", new)
    _send(client, "PATCH", more)
    return set_id


def _made(client: Client, kind: PermissionSet) -> str:
    """The id of a new set, or of the one that was made by a try whose answer was lost."""
    body = {"Name": kind.name, "Label": kind.label}
    try:
        told = client.post(client.path("sobjects/PermissionSet"), "making a permission set", body)
    except Refused as error:
        there = found(client, kind)[0] if error.problem.code.startswith("DUPLICATE_") else None
        if there is None:
            raise
        return there
    if not told.get("id"):
        raise checks.bad(_WHAT, "Salesforce's answer does not say what it made")
    return str(told["id"])


def _permission(set_id: str, name: str, *, edit: bool) -> dict[str, Any]:
    return {
        "attributes": {"type": "FieldPermissions"},
        "ParentId": set_id,
        "SobjectType": name.partition(".")[0],
        "Field": name,
        "PermissionsRead": True,
        "PermissionsEdit": edit,
    }


def _send(client: Client, method: str, items: Sequence[dict[str, Any]]) -> None:
    problems = []
    for start in range(0, len(items), _AT_ONCE):
        some = list(items[start : start + _AT_ONCE])
        body = {"allOrNone": False, "records": some}
        results = client.array(Call(method, client.path("composite/sobjects"), _WHAT, body=body))
        if len(results) != len(some):
            raise checks.bad(_WHAT, f"{len(some)} were sent and {len(results)} are answered")
        problems += [words for result in results for words in _problems(result)]
    if problems:
        text = f"{_WHAT}: {client.scrub('; '.join(dict.fromkeys(problems)))}"
        raise StopRun(text, hint="give the login what Salesforce names; provision again", code="PROVISION_REFUSED")


def _problems(result: Any) -> Iterator[str]:
    if not isinstance(result, dict):
        yield "REFUSED: the answer holds a result that is none"
    elif result.get("success") is not True:
        yield from _words(listed(result.get("errors")) or [{"statusCode": "REFUSED", "message": "without a word"}])


def _words(errors: Sequence[dict[str, Any]]) -> Iterator[str]:
    for error in errors:
        if error.get("statusCode") != "DUPLICATE_VALUE":
            yield f"{error.get('statusCode')}: {error.get('message')}"


def is_assigned(client: Client, set_id: str, user: str) -> bool:
    """Whether a user holds a permission set."""
    conditions = (f"PermissionSetId = {soql.quoted(set_id)}", f"AssigneeId = {soql.quoted(user)}")
    what = "looking who holds our permission set"
    return any(True for _ in queries.records(client, ["Id"], "PermissionSetAssignment", *conditions, what=what))


def holders(client: Client, kind: PermissionSet) -> int | None:
    """How many users hold a permission set; None where the set is not there, or hidden."""
    try:
        set_id, _ = found(client, kind)
        if set_id is None:
            return None
        return queries.count(client, "PermissionSetAssignment", f"PermissionSetId = {soql.quoted(set_id)}")
    except (Refused, Forbidden):
        return None


def assign(client: Client, set_id: str, user: str) -> None:
    """Give a permission set to a user."""
    body = {"AssigneeId": user, "PermissionSetId": set_id}
    try:
        client.post(client.path("sobjects/PermissionSetAssignment"), "assigning our permission set", body)
    except Refused as error:
        if error.problem.code != "DUPLICATE_VALUE":
            raise
