"""What provisioning needs: fields by metadata and tooling, permission sets, who has them, and deployments."""

from __future__ import annotations

import base64
import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from connector.sandbox.salesforce.soap.xml import Node, parse
from tests.contract.sandbox_salesforce.desk import ADMIN, INTEGRATION

if TYPE_CHECKING:
    from tests.contract.sandbox_salesforce.desk import Desk, Reply

SPACE = "http://soap.sforce.com/2006/04/metadata"
TEXT = "<label>Why</label><length>255</length><type>Text</type>"
PICKLIST = (
    "<label>Tier</label><type>Picklist</type><valueSet><restricted>true</restricted><valueSetDefinition>"
    "<sorted>false</sorted><value><fullName>A</fullName><default>false</default><label>Tier A</label></value>"
    "<value><fullName>B</fullName><default>false</default></value></valueSetDefinition></valueSet>"
)
CHECKBOX = "<defaultValue>false</defaultValue><label>Say no</label><type>Checkbox</type>"


def soap(desk: Desk, inner: str, *, session: str = ADMIN, extra: str = "") -> Reply:
    header = f"<env:Header><m:SessionHeader><m:sessionId>{session}</m:sessionId></m:SessionHeader>{extra}</env:Header>"
    body = (
        f'<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="{SPACE}" xmlns="{SPACE}" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{header}<env:Body>{inner}</env:Body></env:Envelope>'
    )
    return desk.ask("POST", "/services/Soap/m/66.0/", body.encode())


def field(name: str, facts: str) -> str:
    return f'<m:metadata xsi:type="m:CustomField"><fullName>Account.{name}</fullName>{facts}</m:metadata>'


def upsert(desk: Desk, *components: str, extra: str = "") -> list[Node]:
    reply = soap(desk, f"<m:upsertMetadata>{''.join(components)}</m:upsertMetadata>", extra=extra)
    assert reply.status == 200, reply.text
    answer = parse(reply.body).find("upsertMetadataResponse")
    assert answer is not None
    return answer.all("result")


def names(desk: Desk) -> set[str]:
    return {found["name"] for found in desk.get("/sobjects/Account/describe").json["fields"]}


def grant(desk: Desk, *fields: str, edit: bool = True) -> str:
    """Make a permission set that grants fields and give it to the integration user."""
    admin = desk.as_admin()
    made = admin.create("PermissionSet", Name="Seg_Integration", Label="Segments")
    for name in fields:
        told = {"ParentId": made, "SobjectType": "Account", "Field": f"Account.{name}", "PermissionsRead": True}
        assert admin.post("/sobjects/FieldPermissions/", {**told, "PermissionsEdit": edit}).status == 201
    user = desk.org.user_id("integration@sandbox.test")
    admin.create("PermissionSetAssignment", AssigneeId=user, PermissionSetId=made)
    return made


def test_a_new_field_is_seen_by_nobody_until_it_is_granted_and_assigned(desk: Desk) -> None:
    results = upsert(desk, field("Tier__c", PICKLIST), field("Why__c", TEXT), field("Say_No__c", CHECKBOX))
    assert [(found.get("created"), found.get("success"), found.get("fullName")) for found in results] == [
        ("true", "true", "Account.Tier__c"),
        ("true", "true", "Account.Why__c"),
        ("true", "true", "Account.Say_No__c"),
    ]
    assert not {"Tier__c", "Why__c"} & names(desk)
    assert not {"Tier__c", "Why__c"} & names(desk.as_admin())
    grant(desk, "Tier__c", "Why__c")
    assert names(desk) >= {"Tier__c", "Why__c"}
    assert "Tier__c" not in names(desk.as_admin())
    identity = desk.create(Name="Alpha", Tier__c="B", Why__c="because")
    assert desk.rows("SELECT Tier__c, Why__c FROM Account") == [{"Tier__c": "B", "Why__c": "because"}]
    assert desk.patch(f"/sobjects/Account/{identity}", {"Say_No__c": True}).code == "INVALID_FIELD"


def test_a_field_that_may_only_be_read_is_described_so_and_not_written(desk: Desk) -> None:
    upsert(desk, field("Why__c", TEXT))
    grant(desk, "Why__c", edit=False)
    told = next(one for one in desk.get("/sobjects/Account/describe").json["fields"] if one["name"] == "Why__c")
    assert (told["updateable"], told["createable"], told["permissionable"], told["custom"]) == (
        False,
        False,
        True,
        True,
    )
    assert desk.post("/sobjects/Account", {"Name": "a", "Why__c": "b"}).code == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_the_same_field_again_is_no_creation(desk: Desk) -> None:
    upsert(desk, field("Why__c", TEXT))
    assert upsert(desk, field("Why__c", TEXT))[0].get("created") == "false"


@pytest.mark.parametrize(
    ("name", "facts", "part"),
    [
        ("Why__c", TEXT.replace("Text", "Number"), "Cannot change type of field Why__c"),
        ("Why__c", TEXT.replace("255", "80"), "Cannot shorten field Why__c"),
        ("No__c", CHECKBOX.replace("<label>", "<required>true</required><label>"), "Can not specify 'required'"),
        ("No__c", "<label>No</label><type>Checkbox</type>", "Must specify 'defaultValue'"),
        ("Long__c", "<label>L</label><length>300</length><type>LongTextArea</type>", "visibleLines"),
        ("Text__c", TEXT.replace("255", "256"), "between 1 and 255"),
        ("Pick__c", "<label>P</label><type>Picklist</type>", "valueSet"),
        ("Text__c", TEXT.replace("Why", "W" * 41), "maximum length is:40"),
        ("Text", TEXT, "bad full name"),
        ("Odd__c", "<label>O</label><type>Odd</type>", "no FieldType named Odd"),
    ],
)
def test_a_field_that_breaks_the_rules_of_its_type_is_refused_by_itself(
    desk: Desk, name: str, facts: str, part: str
) -> None:
    upsert(desk, field("Why__c", TEXT))
    good, bad = upsert(desk, field("Good__c", TEXT), field(name, facts))
    assert (good.get("success"), bad.get("success")) == ("true", "false")
    errors = bad.find("errors")
    assert errors is not None
    assert part in errors.get("message")


def test_all_or_none_makes_no_field_when_one_is_refused(desk: Desk) -> None:
    extra = "<m:AllOrNoneHeader><m:allOrNone>true</m:allOrNone></m:AllOrNoneHeader>"
    upsert(desk, field("Good__c", TEXT), field("Bad", TEXT), extra=extra)
    assert desk.org.objects["account"].get("Good__c") is None


def test_a_call_holds_ten_components_of_one_type(desk: Desk) -> None:
    many = "".join(field(f"F{number}__c", TEXT) for number in range(11))
    assert "LIMIT_EXCEEDED" in soap(desk, f"<m:upsertMetadata>{many}</m:upsertMetadata>").text
    other = '<m:metadata xsi:type="m:PermissionSet"><fullName>P</fullName><label>P</label></m:metadata>'
    mixed = f"<m:upsertMetadata>{field('F__c', TEXT)}{other}</m:upsertMetadata>"
    assert soap(desk, mixed).status == 500


@pytest.mark.parametrize(
    ("session", "code"), [(INTEGRATION, "INSUFFICIENT_ACCESS"), ("00Dxx!no", "INVALID_SESSION_ID")]
)
def test_metadata_needs_the_session_of_an_admin(desk: Desk, session: str, code: str) -> None:
    reply = soap(desk, f"<m:upsertMetadata>{field('Why__c', TEXT)}</m:upsertMetadata>", session=session)
    assert (reply.status, f"<faultcode>sf:{code}<" in reply.text) == (500, True)


def test_a_permission_set_by_metadata_replaces_what_it_granted(desk: Desk) -> None:
    upsert(desk, field("Why__c", TEXT), field("Tier__c", PICKLIST))

    def save(name: str) -> None:
        told = f"<fieldPermissions><editable>true</editable><field>Account.{name}</field><readable>true</readable>"
        facts = f"<fullName>Seg</fullName>{told}</fieldPermissions><label>Seg</label>"
        assert upsert(desk, f'<m:metadata xsi:type="m:PermissionSet">{facts}</m:metadata>')[0].get("success") == "true"

    save("Why__c")
    save("Tier__c")
    reply = soap(desk, "<m:readMetadata><type>PermissionSet</type><fullNames>Seg</fullNames></m:readMetadata>")
    found = parse(reply.body).find("records")
    assert found is not None
    assert [one.get("field") for one in found.all("fieldPermissions")] == ["Account.Tier__c"]


def test_permissions_are_written_by_admins_once_and_edit_needs_read(desk: Desk) -> None:
    assert desk.post("/sobjects/PermissionSet", {"Name": "A", "Label": "A"}).code == "INSUFFICIENT_ACCESS_OR_READONLY"
    admin = desk.as_admin()
    parent = admin.create("PermissionSet", Name="A", Label="A")
    told = {"ParentId": parent, "SobjectType": "Account", "Field": "Account.Rating", "PermissionsEdit": True}
    assert admin.post("/sobjects/FieldPermissions", told).code == "FIELD_INTEGRITY_EXCEPTION"
    admin.create("FieldPermissions", **told, PermissionsRead=True)
    twice = admin.post("/sobjects/FieldPermissions", {**told, "PermissionsRead": True})
    assert twice.code == "DUPLICATE_VALUE"
    required = {**told, "Field": "Account.Name", "PermissionsRead": True}
    assert admin.post("/sobjects/FieldPermissions", required).code == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    pair = {"AssigneeId": desk.org.user_id("integration@sandbox.test"), "PermissionSetId": parent}
    admin.create("PermissionSetAssignment", **pair)
    again = admin.post("/sobjects/PermissionSetAssignment", pair)
    assert (again.code, again.json[0]["fields"]) == ("DUPLICATE_VALUE", ["AssigneeId", "PermissionSetId"])


def test_field_permissions_without_read_are_gone(desk: Desk) -> None:
    admin = desk.as_admin()
    parent = admin.create("PermissionSet", Name="A", Label="A")
    told = {"ParentId": parent, "SobjectType": "Account", "Field": "Account.Rating", "PermissionsRead": True}
    identity = admin.create("FieldPermissions", **told)
    change = {"PermissionsRead": False, "PermissionsEdit": False}
    assert admin.patch(f"/sobjects/FieldPermissions/{identity}", change).status == 204
    assert admin.rows(f"SELECT Id FROM FieldPermissions WHERE ParentId = '{parent}'") == []


def test_tooling_makes_a_field_once_and_reads_it_back(desk: Desk) -> None:
    admin = desk.as_admin()
    told = {"type": "Number", "label": "Score", "precision": 18, "scale": 2}
    made = admin.post("/tooling/sobjects/CustomField/", {"FullName": "Account.Score__c", "Metadata": told})
    assert (made.status, made.json["success"]) == (201, True)
    twice = admin.post("/tooling/sobjects/CustomField/", {"FullName": "Account.Score__c", "Metadata": told})
    assert (twice.status, twice.code) == (400, "DUPLICATE_DEVELOPER_NAME")
    query = "/tooling/query/?q=SELECT+Id,FullName,Metadata+FROM+CustomField+WHERE+DeveloperName='Score'"
    found = admin.get(query).json["records"][0]
    assert (found["Id"], found["FullName"], found["Metadata"]["scale"]) == (made.json["id"], "Account.Score__c", 2)
    assert desk.post("/tooling/sobjects/CustomField", {}).code == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert admin.ask("DELETE", f"/tooling/sobjects/CustomField/{found['Id']}").status == 204
    assert desk.org.objects["account"].get("Score__c") is None


def deploy(desk: Desk, files: dict[str, str]) -> Node:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for path, text in files.items():
            packed.writestr(path, text)
    encoded = base64.b64encode(file.getvalue()).decode()
    reply = soap(desk, f"<m:deploy><m:ZipFile>{encoded}</m:ZipFile><m:DeployOptions/></m:deploy>")
    identity = parse(reply.body).find("id")
    assert identity is not None
    status = f"<m:checkDeployStatus><m:asyncProcessId>{identity.text}</m:asyncProcessId></m:checkDeployStatus>"
    found = parse(soap(desk, status).body).find("result")
    assert found is not None
    return found


def test_a_zip_deploys_fields_and_permission_sets_or_nothing(desk: Desk) -> None:
    objects = f'<CustomObject xmlns="{SPACE}"><fields><fullName>Why__c</fullName>{TEXT}</fields></CustomObject>'
    grants = (
        f'<PermissionSet xmlns="{SPACE}"><fieldPermissions><editable>false</editable><field>Account.{{}}</field>'
        "<readable>true</readable></fieldPermissions><label>Read</label></PermissionSet>"
    )
    files = {"package.xml": "<Package/>", "permissionsets/Read.permissionset": grants.format("Nix__c")}
    failed = deploy(desk, {**files, "objects/Account.object": objects})
    assert (failed.get("status"), failed.get("numberComponentErrors")) == ("Failed", "1")
    assert desk.org.objects["account"].get("Why__c") is None
    files["permissionsets/Read.permissionset"] = grants.format("Why__c")
    done = deploy(desk, {**files, "objects/Account.object": objects})
    assert (done.get("status"), done.get("numberComponentsDeployed")) == ("Succeeded", "2")
    assert desk.org.objects["account"].get("Why__c") is not None
