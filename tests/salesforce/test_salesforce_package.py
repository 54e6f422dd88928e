"""What admins deploy by hand is what `provision` makes, and it is up to date."""

from __future__ import annotations

import base64
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from lxml import etree

from connector.crm.salesforce import soql
from connector.crm.salesforce.mapping import default_name
from connector.crm.salesforce.provisioning import definitions, metadata, permissions
from connector.errors import StopRun
from connector.sandbox import running
from connector.wiring import plugins, shipped
from tests.salesforce.parts import salesforce_at
from tests.salesforce.test_salesforce_changes import LOGIN, V

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


ADMIN = "00D5g00000000G8!sandbox-admin"
ENVELOPE = (
    f'<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="{metadata.NAMESPACE}"><env:Header>'
    f"<m:SessionHeader><m:sessionId>{ADMIN}</m:sessionId></m:SessionHeader></env:Header><env:Body><m:deploy>"
    "<m:ZipFile>{zip}</m:ZipFile><m:DeployOptions/></m:deploy></env:Body></env:Envelope>"
)


def test_what_an_admin_deploys_and_assigns_by_hand_is_all_a_run_needs() -> None:
    packed = base64.b64encode((FOLDER / plugins.ZIP).read_bytes()).decode()
    with running(now=lambda: datetime.now(UTC), crm="salesforce") as sandbox:

        def ask(path: str, **body: Any) -> Any:
            headers = {"Authorization": f"Bearer {ADMIN}"}
            answer = requests.request(
                "POST" if body else "GET", sandbox.url + path, headers=headers, timeout=30, **body
            )
            assert answer.ok, answer.text
            return answer

        crm = salesforce_at(sandbox.url, login=LOGIN)
        written = [output for output in OUTPUTS if output.written]
        with pytest.raises(StopRun, match="does not exist, or is hidden"):
            crm.preflight(written)
        ask("/services/Soap/m/66.0/", data=ENVELOPE.format(zip=packed))
        text = soql.select(["Id"], "PermissionSet", f"Name = '{permissions.INTEGRATION.name}'")
        found = ask(f"{V}/query?q={text}").json()
        assignment = {"AssigneeId": crm.user(), "PermissionSetId": found["records"][0]["Id"]}
        ask(f"{V}/sobjects/PermissionSetAssignment", json=assignment)
        crm.preflight(written)
        crm.close()


def test_no_label_or_field_name_is_longer_than_salesforce_takes() -> None:
    for output in OUTPUTS:
        parts = dict(definitions.field(output, default_name(output.name), "nl"))
        assert len(str(parts["label"])) <= 40
        assert len(default_name(output.name)) <= 43
