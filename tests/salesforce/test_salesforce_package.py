"""What admins deploy by hand is what `provision` makes, and it is up to date."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from lxml import etree

from connector.crm.salesforce import definitions, metadata
from connector.crm.salesforce.mapping import default_name
from connector.wiring import plugins, shipped

FOLDER = Path(__file__).parents[2] / "plugins" / "salesforce"
OUTPUTS = plugins.outputs(shipped("rules"))
HINT = "`make plugins` makes it anew"


def test_the_shipped_folder_is_made_of_the_shipped_rules() -> None:
    wanted = plugins.files(OUTPUTS)
    found = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    assert found - {"README.md"} == set(wanted), HINT
    stale = [path for path, content in wanted.items() if (FOLDER / path).read_bytes() != content]
    assert stale == [], HINT


def test_the_zip_names_everything_it_holds_and_nothing_else() -> None:
    with zipfile.ZipFile(io.BytesIO((FOLDER / plugins.ZIP).read_bytes())) as packed:
        trees = {name: etree.fromstring(packed.read(name)) for name in packed.namelist()}
    space = {"m": metadata.NAMESPACE}
    named = {
        str(kind.findtext("m:name", namespaces=space)): {node.text for node in kind.findall("m:members", space)}
        for kind in trees["package.xml"].findall("m:types", space)
    }
    fields = {
        f"{name.removeprefix('objects/').removesuffix('.object')}.{node.findtext('m:fullName', namespaces=space)}"
        for name, tree in trees.items()
        if name.startswith("objects/")
        for node in tree.findall("m:fields", space)
    }
    assert named["CustomField"] == fields
    assert {f"Account.{default_name(output.name)}" for output in OUTPUTS} <= fields
    granted = trees["permissionsets/Customer_Tier_Integration.permissionset"].findall("m:fieldPermissions", space)
    assert {node.findtext("m:field", namespaces=space) for node in granted} == fields


def test_no_label_or_field_name_is_longer_than_salesforce_takes() -> None:
    for output in OUTPUTS:
        parts = dict(definitions.field(output, default_name(output.name), "nl"))
        assert len(str(parts["label"])) <= 40
        assert len(default_name(output.name)) <= 43
