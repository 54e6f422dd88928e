"""The same fields and permission sets as files an admin deploys: a source folder, and a zip for the Metadata API.

Source: Salesforce's metadata formats: the source format has a file per field, the zip one file per object and a
package.xml that names everything.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING

from connector.crm.placed import placed
from connector.crm.salesforce.mapping import ENTITY, default_name
from connector.crm.salesforce.provisioning import definitions, metadata, permissions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.crm.salesforce.provisioning.definitions import Part
    from connector.model.outputs import Output

_SOURCE = "force-app/main/default"
_PACKAGE = "customer-tiering"
_INDENT = "    "
_EPOCH = (2026, 1, 1, 0, 0, 0)
"""The same bytes whenever it is made."""


def source(outputs: Sequence[Output], *, language: str, version: str) -> dict[str, str]:
    """The source folder: path -> text."""
    folder = {"packageDirectories": [{"path": "force-app", "default": True}], "name": _PACKAGE}
    project = json.dumps(folder | {"namespace": "", "sourceApiVersion": version}, indent=2)
    files = {"sfdx-project.json": project + "\n"}
    for entity, fields in _fields(outputs, language).items():
        for name, parts in fields.items():
            files[f"{_SOURCE}/objects/{entity}/fields/{name}.field-meta.xml"] = _document("CustomField", parts)
    for grants in permissions.wanted(_written(outputs)):
        path = f"{_SOURCE}/permissionsets/{grants.kind.name}.permissionset-meta.xml"
        files[path] = _document("PermissionSet", _permission_set(grants))
    return files


def archive(outputs: Sequence[Output], *, language: str, version: str) -> bytes:
    """The zip the Metadata API deploys."""
    fields = _fields(outputs, language)
    grants = permissions.wanted(_written(outputs))
    files = {
        f"objects/{entity}.object": _document("CustomObject", [("fields", parts) for parts in named.values()])
        for entity, named in fields.items()
    }
    files |= {
        f"permissionsets/{one.kind.name}.permissionset": _document("PermissionSet", _permission_set(one))
        for one in grants
    }
    names = [f"{entity}.{name}" for entity, named in fields.items() for name in named]
    files["package.xml"] = _manifest(names, [one.kind.name for one in grants], version)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for path in sorted(files):
            out.writestr(zipfile.ZipInfo(path, _EPOCH), files[path], zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _fields(outputs: Sequence[Output], language: str) -> dict[str, dict[str, tuple[Part, ...]]]:
    found: dict[str, dict[str, tuple[Part, ...]]] = {}
    for target, logical, output in placed(outputs):
        name = default_name(logical)
        found.setdefault(ENTITY[target], {})[name] = definitions.field(output, name, language)
    return {entity: dict(sorted(fields.items())) for entity, fields in sorted(found.items())}


def _written(outputs: Sequence[Output]) -> Mapping[str, bool]:
    named = {f"{ENTITY[target]}.{default_name(logical)}": output.written for target, logical, output in placed(outputs)}
    return dict(sorted(named.items()))


def _permission_set(grants: permissions.Grants) -> list[Part]:
    fields: list[Part] = [
        ("fieldPermissions", (("editable", str(edit).lower()), ("field", name), ("readable", "true")))
        for name, edit in grants.fields.items()
    ]
    return [*fields, ("hasActivationRequired", "false"), ("label", grants.kind.label)]


def _manifest(fields: Sequence[str], sets: Sequence[str], version: str) -> str:
    def members(kind: str, names: Sequence[str]) -> Part:
        return ("types", (*(("members", name) for name in sorted(names)), ("name", kind)))

    return _document("Package", [members("CustomField", fields), members("PermissionSet", sets), ("version", version)])


def _document(root: str, parts: Sequence[Part]) -> str:
    inner = metadata.xml(parts, indent=_INDENT)
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{head}\n<{root} xmlns="{metadata.NAMESPACE}">\n{inner}\n</{root}>\n'
