from typing import Any

import pytest

from tests.contract.sandbox_hubspot.desk import Desk

PATH = "/crm/v3/properties/companies"
LETTERS = [{"label": letter, "value": letter} for letter in "AB"]


def test_a_property_is_created_complete_and_readable(desk: Desk) -> None:
    reply = desk.define("ct_tier", type="enumeration", fieldType="select", options=LETTERS)
    assert reply.status == 201
    assert reply.json["options"][1] == {
        "label": "B",
        "value": "B",
        "description": "",
        "displayOrder": 1,
        "hidden": False,
    }
    assert reply.json["modificationMetadata"]["readOnlyValue"] is False
    assert desk.get(f"{PATH}/ct_tier").json == reply.json
    assert reply.json in desk.get(PATH).results


def test_a_taken_name_is_a_conflict_and_changes_nothing(desk: Desk) -> None:
    desk.define("ct_tier")
    reply = desk.define("ct_tier", type="number", fieldType="number")
    assert reply.status == 409
    assert reply.json["message"] == "A property named 'ct_tier' already exists."
    assert reply.json["category"] == "OBJECT_ALREADY_EXISTS"
    assert reply.json["subCategory"] == "Properties.PROPERTY_WITH_NAME_EXISTS"
    assert desk.get(f"{PATH}/ct_tier").json["type"] == "string"


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("Ct_Tier", {}),
        ("1tier", {}),
        ("ct_tier", {"groupName": "nowhere"}),
        ("ct_tier", {"label": ""}),
        ("ct_tier", {"type": "number", "fieldType": "text"}),
        ("ct_tier", {"type": "bool", "fieldType": "booleancheckbox"}),
        ("ct_tier", {"type": "money", "fieldType": "number"}),
        ("ct_tier", {"type": "enumeration", "fieldType": "select", "options": [*LETTERS, *LETTERS]}),
        ("ct_tier", {"type": "number", "fieldType": "number", "currencyPropertyName": "deal_currency_code"}),
    ],
)
def test_a_definition_the_vendor_would_refuse_is_refused(desk: Desk, name: str, more: dict[str, Any]) -> None:
    reply = desk.define(name, **more)
    assert (reply.status, reply.json["category"]) == (400, "VALIDATION_ERROR")
    assert desk.get(f"{PATH}/{name}").status == 404


def test_a_boolean_needs_exactly_true_and_false(desk: Desk) -> None:
    yes, no = {"label": "Yes", "value": "true"}, {"label": "No", "value": "false"}
    shape = {"type": "bool", "fieldType": "booleancheckbox"}
    assert desk.define("flag", **shape, options=[yes]).json["subCategory"].endswith("INVALID_BOOLEAN_OPTION")
    assert desk.define("flag", **shape, options=[yes, no]).status == 201


def test_labels_of_options_are_unique(desk: Desk) -> None:
    options = [{"label": "A", "value": "a"}, {"label": "A", "value": "b"}]
    reply = desk.define("ct_tier", type="enumeration", fieldType="select", options=options)
    expected = "Property option labels must be unique. For the property 'ct_tier' of object type '0-2' these labels"
    assert reply.json["message"].startswith(expected)


def test_a_patch_keeps_options_it_leaves_out_and_replaces_those_it_sends(desk: Desk) -> None:
    desk.define("ct_tier", type="enumeration", fieldType="select", options=LETTERS)
    kept = desk.patch(f"{PATH}/ct_tier", {"label": "Tier"}).json
    assert (kept["label"], len(kept["options"])) == ("Tier", 2)
    options = [{"label": "C", "value": "C"}]
    assert [o["value"] for o in desk.patch(f"{PATH}/ct_tier", {"options": options}).json["options"]] == ["C"]


def test_a_patch_of_uniqueness_is_answered_and_ignored(desk: Desk) -> None:
    desk.define("code")
    reply = desk.patch(f"{PATH}/code", {"hasUniqueValue": True})
    assert (reply.status, reply.json["hasUniqueValue"]) == (200, False)


def test_ten_unique_properties_are_the_most(desk: Desk) -> None:
    made = [desk.define(f"code_{number}", hasUniqueValue=True).status for number in range(11)]
    assert made == [201] * 10 + [400]


def test_an_archived_property_is_gone_and_a_new_definition_restores_it(desk: Desk) -> None:
    desk.define("ct_tier")
    made = desk.create(ct_tier="x")
    assert desk.delete(f"{PATH}/ct_tier").status == 204
    assert desk.get(f"{PATH}/ct_tier").status == 404
    assert desk.get(f"{PATH}/ct_tier?archived=true").json["archived"] is True
    assert "ct_tier" not in desk.get(f"/crm/v3/objects/companies/{made}?properties=ct_tier").json["properties"]
    restored = desk.define("ct_tier", label="Again")
    assert (restored.status, restored.json["label"]) == (201, "Again")


def test_a_built_in_property_can_neither_be_archived_nor_change_its_type(desk: Desk) -> None:
    assert desk.delete(f"{PATH}/name").status == 400
    assert desk.patch(f"{PATH}/name", {"type": "number", "fieldType": "number"}).status == 400


def test_calculated_properties_say_so(desk: Desk) -> None:
    found = desk.get("/crm/v3/properties/deals/hs_is_closed_won").json
    assert (found["type"], found["calculated"], found["modificationMetadata"]["readOnlyValue"]) == ("bool", True, True)
    stage = desk.get("/crm/v3/properties/deals/dealstage").json
    assert (stage["options"], stage["externalOptions"]) == ([], True)


def test_a_batch_create_makes_the_new_ones_and_names_the_old(desk: Desk) -> None:
    desk.define("old")
    group = {"groupName": "companyinformation", "type": "string", "fieldType": "text"}
    inputs = [{"name": name, "label": name, **group} for name in ("old", "new")]
    reply = desk.post(f"{PATH}/batch/create", {"inputs": inputs})
    assert (reply.status, [found["name"] for found in reply.results]) == (207, ["new"])
    [error] = reply.json["errors"]
    assert (error["category"], error["context"]) == ("OBJECT_ALREADY_EXISTS", {"name": ["old"]})
    assert desk.post(f"{PATH}/batch/create", {"inputs": [inputs[1] | {"name": "newer"}]}).status == 201


def test_batches_read_and_archive_by_name(desk: Desk) -> None:
    desk.define("one")
    inputs = [{"name": "one"}, {"name": "none"}]
    reply = desk.post(f"{PATH}/batch/read", {"archived": False, "inputs": inputs})
    assert (reply.status, [found["name"] for found in reply.results]) == (207, ["one"])
    assert desk.post(f"{PATH}/batch/archive", {"inputs": inputs}).status == 204
    assert desk.get(f"{PATH}/one").status == 404


def test_a_group_is_created_patched_and_archived_when_empty(desk: Desk) -> None:
    made = desk.post(f"{PATH}/groups", {"name": "customer_tier", "label": "Customer tier", "displayOrder": -1})
    assert (made.status, made.json["archived"]) == (201, False)
    assert desk.post(f"{PATH}/groups", {"name": "customer_tier", "label": "Again"}).status == 409
    assert desk.patch(f"{PATH}/groups/customer_tier", {"label": "Tier"}).json["label"] == "Tier"
    desk.define("ct_tier", groupName="customer_tier")
    refused = desk.delete(f"{PATH}/groups/customer_tier")
    assert refused.json["subCategory"] == "PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES"
    desk.delete(f"{PATH}/ct_tier")
    assert desk.delete(f"{PATH}/groups/customer_tier").status == 204
    assert desk.get(f"{PATH}/groups/customer_tier").status == 404


def test_the_fixed_industry_list_has_no_single_manufacturing(desk: Desk) -> None:
    values = [option["value"] for option in desk.get(f"{PATH}/industry").json["options"]]
    assert "MACHINERY" in values
    assert "MANUFACTURING" not in values
    assert len(values) > 140
