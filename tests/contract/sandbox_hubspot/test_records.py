from datetime import datetime

import pytest

from tests.contract.sandbox_hubspot.desk import Desk

COMPANIES = "/crm/v3/objects/companies"


def test_a_list_walks_every_record_once_in_ascending_id(desk: Desk) -> None:
    made = desk.companies(25)
    seen: list[str] = []
    after = "0"
    while True:
        page = desk.get(f"{COMPANIES}?limit=10&after={after}")
        seen += page.ids
        if "paging" not in page.json:
            break
        after = page.json["paging"]["next"]["after"]
        assert after not in seen, "after is the id of the next record"
    assert seen == made


def test_a_full_last_page_has_no_paging(desk: Desk) -> None:
    desk.companies(10)
    assert "paging" not in desk.get(f"{COMPANIES}?limit=10").json


def test_a_page_may_be_shorter_than_asked_for(desk: Desk) -> None:
    desk.portal.switches.list_page = 2
    made = desk.companies(3)
    page = desk.get(f"{COMPANIES}?limit=100")
    assert ([record["id"] for record in page.results], page.json["paging"]["next"]["after"]) == (made[:2], made[2])


def test_a_page_holds_ten_records_unless_asked_otherwise(desk: Desk) -> None:
    desk.companies(12)
    assert len(desk.get(COMPANIES).results) == 10


@pytest.mark.parametrize("limit", ["101", "0", "many"])
def test_a_page_size_the_vendor_does_not_serve_is_refused(desk: Desk, limit: str) -> None:
    reply = desk.get(f"{COMPANIES}?limit={limit}")
    assert (reply.status, reply.json["category"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "query", ["properties=name,country", "properties=name&properties=country", "properties=name,country&archived=False"]
)
def test_lists_of_names_may_be_joined_or_repeated(desk: Desk, query: str) -> None:
    desk.create(name="Alpha", country="Belgium")
    properties = desk.get(f"{COMPANIES}?{query}").results[0]["properties"]
    assert properties.keys() == {"name", "country", "createdate", "hs_lastmodifieddate", "hs_object_id"}


def test_an_unknown_name_is_left_out_and_an_empty_one_is_null(desk: Desk) -> None:
    desk.create(name="Alpha")
    properties = desk.get(f"{COMPANIES}?properties=country,no_such_name").results[0]["properties"]
    assert properties["country"] is None
    assert "no_such_name" not in properties


def test_default_properties_are_those_of_the_object_type(desk: Desk) -> None:
    desk.create("deals", dealname="D", amount="12.50")
    properties = desk.get("/crm/v3/objects/deals").results[0]["properties"]
    system = {"createdate", "hs_lastmodifieddate", "hs_object_id"}
    assert properties.keys() == {"dealname", "amount", "closedate", "pipeline", "dealstage"} | system


def test_every_value_is_a_text(desk: Desk) -> None:
    desk.create(name="Alpha", numberofemployees=17, is_public=True)
    properties = desk.get(f"{COMPANIES}?properties=numberofemployees,is_public").results[0]["properties"]
    assert (properties["numberofemployees"], properties["is_public"]) == ("17", "true")


def test_a_record_carries_its_dates_twice_and_they_agree(desk: Desk) -> None:
    record = desk.get(f"{COMPANIES}/{desk.create(name='Alpha')}").json
    assert record["createdAt"] == record["properties"]["createdate"]
    assert record["updatedAt"] == record["properties"]["hs_lastmodifieddate"]
    assert datetime.fromisoformat(record["updatedAt"]) == desk.time.now()


def test_minted_ids_are_texts_of_twelve_ascending_digits(desk: Desk) -> None:
    made = [desk.create(name=str(number)) for number in range(5)]
    assert all(len(identity) == 12 and identity.isdigit() for identity in made)
    assert made == sorted(set(made))


def test_an_unknown_object_type_is_refused_without_a_category(desk: Desk) -> None:
    reply = desk.get("/crm/v3/objects/butterflies")
    assert reply.status == 400
    assert reply.json["message"] == "Unable to infer object type from: butterflies"
    assert "category" not in reply.json


@pytest.mark.parametrize("name", ["companies", "company", "0-2"])
def test_an_object_type_goes_by_three_names(desk: Desk, name: str) -> None:
    made = desk.create(name="Alpha")
    assert desk.get(f"/crm/v3/objects/{name}").ids == [made]


@pytest.mark.parametrize("prefix", ["/crm/v3/objects", "/crm/objects/2026-03", "/crm/objects/2026-09"])
def test_a_dated_path_leads_to_the_same_record(desk: Desk, prefix: str) -> None:
    made = desk.create(name="Alpha")
    assert desk.get(f"{prefix}/companies/{made}").json["properties"]["name"] == "Alpha"


@pytest.mark.parametrize(
    "path", ["/crm/v1/objects/companies", "/crm/2026-09/objects/companies", "/crm/v4/objects/companies", "/nothing"]
)
def test_a_path_of_no_version_that_is_served_is_not_found(desk: Desk, path: str) -> None:
    assert desk.get(path).status == 404


def test_a_missing_record_is_not_found(desk: Desk) -> None:
    reply = desk.get(f"{COMPANIES}/404404404404")
    assert (reply.status, reply.json["message"]) == (404, "resource not found")
    assert reply.json["correlationId"] == reply.headers["x-hubspot-correlation-id"]


def test_patch_changes_one_record_and_answers_what_was_written(desk: Desk) -> None:
    made = desk.create(name="Alpha", country="Belgium")
    reply = desk.patch(f"{COMPANIES}/{made}", {"properties": {"country": "France"}})
    assert reply.status == 200
    assert reply.json["properties"]["country"] == "France"
    assert "name" not in reply.json["properties"], "an answer to a write is not the whole record"


def test_a_changed_value_bumps_the_modified_date_and_an_equal_one_does_not(desk: Desk) -> None:
    made = desk.create(name="Alpha")
    before = desk.value(made, "hs_lastmodifieddate")
    desk.time.seconds += 60
    desk.patch(f"{COMPANIES}/{made}", {"properties": {"name": "Alpha"}})
    assert desk.value(made, "hs_lastmodifieddate") == before
    desk.patch(f"{COMPANIES}/{made}", {"properties": {"name": "Beta"}})
    assert desk.value(made, "hs_lastmodifieddate") == "2026-11-22T09:01:00Z"


def test_an_equal_value_bumps_the_modified_date_when_switched(desk: Desk) -> None:
    desk.portal.switches.no_op_bumps_modified = True
    made = desk.create(name="Alpha")
    desk.time.seconds += 60
    desk.patch(f"{COMPANIES}/{made}", {"properties": {"name": "Alpha"}})
    assert desk.value(made, "hs_lastmodifieddate") == "2026-11-22T09:01:00Z"


def test_an_archived_record_leaves_the_list_for_the_recycling_bin(desk: Desk) -> None:
    stays, goes = desk.companies(2)
    assert desk.delete(f"{COMPANIES}/{goes}").status == 204
    assert desk.delete(f"{COMPANIES}/{goes}").status == 204, "archive answers the same whatever the state"
    assert desk.get(COMPANIES).ids == [stays]
    binned = desk.get(f"{COMPANIES}?archived=true").results
    assert [(found["id"], found["archived"]) for found in binned] == [(goes, True)]
    assert binned[0]["archivedAt"]
    assert desk.get(f"{COMPANIES}/{goes}").status == 404


def test_a_merge_mints_a_new_record_that_both_old_ids_lead_to(desk: Desk) -> None:
    first, second = desk.create(name="Alpha"), desk.create(name="Beta", country="Belgium")
    reply = desk.post(f"{COMPANIES}/merge", {"primaryObjectId": first, "objectIdToMerge": second})
    survivor = reply.json["id"]
    assert survivor not in {first, second}
    assert desk.get(COMPANIES).ids == [survivor]
    for old in (first, second):
        found = desk.get(f"{COMPANIES}/{old}?properties=name,country,hs_merged_object_ids").json
        assert found["id"] == survivor
        assert found["properties"]["name"] == "Alpha"
        assert found["properties"]["country"] == "Belgium"
        assert set(found["properties"]["hs_merged_object_ids"].split(";")) == {first, second}


def test_a_merge_keeps_the_primary_id_when_switched(desk: Desk) -> None:
    desk.portal.switches.merge_keeps_primary = True
    first, second = desk.companies(2)
    assert desk.post(f"{COMPANIES}/merge", {"primaryObjectId": first, "objectIdToMerge": second}).json["id"] == first
    assert desk.get(f"{COMPANIES}/{second}").json["id"] == first


def test_ids_merged_twice_lead_to_the_last_survivor(desk: Desk) -> None:
    first, second, third = desk.companies(3)
    middle = desk.post(f"{COMPANIES}/merge", {"primaryObjectId": first, "objectIdToMerge": second}).json["id"]
    last = desk.post(f"{COMPANIES}/merge", {"primaryObjectId": third, "objectIdToMerge": middle}).json["id"]
    assert {desk.get(f"{COMPANIES}/{old}").json["id"] for old in (first, second, middle, third)} == {last}


def test_a_deal_tells_from_its_stage_whether_it_is_won(desk: Desk) -> None:
    made = desk.create("deals", dealstage="closedwon", amount="10")
    shown = "hs_is_closed_won,hs_is_closed,hs_is_closed_lost,hs_deal_stage_probability,pipeline"
    read = desk.get(f"/crm/v3/objects/deals/{made}?properties={shown}").json["properties"]
    assert [read[name] for name in shown.split(",")] == ["true", "true", "false", "1.0", "default"]
    desk.patch(f"/crm/v3/objects/deals/{made}", {"properties": {"dealstage": "closedlost"}})
    read = desk.get(f"/crm/v3/objects/deals/{made}?properties={shown}").json["properties"]
    assert [read[name] for name in shown.split(",")] == ["false", "true", "true", "0.0", "default"]


def test_a_contact_whose_mail_is_known_is_a_conflict(desk: Desk) -> None:
    known = desk.create("contacts", email="a@example.com")
    reply = desk.post("/crm/v3/objects/contacts", {"properties": {"email": "a@example.com"}})
    assert (reply.status, reply.json["category"]) == (409, "CONFLICT")
    assert reply.json["message"] == f"Contact already exists. Existing ID: {known}"


def test_a_body_that_is_no_json_is_refused(desk: Desk) -> None:
    assert desk.post(f"{COMPANIES}/batch/read", b"{").json["category"] == "VALIDATION_ERROR"
