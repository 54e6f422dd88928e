"""The whole walk on Salesforce, by the commands a user types and over real HTTP."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import requests

from tests.acceptance.organisation import ADMIN, ADMIN_SESSION, SESSION, V

if TYPE_CHECKING:
    from tests.acceptance.organisation import Organisation

SHOWN = 3
SETS = "SELECT Id FROM PermissionSet WHERE Name LIKE 'Customer_Tier%'"


def test_from_provisioning_to_undo(office: Organisation) -> None:
    office.control("switches", {"crlf": True})
    made = office.run("provision", "--json")
    assert made.code == 0, made.stderr
    again = office.run("provision")
    assert "present" in again.stdout or "there already" in again.stdout
    assert office.run("doctor").code == 0

    held = office.run("sync", "--json")
    assert held.code == 3, held.stderr
    first = office.run("sync", "--yes", "--json")
    assert first.code == 0, first.stderr
    told = first.json()
    assert told["written"] == told["changes"] > 100

    second = office.run("sync", "--json")
    assert (second.code, second.json()["written"], second.json()["changes"]) == (0, 0, 0)

    rows = office.query("SELECT Id, Name, Seg_Tier__c, Seg_Reason__c FROM Account")
    assert all(row["Seg_Tier__c"] for row in rows)
    record = rows[0]["Id"]
    for name in (record, record[:15], f"name:{rows[0]['Name']}"):
        explained = office.run("explain", name, "--json").json()
        assert (explained["account"], explained["outputs"]["seg_tier"]) == (record, rows[0]["Seg_Tier__c"])

    assert office.run("runs", "forget", record[:15]).code == 2
    kept = office.run("runs", "export", "--out", "one.csv", "--account", record[:15], "--json").json()
    assert kept["values"] > 1

    office.edit("Account", record, Seg_Tier__c="strategic" if rows[0]["Seg_Tier__c"] != "strategic" else "large")
    undone = office.run("undo", told["run"], "--json")
    assert undone.code == 4, undone.stderr
    after = office.query("SELECT Id, Seg_Tier__c FROM Account")
    assert [row["Id"] for row in after if row["Seg_Tier__c"]] == [record]
    assert office.run("status").code == 0


def test_without_the_rights_provisioning_writes_nothing_and_tells_what_an_admin_does(office: Organisation) -> None:
    office.settle(admin="")
    ended = office.run("provision")
    assert ended.code == 1
    assert "give an admin's login in [crm.admin] (`tiersync docs salesforce-login`)" in ended.stderr
    assert "customer-tiering.zip" in ended.stderr
    assert "Manage Assignments" in ended.stderr
    assert office.query(SETS) == []


def test_a_field_of_another_type_under_our_name_is_refused_before_anything_is_made(office: Organisation) -> None:
    kind = {"type": "Checkbox", "label": "Mine", "defaultValue": "false"}
    body = {"FullName": "Account.Seg_Tier__c", "Metadata": kind}
    place = f"{office.url}{V}/tooling/sobjects/CustomField/"
    assert requests.post(place, json=body, headers=ADMIN_SESSION, timeout=30).ok
    ended = office.run("provision")
    assert ended.code == 1
    assert "Account.Seg_Tier__c: it is of type boolean, needed is Picklist" in ended.stderr
    found = requests.get(f"{office.url}{V}/query", params={"q": SETS}, headers=SESSION, timeout=30).json()
    assert found["records"] == []


def custom_fields(office: Organisation) -> list[str]:
    place = f"{office.url}{V}/tooling/query"
    text = "SELECT DeveloperName FROM CustomField WHERE DeveloperName LIKE 'Seg%'"
    rows = requests.get(place, params={"q": text}, headers=ADMIN_SESSION, timeout=30).json()["records"]
    return [row["DeveloperName"] for row in rows]


def test_with_the_rights_to_fields_only_provisioning_makes_nothing_at_all(office: Organisation) -> None:
    sets = requests.get(f"{office.url}/_sandbox/records/PermissionSet", timeout=30).json()["results"]
    (own,) = [row["Id"] for row in sets if row["Label"] == "System Administrator"]
    office.control(f"records/PermissionSet/{own}", {"PermissionsCustomizeApplication": False})
    ended = office.run("provision")
    assert ended.code == 1
    assert "may not make a PermissionSet" in ended.stderr
    assert "Manage Assignments" in ended.stderr
    office.control(f"records/PermissionSet/{own}", {"PermissionsCustomizeApplication": True})
    assert custom_fields(office) == []
    assert office.query(SETS) == []
    assert office.run("provision").code == 0
    assert len(custom_fields(office)) > 20


def test_provisioning_again_looks_at_the_fields_an_admin_does_not_see(office: Organisation) -> None:
    assert office.run("provision").code == 0
    tier = {"name": "Seg_Tier__c", "type": "picklist", "label": "Tier", "restricted": True, "values": ["large"]}
    office.control("definitions/Account", tier)
    dry = office.run("provision", "--dry-run").stdout
    assert "picklist value" in dry
    assert re.fullmatch(r"1 would be extended, \d+ there already", dry.splitlines()[-1])
    (bad,) = [line for line in office.run("doctor", code=1).stdout.splitlines() if "picklist value" in line]
    assert bad.startswith("BAD")
    assert re.fullmatch(r"1 extended, \d+ there already", office.run("provision", code=0).stdout.splitlines()[-1])
    assert office.run("doctor").code == 0
    again = office.run("provision", "--json").json()
    assert {step["action"] for step in again["steps"]} == {"present"}

    office.control("definitions/Account", {"name": "Seg_Reason__c", "type": "double", "label": "Reason"})
    refused = office.run("provision")
    assert refused.code == 1
    assert "Account.Seg_Reason__c: it is of type double, needed is Text" in refused.stderr


@pytest.mark.parametrize("entity", ["Account", "Opportunity"])
def test_records_that_may_not_be_edited_stop_the_run_before_anything_is_written(
    office: Organisation, entity: str
) -> None:
    assert office.run("provision").code == 0
    office.control("security", {"object": entity, "edit": False})
    told = office.run("doctor", code=1).stdout
    (line,) = [line for line in told.splitlines() if line.startswith("BAD")]
    assert f"this user may not edit {entity} records" in line
    before = len(office.calls())
    ended = office.run("sync", "--yes", code=1)
    assert f"not ready to be written to: this user may not edit {entity} records" in ended.stderr
    assert f"Object Settings → {entity} → Edit" in ended.stderr
    assert not [call for call in office.calls()[before:] if call["method"] == "PATCH" or "/ingest" in call["path"]]
    office.control("security", {"object": entity})
    assert office.run("sync", "--yes").code == 0


def test_what_doctor_says_to_run_mends_what_it_found(office: Organisation) -> None:
    assert office.run("provision").code == 0
    tier = {"name": "Seg_Tier__c", "type": "picklist", "label": "Tier", "restricted": True, "values": ["large"]}
    office.control("definitions/Account", tier)
    office.control("security", {"object": "Account", "field": "Seg_Reason__c", "edit": False})
    found = [one for one in office.told("doctor", code=1)["findings"] if one["level"] == "bad"]
    words = ("Seg_Reason__c: this user may not edit it", "Seg_Tier__c: picklist value")
    assert len(found) == len(words)
    assert all(any(word in one["message"] for one in found) for word in words)
    assert {one["fix"] for one in found} == {"run tiersync provision"}
    ended = office.run("sync", "--yes", code=1)
    assert "run tiersync provision\n" in ended.stderr
    assert office.run("provision").code == 0
    assert office.run("doctor").code == 0


def test_doctor_tells_in_one_line_what_is_missing_and_who_else_may_write_our_fields(office: Organisation) -> None:
    bare = office.run("doctor")
    assert bare.code == 1
    early = office.run("sync", "--yes", code=1).stderr
    assert early.count("does not exist, or is hidden") == SHOWN
    assert re.search(r"; and \d+ more\n", early)
    assert office.calls()[-1]["method"] == "GET"
    (line,) = [line for line in bare.stdout.splitlines() if line.startswith("BAD")]
    assert "does not exist, or is hidden from this user, and so are" in line
    (told,) = [line for line in bare.stdout.splitlines() if "Account records are visible" in line]
    assert "seg_tier" not in told
    assert office.run("provision").code == 0
    assert "nobody else may edit our fields" in office.run("doctor").stdout
    for field in ("Seg_Tier__c", "Seg_Reason__c"):
        office.control("security", {"object": "Account", "field": field, "user": "admin@sandbox.test"})
    assert "System Administrator (2)" in office.run("doctor").stdout


def test_doctor_tells_where_the_admins_rotated_token_is_kept(
    office: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    renews = 'login = "refresh_token"\nclient_id = "sandbox-admin"\nrefresh_token = "env:REFRESH"'
    office.settle(admin=ADMIN.replace('login = "client_credentials"\nclient_id = "sandbox-admin"', renews))
    monkeypatch.setenv("REFRESH", "5Aep861")
    assert "crm.admin.refresh_token: a renewed one is kept in" in office.run("doctor").stdout
