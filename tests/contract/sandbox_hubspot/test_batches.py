import pytest

from tests.contract.sandbox_hubspot.desk import Desk, Reply

COMPANIES = "/crm/v3/objects/companies"
LETTERS = [{"label": letter, "value": letter} for letter in "ABC"]


def update(desk: Desk, *pairs: tuple[str, dict[str, str]], traced: bool = False) -> Reply:
    inputs = [{"id": identity, "properties": properties} for identity, properties in pairs]
    if traced:
        inputs = [item | {"objectWriteTraceId": f"t{place}"} for place, item in enumerate(inputs)]
    return desk.post(f"{COMPANIES}/batch/update", {"inputs": inputs})


def test_a_batch_read_answers_what_it_found_in_another_order(desk: Desk) -> None:
    made = desk.companies(40)
    reply = desk.post(f"{COMPANIES}/batch/read", {"inputs": [{"id": i} for i in made], "properties": ["name"]})
    assert reply.status == 200
    assert set(reply.ids) == set(made)
    assert reply.ids != made
    assert "errors" not in reply.json


def test_missing_ids_of_a_batch_read_share_one_error(desk: Desk) -> None:
    [made] = desk.companies(1)
    reply = desk.post(f"{COMPANIES}/batch/read", {"inputs": [{"id": "98"}, {"id": made}, {"id": "99"}]})
    assert reply.status == 207
    assert reply.ids == [made]
    assert reply.json["numErrors"] == 1
    [error] = reply.json["errors"]
    assert (error["category"], error["context"]) == ("OBJECT_NOT_FOUND", {"ids": ["98", "99"]})
    assert error["message"].startswith("Could not get some COMPANY objects")
    assert "correlationId" not in error


def test_a_merged_id_reads_as_the_survivor(desk: Desk) -> None:
    first, second = desk.companies(2)
    survivor = desk.post(f"{COMPANIES}/merge", {"primaryObjectId": first, "objectIdToMerge": second}).json["id"]
    assert desk.post(f"{COMPANIES}/batch/read", {"inputs": [{"id": first}, {"id": second}]}).ids == [survivor]


def test_a_merged_id_is_silently_absent_from_an_update(desk: Desk) -> None:
    first, second, other = desk.companies(3)
    desk.post(f"{COMPANIES}/merge", {"primaryObjectId": first, "objectIdToMerge": second})
    reply = update(desk, (first, {"name": "x"}), (other, {"name": "y"}))
    assert (reply.status, reply.ids) == (200, [other])
    assert "errors" not in reply.json


def test_an_unknown_id_of_an_update_spares_the_others(desk: Desk) -> None:
    one, gone = desk.companies(2)
    desk.delete(f"{COMPANIES}/{gone}")
    reply = update(desk, (one, {"name": "new"}), (gone, {"name": "new"}), ("99", {"name": "new"}))
    assert (reply.status, reply.ids) == (207, [one])
    assert reply.json["errors"][0]["context"]["ids"] == [gone, "99"]
    assert desk.value(one, "name") == "new"


def test_one_invalid_value_refuses_the_whole_update(desk: Desk) -> None:
    one, two = desk.companies(2)
    reply = update(desk, (one, {"name": "new"}), (two, {"numberofemployees": "many"}))
    assert (reply.status, reply.json["category"]) == (400, "VALIDATION_ERROR")
    assert desk.value(one, "name") == "0"


def test_a_trace_id_makes_update_errors_per_record_only_when_switched(desk: Desk) -> None:
    one, two = desk.companies(2)
    pairs = ((one, {"name": "new"}), (two, {"numberofemployees": "many"}))
    assert update(desk, *pairs, traced=True).status == 400
    desk.portal.switches.trace_errors_on_update = True
    assert update(desk, *pairs).status == 400
    reply = update(desk, *pairs, traced=True)
    assert (reply.status, reply.ids) == (207, [one])
    assert reply.json["errors"][0]["context"]["objectWriteTraceId"] == ["t1"]


def test_the_same_id_twice_refuses_the_update(desk: Desk) -> None:
    [made] = desk.companies(1)
    reply = update(desk, (made, {"name": "a"}), (made, {"name": "b"}))
    assert reply.json["message"] == f"Duplicate IDs found in batch input: [{made}]. IDs must be unique"
    assert reply.json["context"] == {"ids": [made]}
    assert desk.value(made, "name") == "0"


@pytest.mark.parametrize("call", ["read", "update", "create", "upsert", "archive"])
def test_more_than_a_hundred_inputs_are_refused(desk: Desk, call: str) -> None:
    inputs = [{"id": str(number), "properties": {}} for number in range(101)]
    reply = desk.post(f"{COMPANIES}/batch/{call}", {"inputs": inputs})
    assert (reply.status, reply.json["category"]) == (400, "VALIDATION_ERROR")


def test_a_body_without_inputs_answers_complete_and_empty(desk: Desk) -> None:
    reply = desk.post(f"{COMPANIES}/batch/read", {})
    assert (reply.status, reply.json["status"], reply.results) == (200, "COMPLETE", [])


def test_a_batch_create_answers_201_and_one_bad_record_refuses_all(desk: Desk) -> None:
    good, bad = {"properties": {"name": "A"}}, {"properties": {"nme": "B"}}
    assert desk.post(f"{COMPANIES}/batch/create", {"inputs": [good]}).status == 201
    assert desk.post(f"{COMPANIES}/batch/create", {"inputs": [good, bad]}).status == 400
    assert len(desk.get(COMPANIES).results) == 1


def test_a_traced_batch_create_spares_the_good_records(desk: Desk) -> None:
    inputs = [
        {"properties": {"name": "A"}, "objectWriteTraceId": "a"},
        {"properties": {"nme": "B"}, "objectWriteTraceId": "b"},
    ]
    reply = desk.post(f"{COMPANIES}/batch/create", {"inputs": inputs})
    assert reply.status == 207
    assert [record["objectWriteTraceId"] for record in reply.results] == ["a"]
    assert reply.json["errors"][0]["context"] == {"objectWriteTraceId": ["b"]}


def test_a_batch_create_with_an_association_it_cannot_make_creates_nothing(desk: Desk) -> None:
    to_nobody = [{"to": {"id": "404"}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}]}]
    inputs = [{"properties": {"dealname": "a"}}, {"properties": {"dealname": "b"}, "associations": to_nobody}]
    assert desk.post("/crm/v3/objects/deals/batch/create", {"inputs": inputs}).status == 404
    assert desk.get("/crm/v3/objects/deals").results == []


def test_an_upsert_tells_what_was_new(desk: Desk) -> None:
    desk.define("code", hasUniqueValue=True)
    known = desk.create(code="K", name="old")
    inputs = [
        {"id": "K", "idProperty": "code", "properties": {"name": "changed"}},
        {"id": "N", "idProperty": "code", "properties": {"name": "fresh"}},
    ]
    reply = desk.post(f"{COMPANIES}/batch/upsert", {"inputs": inputs})
    assert reply.status == 200
    told = {record["properties"]["code"]: (record["new"], record["id"] == known) for record in reply.results}
    assert told == {"K": (False, True), "N": (True, False)}
    assert desk.value(known, "name") == "changed"


def test_records_are_found_by_a_unique_property_only(desk: Desk) -> None:
    desk.define("code", hasUniqueValue=True)
    made = desk.create(code="K")
    asked = {"inputs": [{"id": "K"}], "idProperty": "code"}
    assert desk.post(f"{COMPANIES}/batch/read", asked).ids == [made]
    inputs = [{"id": made, "idProperty": "hs_object_id", "properties": {"name": "x"}}]
    reply = desk.post(f"{COMPANIES}/batch/update", {"inputs": inputs})
    assert reply.json["message"].startswith("Unable to perform update/upsert by non-unique 0-2 property hs_object_id")


def test_a_unique_value_cannot_be_used_twice(desk: Desk) -> None:
    desk.define("code", hasUniqueValue=True)
    desk.create(code="K")
    assert desk.post(COMPANIES, {"properties": {"code": "K"}}).status == 400


def test_a_batch_archive_answers_204_whatever_the_state(desk: Desk) -> None:
    made = desk.companies(3)
    reply = desk.post(f"{COMPANIES}/batch/archive", {"inputs": [{"id": made[0]}, {"id": "404"}]})
    assert reply.status == 204
    assert desk.get(COMPANIES).ids == made[1:]


def test_a_dated_path_answers_200_for_mixed_results_when_switched(desk: Desk) -> None:
    asked = {"inputs": [{"id": "404"}]}
    assert desk.post("/crm/objects/2026-09/companies/batch/read", asked).status == 207
    desk.portal.switches.dated_statuses_are_200 = True
    reply = desk.post("/crm/objects/2026-09/companies/batch/read", asked)
    assert (reply.status, reply.json["numErrors"]) == (200, 1)
    assert desk.post("/crm/v3/objects/companies/batch/read", asked).status == 207


def test_results_of_an_update_hold_the_written_values_only(desk: Desk) -> None:
    desk.define("tier", type="enumeration", fieldType="select", options=LETTERS)
    [made] = desk.companies(1)
    properties = update(desk, (made, {"tier": "A"})).results[0]["properties"]
    assert properties.keys() == {"tier", "createdate", "hs_lastmodifieddate", "hs_object_id", "hs_object_source"}
