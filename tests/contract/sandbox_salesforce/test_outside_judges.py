"""Judges nobody here wrote: jsforce, and answers recorded from real orgs inside the wheel of CumulusCI."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from connector.model.fields import Table
from connector.sandbox import running
from connector.sandbox.population import generate
from connector.sandbox.salesforce.files.loading import Loader
from connector.sandbox.salesforce.org.founding import place
from connector.sandbox.tables import write_tables
from tests.contract.sandbox_salesforce.desk import Desk
from tests.shared import shared_folder
from tests.support.node import PACKAGES, node
from tests.support.recordings import recordings

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = "tools/shape.py"


@pytest.mark.node
def test_jsforce_reads_and_writes_what_was_loaded(tmp_path: Path) -> None:
    tables = generate(companies=130, as_of=date(2026, 11, 1))
    write_tables(tables, tmp_path)
    environment = {**os.environ, "NODE_PATH": str(node() / "node_modules")}
    with running(now=lambda: datetime.now(UTC), crm="salesforce", data=tmp_path) as sandbox:
        command = ["node", str(PACKAGES / "salesforce.cjs"), sandbox.url]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    deals = tables[Table.DEALS]
    assert (len(set(seen["deals"])), seen["total"]) == (len(deals), len(deals))
    assert seen["won"] == sum(row["is_won"] == "true" for row in deals)
    assert seen["who"] == ["005", "00D"]
    assert {"Name", "Growth_Potential__c", "SystemModstamp"} <= set(seen["fields"])
    assert {"Account", "Opportunity", "PermissionSet"} <= set(seen["objects"])
    assert seen["changed"] == [[True, []], [False, ["INVALID_CROSS_REFERENCE_KEY"]]]
    assert seen["read"] == ["Made by jsforce", "Hot"]
    assert seen["written"] == [1, ["INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--"]]
    assert seen["queried"] == [True]
    assert seen["field"] == [["true", "true"]]
    login, newer, *others = seen["refusals"]
    assert "INVALID_LOGIN" in login
    assert "INVALID_OPERATION" in newer or "not available" in newer
    assert others == ["MALFORMED_QUERY", "INVALID_FIELD", "REQUIRED_FIELD_MISSING"]


def body(packed: zipfile.ZipFile, path: str, number: int = 0) -> Any:
    """Read the body of one recorded answer."""
    found = yaml.safe_load(packed.read(path))
    one = found.get("interactions", [found])[number]
    text = one["response"]["body"]
    return json.loads(text["string"] if isinstance(text, dict) else text)


def exchanges(packed: zipfile.ZipFile, path: str) -> list[tuple[str, str, str, Any]]:
    """Read the requests of a recording and what was answered: method, path, body, answer."""
    found = []
    for one in yaml.safe_load(packed.read(path))["interactions"]:
        if one.get("request", {}).get("method"):
            asked, text = one["request"], one["response"]["body"]["string"]
            where = asked["uri"].partition(".com")[2].replace("vxx.0", "v66.0")
            told = json.loads(text.replace("vxx.0", "v66.0")) if text else None
            found.append((asked["method"], where, (asked["body"] or "").replace("vxx.0", "v66.0"), told))
    return found


def differences(tmp_path: Path, recorded: object, live: object) -> str:
    """Compare two answers; give what the tool says, nothing when the live one is as the recorded one."""
    files = [tmp_path / "recorded.json", tmp_path / "live.json"]
    for file, content in zip(files, (recorded, live), strict=True):
        file.write_text(json.dumps(content), encoding="utf-8")
    tool = shared_folder() / SHAPE
    done = subprocess.run([sys.executable, str(tool), *map(str, files)], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode else ""


@pytest.fixture(scope="module")
def packed() -> zipfile.ZipFile:
    return zipfile.ZipFile(recordings())


@pytest.fixture(scope="module")
def org() -> Desk:
    desk = Desk()
    Loader(desk.org, generate(companies=20, as_of=date(2026, 11, 1))).load()
    return desk


@pytest.mark.parametrize("name", ["Account", "Opportunity", "Case", "Event", "Contact"])
def test_a_describe_has_the_keys_and_types_of_a_recorded_one(
    packed: zipfile.ZipFile, org: Desk, tmp_path: Path, name: str
) -> None:
    recorded = body(packed, f"cumulusci/tests/shared_cassettes/GET_sobjects_{name}_describe.yaml")
    live = org.get(f"/sobjects/{name}/describe").json
    assert differences(tmp_path, recorded, live) == ""
    standard = {field["name"] for field in live["fields"] if not field["custom"]} - {"CurrencyIsoCode"}
    assert standard <= {field["name"] for field in recorded["fields"]} | NEWER


NEWER = {"RecordTypeId", "LastStageChangeDate", "MasterRecordId", "EventSubtype", "IsEscalated"}
"""Fields that came after the recordings, or that the recorded orgs had switched off."""


def test_the_list_of_objects_has_the_keys_and_types_of_a_recorded_one(
    packed: zipfile.ZipFile, org: Desk, tmp_path: Path
) -> None:
    recorded = body(packed, "cumulusci/tests/shared_cassettes/GET_sobjects_Global_describe.yaml")
    assert differences(tmp_path, recorded, org.get("/sobjects").json) == ""


def test_the_tool_tells_a_describe_that_lacks_a_key(packed: zipfile.ZipFile, org: Desk, tmp_path: Path) -> None:
    recorded = body(packed, "cumulusci/tests/shared_cassettes/GET_sobjects_Account_describe.yaml")
    live = org.get("/sobjects/Account/describe").json
    del live["fields"][3]["soapType"]
    live["fields"][4]["length"] = "255"
    told = differences(tmp_path, recorded, live)
    assert "MISSING $.fields[] ['soapType']" in told
    assert "$.fields[].length" in told


BULKDATA = "cumulusci/tasks/bulkdata/tests/cassettes/"
HTTP = "cumulusci/utils/http/tests/cassettes/"


@pytest.mark.parametrize(
    ("path", "count"),
    [
        (f"{BULKDATA}TestUpdatesIntegrationTests.test_updates_task.yaml", 9),
        # What follows in these two goes on with ids that only the recorded org has.
        (f"{BULKDATA}TestUpsert.test_simple_upsert__rest.yaml", 5),
        (f"{BULKDATA}TestUpsert.test_upsert_complex_external_id_field_rest__duplicate_error.yaml", 6),
        (f"{HTTP}TestCompositeParallelSalesforce.test_reference_ids.yaml", 9),
        (f"{HTTP}TestCompositeParallelSalesforce.test_errors.yaml", 9),
    ],
)
def test_recorded_requests_get_answers_of_the_recorded_shape(
    packed: zipfile.ZipFile, desk: Desk, tmp_path: Path, path: str, count: int
) -> None:
    asked = exchanges(packed, path)[:count]
    assert asked
    for method, where, sent, told in asked:
        seed(desk, told)
        reply = desk.ask(method, where, sent.encode())
        assert reply.status == 200, reply.text
        assert differences(tmp_path, told, reply.json) == "", where


def seed(desk: Desk, told: Any) -> None:
    """Put the accounts a recorded query found into the org, under their own ids."""
    rows = told.get("records", []) if isinstance(told, dict) else []
    for row in rows:
        if row["attributes"]["type"] == "Account" and "Id" in row:
            place(desk.org, "Account", {"Id": row["Id"], "Name": row["Name"]})
