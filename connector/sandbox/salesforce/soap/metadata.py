"""The metadata API: fields and permission sets in calls of at most ten, and deployments (salesforce.md 4)."""

from __future__ import annotations

import base64
import io
import zipfile
from typing import TYPE_CHECKING, Any

from connector.sandbox.salesforce.answers import Refusal
from connector.sandbox.salesforce.org import fields, permissions
from connector.sandbox.salesforce.org.undo import Undo
from connector.sandbox.salesforce.soap.soap import METADATA, answered, fault, operation, read, user
from connector.sandbox.salesforce.soap.xml import Node, element, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.answers import Answer
    from connector.sandbox.calls import Call
    from connector.sandbox.salesforce.org.org import Org

MOST = 10
"""Components in one call."""
SPACE = METADATA
REPEATED = {"value", "fieldPermissions", "objectPermissions", "values"}
Pairs = list[tuple[str, object]]


def respond(org: Org, call: Call) -> Answer:
    """Answer one metadata call; refusals are faults."""
    envelope = read(call)
    asked = operation(envelope)
    act = ACTS.get(asked.name) if asked is not None else None
    call.writes = asked is not None and asked.name.startswith(("upsert", "create", "update", "delete", "deploy"))
    try:
        _admit(org, user(org, envelope))
        if asked is None or act is None:
            return fault("INVALID_OPERATION", "This operation is not supported by this sandbox", space=SPACE)
        return answered(METADATA, element(f"{asked.name}Response", act(org, asked, envelope)))
    except Refusal as refusal:
        return fault(refusal.fault.code, refusal.fault.message, space=SPACE)


def _admit(org: Org, who: str) -> None:
    org.meter.take(org.now())
    if not org.may(who, "PermissionsModifyMetadata") and not org.may(who, "PermissionsModifyAllData"):
        text = "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions"
        raise Refusal(500, "INSUFFICIENT_ACCESS", text)


def facts(node: Node) -> Any:
    """Give an element as plain values: text, or a dict of its children."""
    if not node.children:
        return node.text.strip()
    found: dict[str, Any] = {}
    for child in node.children:
        told = facts(child)
        if child.name in REPEATED:
            found.setdefault(child.name, []).append(told)
        else:
            found[child.name] = told
    return found


def _kind(node: Node) -> str:
    return node.attributes.get("type", "").rpartition(":")[2]


def _save(org: Org, asked: Node, envelope: Node) -> Pairs:
    components = asked.all("metadata")
    if len(components) > MOST:
        raise Refusal(500, "LIMIT_EXCEEDED", f"Limit exceeded, max {MOST} components can be saved in one call")
    if len({_kind(node) for node in components}) > 1:
        raise Refusal(500, "INVALID_TYPE", "All components of one call must be of the same type")
    header = envelope.find("AllOrNoneHeader")
    undo = Undo(org) if header is not None and fields.truth(header.get("allOrNone")) else None
    results = [_saved(org, node, asked.name) for node in components]
    if undo is not None and any(found[-1] == ("success", False) for found in results):
        undo.back()
    return [("result", found) for found in results]


def _saved(org: Org, node: Node, how: str) -> Pairs:
    name = node.get("fullName")
    try:
        made = component(org, _kind(node), facts(node), creating=how == "createMetadata")
    except Refusal as refusal:
        errors: Pairs = [("message", refusal.fault.message), ("statusCode", refusal.fault.code)]
        created: Pairs = [("created", False)] if how == "upsertMetadata" else []
        return [*created, ("errors", errors), ("fullName", name), ("success", False)]
    return [*([("created", made)] if how == "upsertMetadata" else []), ("fullName", name), ("success", True)]


def component(org: Org, kind: str, told: dict[str, Any], *, creating: bool = False) -> bool:
    """Make or change one component; tell whether it was made."""
    if kind == "CustomField":
        return fields.define(org, str(told.get("fullName", "")), told, creating=creating)
    if kind == "PermissionSet":
        return permissions.save(org, told)
    raise Refusal(400, "INVALID_TYPE", f"{kind or 'nothing'} is not supported by this sandbox")


def _delete(org: Org, asked: Node, _envelope: Node) -> Pairs:
    results: Pairs = []
    for node in asked.all("fullNames"):
        fields.drop(org, node.text.strip())
        results.append(("result", [("fullName", node.text.strip()), ("success", True)]))
    return results


def _read(org: Org, asked: Node, _envelope: Node) -> Pairs:
    kind = asked.get("type")
    found = [_found(org, kind, node.text.strip()) for node in asked.all("fullNames")]
    # The type of a record stands in an attribute, which `element` does not write.
    return [("result", [(f'records xsi:type="{kind}"', told) for told in found])] if found else [("result", None)]


def _found(org: Org, kind: str, name: str) -> Pairs:
    if kind == "CustomField":
        for sobject, own in fields.objects_of(org, name):
            if (held := sobject.get(own)) is not None:
                return _pairs(fields.told(sobject, held))
        return []
    return _pairs(permissions.told(org, name)) if kind == "PermissionSet" else []


def _pairs(told: dict[str, Any]) -> Pairs:
    found: Pairs = []
    for name, value in told.items():
        items = value if isinstance(value, list) else [value]
        found += [(name, _pairs(item) if isinstance(item, dict) else item) for item in items]
    return found


def _list(org: Org, asked: Node, _envelope: Node) -> Pairs:
    found: Pairs = []
    kinds = {node.get("type") for node in asked.all("queries")}
    if "CustomField" in kinds:
        for sobject in org.objects.values():
            names = [f"{sobject.name}.{held.name}" for held in sobject.fields.values() if held.custom]
            found += [("result", [("fullName", name), ("type", "CustomField")]) for name in names]
    if "PermissionSet" in kinds:
        rows = [row for row in org.table("PermissionSet").rows.values() if not row.get("IsOwnedByProfile")]
        found += [("result", [("fullName", row["Name"]), ("type", "PermissionSet")]) for row in rows]
    return found


def _deploy(org: Org, asked: Node, _envelope: Node) -> Pairs:
    """Deploy a zip at once and remember how it went; nothing of it stays when a part fails."""
    identity = org.mint.next("0Af")
    options = asked.find("DeployOptions")
    check_only = options is not None and fields.truth(options.get("checkOnly"))
    undo = Undo(org)
    errors, count = _deployed(org, asked.get("ZipFile"))
    if errors or check_only:
        undo.back()
    org.deployments[identity] = (errors, count, check_only)
    return [("result", [("done", False), ("id", identity), ("state", "Queued"), ("success", False)])]


def _deployed(org: Org, encoded: str) -> tuple[list[Pairs], int]:
    errors: list[Pairs] = []
    count = 0
    try:
        packed = zipfile.ZipFile(io.BytesIO(base64.b64decode(encoded)))
    except (ValueError, zipfile.BadZipFile) as error:
        raise Refusal(500, "INVALID_ZIP", "The zip file cannot be read") from error
    parts = [part for name in packed.namelist() for part in _parts(name, packed.read(name))]
    # Fields before the permission sets that name them.
    for kind, path, told in sorted(parts, key=lambda part: part[0] == "PermissionSet"):
        count += 1
        try:
            if kind in {"CustomField", "PermissionSet"}:
                component(org, kind, told)
        except Refusal as refusal:
            pairs: Pairs = [("componentType", kind), ("fileName", path), ("fullName", told.get("fullName", ""))]
            errors.append([*pairs, ("problem", refusal.fault.message), ("problemType", "Error"), ("success", False)])
    return errors, count


def _parts(path: str, raw: bytes) -> list[tuple[str, str, dict[str, Any]]]:
    stem = path.rpartition("/")[2].rpartition(".")[0]
    if path.endswith(".object"):
        held = parse(raw).all("fields")
        told = [facts(node) for node in held]
        return [("CustomField", path, one | {"fullName": f"{stem}.{one['fullName']}"}) for one in told]
    if path.endswith(".permissionset"):
        return [("PermissionSet", path, facts(parse(raw)) | {"fullName": stem})]
    return [] if path.endswith(("package.xml", "/")) else [("Other", path, {"fullName": stem})]


def _status(org: Org, asked: Node, _envelope: Node) -> Pairs:
    known = org.deployments.get(asked.get("asyncProcessId"))
    if known is None:
        raise Refusal(500, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    errors, count, check_only = known
    state = "Failed" if errors else "Succeeded"
    counts: Pairs = [
        ("numberComponentErrors", len(errors)),
        ("numberComponentsDeployed", 0 if errors else count),
        ("numberComponentsTotal", count),
        ("numberTestErrors", 0),
        ("numberTestsCompleted", 0),
        ("numberTestsTotal", 0),
    ]
    details: Pairs = [("componentFailures", found) for found in errors]
    ended: Pairs = [("checkOnly", check_only), ("details", details or None), ("done", True)]
    return [
        ("result", [*ended, ("id", asked.get("asyncProcessId")), *counts, ("status", state), ("success", not errors)])
    ]


ACTS: dict[str, Callable[[Org, Node, Node], Pairs]] = {
    "upsertMetadata": _save,
    "createMetadata": _save,
    "updateMetadata": _save,
    "deleteMetadata": _delete,
    "readMetadata": _read,
    "listMetadata": _list,
    "deploy": _deploy,
    "checkDeployStatus": _status,
}
