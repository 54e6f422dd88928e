"""Workflows of the account edit what others wrote, after the write was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.hubspot.account.workflows import Workflow

if TYPE_CHECKING:
    from tests.contract.sandbox_hubspot.desk import Desk

COMPANIES = "/crm/v3/objects/companies"


def held(desk: Desk, identity: str, *names: str) -> list[str | None]:
    properties = desk.get(f"{COMPANIES}/{identity}?properties={','.join(names)}").json["properties"]
    return [properties[name] for name in names]


def write(desk: Desk, identity: str, **properties: str) -> dict[str, str]:
    body = {"inputs": [{"id": identity, "properties": properties}]}
    (result,) = desk.post(f"{COMPANIES}/batch/update", body).results
    found: dict[str, str] = result["properties"]
    return found


def test_a_workflow_edits_what_was_written_after_the_answer_that_holds_what_was_sent(desk: Desk) -> None:
    identity = desk.create(name="Alpha", city="Gent")
    desk.portal.workflows.on = [Workflow("companies", "city", {"city": "GENT", "state": "OV"}, pattern="^Gent|Aalst$")]
    assert write(desk, identity, city="Aalst")["city"] == "Aalst"
    assert held(desk, identity, "city", "state") == ["GENT", "OV"]


def test_a_workflow_takes_its_time_and_enrols_only_what_was_given_a_value(desk: Desk) -> None:
    identity = desk.create(name="Alpha", city="Gent")
    desk.portal.workflows.on = [Workflow("companies", "city", {"city": "GENT"}, seconds=60)]
    write(desk, identity, city="Gent", state="OV")  # the city stays what it was
    desk.time.seconds += 61
    assert held(desk, identity, "city") == ["Gent"]
    write(desk, identity, city="Aalst")
    assert held(desk, identity, "city") == ["Aalst"]
    desk.time.seconds += 61
    assert held(desk, identity, "city") == ["GENT"]


def test_a_workflow_moves_the_modified_date_and_is_no_person(desk: Desk) -> None:
    identity = desk.create(name="Alpha")
    desk.portal.workflows.on = [Workflow("companies", "city", {"state": "OV"})]
    before = write(desk, identity, city="Gent")["hs_lastmodifieddate"]
    after = held(desk, identity, "hs_lastmodifieddate")[0]
    assert after is not None
    assert after > before
    history = desk.get(f"{COMPANIES}/{identity}?propertiesWithHistory=state").json["propertiesWithHistory"]["state"]
    assert history[0]["sourceType"] != "CRM_UI"
