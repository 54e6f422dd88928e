from typing import Any

import pytest

from tests.contract.sandbox_hubspot.desk import Desk, Reply

PLAIN = {"category": "HUBSPOT_DEFINED", "typeId": 341, "label": None}
PRIMARY = {"category": "HUBSPOT_DEFINED", "typeId": 5, "label": "Primary"}


def read(desk: Desk, origin: str, target: str, *ids: str) -> Reply:
    return desk.post(f"/crm/v4/associations/{origin}/{target}/batch/read", {"inputs": [{"id": i} for i in ids]})


def types(desk: Desk, deal: str) -> dict[int, list[dict[str, Any]]]:
    [result] = read(desk, "deals", "companies", deal).results
    return {to["toObjectId"]: to["associationTypes"] for to in result["to"]}


def test_a_primary_company_is_listed_once_with_two_types_and_a_number_for_id(desk: Desk) -> None:
    [company], deal = desk.companies(1), desk.create("deals")
    assert desk.link(deal, company, 5).status == 201
    assert types(desk, deal) == {int(company): [PLAIN, PRIMARY]}


def test_the_other_side_carries_the_inverse_types(desk: Desk) -> None:
    [company], deal = desk.companies(1), desk.create("deals")
    desk.link(deal, company, 5)
    [result] = read(desk, "companies", "deals", company).results
    assert result["from"] == {"id": company}
    assert [found["typeId"] for found in result["to"][0]["associationTypes"]] == [342, 6]


def test_records_without_associations_are_errors_of_a_207(desk: Desk) -> None:
    one, two = desk.companies(2)
    deal = desk.create("deals")
    desk.link(deal, one, 5)
    reply = read(desk, "companies", "deals", one, two, "404")
    assert reply.status == 207
    assert [found["from"]["id"] for found in reply.results] == [one]
    assert reply.json["numErrors"] == 2
    assert reply.json["errors"][0] == {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No deal is associated with company {two}.",
        "context": {"fromObjectId": [two], "fromObjectType": ["company"], "toObjectType": ["deal"]},
    }


def test_a_new_primary_company_demotes_the_old_one(desk: Desk) -> None:
    (one, two), deal = desk.companies(2), desk.create("deals")
    desk.link(deal, one, 5)
    desk.link(deal, two, 5)
    assert types(desk, deal) == {int(one): [PLAIN], int(two): [PLAIN, PRIMARY]}
    assert desk.value(deal, "hs_primary_associated_company", "deals") == two


def test_a_primary_set_from_the_side_of_the_company_demotes_the_old_one_too(desk: Desk) -> None:
    (one, two), deal = desk.companies(2), desk.create("deals")
    desk.link(deal, one, 5)
    kind = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 6}]
    pair = {"from": {"id": two}, "to": {"id": deal}, "types": kind}
    assert desk.post("/crm/v4/associations/companies/deals/batch/create", {"inputs": [pair]}).status == 201
    assert types(desk, deal) == {int(one): [PLAIN], int(two): [PLAIN, PRIMARY]}
    assert desk.value(deal, "hs_primary_associated_company", "deals") == two


def test_two_companies_without_a_primary_are_possible(desk: Desk) -> None:
    (one, two), deal = desk.companies(2), desk.create("deals")
    desk.link(deal, one, 341)
    desk.link(deal, two, 341)
    assert types(desk, deal) == {int(one): [PLAIN], int(two): [PLAIN]}
    assert desk.value(deal, "hs_primary_associated_company", "deals") is None


def test_a_company_stays_primary_for_many_deals(desk: Desk) -> None:
    [company] = desk.companies(1)
    deals = [desk.create("deals") for _ in range(3)]
    for deal in deals:
        desk.link(deal, company, 5)
    assert all(PRIMARY in types(desk, deal)[int(company)] for deal in deals)


@pytest.mark.parametrize("bumps", [False, True])
def test_an_association_bumps_the_modified_dates_by_switch(desk: Desk, *, bumps: bool) -> None:
    desk.portal.switches.association_bumps_modified = bumps
    [company], deal = desk.companies(1), desk.create("deals")
    before = [desk.value(deal, "hs_lastmodifieddate", "deals"), desk.value(company, "hs_lastmodifieddate")]
    desk.time.seconds += 60
    desk.link(deal, company, 5)
    after = [desk.value(deal, "hs_lastmodifieddate", "deals"), desk.value(company, "hs_lastmodifieddate")]
    assert [new > old for new, old in zip(after, before, strict=True) if new and old] == [bumps, bumps]


def test_a_record_with_many_associations_is_paged_by_itself(desk: Desk) -> None:
    desk.portal.switches.association_page = 2
    [company] = desk.companies(1)
    deals = [desk.create("deals") for _ in range(5)]
    for deal in deals:
        desk.link(deal, company, 5)
    seen, after = [], None
    for _ in range(3):
        item = {"id": company} | ({"after": after} if after else {})
        reply = desk.post("/crm/v4/associations/companies/deals/batch/read", {"inputs": [item]})
        [result] = reply.results
        seen += [str(to["toObjectId"]) for to in result["to"]]
        after = result.get("paging", {}).get("next", {}).get("after")
    assert (seen, after) == (deals, None)


def test_one_record_answers_its_associations_on_v4_and_dated_paths(desk: Desk) -> None:
    [company], deal = desk.companies(1), desk.create("deals")
    desk.link(deal, company, 5)
    for path in ("/crm/v4/objects/deals", "/crm/objects/2026-03/deals"):
        reply = desk.get(f"{path}/{deal}/associations/companies?limit=500")
        assert reply.results == [{"toObjectId": int(company), "associationTypes": [PLAIN, PRIMARY]}]


def test_more_than_a_thousand_records_are_refused(desk: Desk) -> None:
    assert read(desk, "deals", "companies", *map(str, range(1, 1001))).status == 207
    assert read(desk, "deals", "companies", *map(str, range(1, 1002))).status == 400


def test_an_id_that_is_none_is_refused(desk: Desk) -> None:
    reply = read(desk, "deals", "companies", "abc")
    assert (reply.status, reply.json["subCategory"]) == (400, "crm.associations.INVALID_IDENTIFIER")


def test_labels_list_the_types_between_two_objects_and_take_new_ones(desk: Desk) -> None:
    path = "/crm/v4/associations/deals/companies/labels"
    assert desk.get(path).results == [PLAIN, PRIMARY]
    made = desk.post(path, {"name": "reseller", "label": "Reseller"}).results[0]
    (one, two), deal = desk.companies(2), desk.create("deals")
    desk.link(deal, one, 5)
    desk.link(deal, two, made["typeId"])
    assert types(desk, deal)[int(two)] == [PLAIN, {**made, "label": "Reseller"}]
    assert desk.get("/crm/v4/associations/company/0-3/labels").results[-1]["label"] == "Reseller"


def test_an_inline_association_repeats_an_id_once_per_type(desk: Desk) -> None:
    [company], deal = desk.companies(1), desk.create("deals")
    desk.link(deal, company, 5)
    page = desk.get("/crm/v3/objects/deals?associations=companies,contacts").results[0]
    assert page["associations"] == {
        "companies": {
            "results": [
                {"id": company, "type": "deal_to_company_unlabeled"},
                {"id": company, "type": "deal_to_company"},
            ]
        }
    }
    assert "associations" not in desk.get("/crm/v3/objects/deals").results[0]


def test_an_archived_record_takes_its_associations_along(desk: Desk) -> None:
    [company], deal = desk.companies(1), desk.create("deals")
    desk.link(deal, company, 5)
    desk.delete(f"/crm/v3/objects/companies/{company}")
    assert read(desk, "deals", "companies", deal).json["numErrors"] == 1
    assert desk.value(deal, "hs_primary_associated_company", "deals") is None


def test_a_merge_hands_the_deals_to_the_survivor(desk: Desk) -> None:
    (one, two), deal = desk.companies(2), desk.create("deals")
    desk.link(deal, two, 5)
    asked = {"primaryObjectId": one, "objectIdToMerge": two}
    survivor = desk.post("/crm/v3/objects/companies/merge", asked).json["id"]
    assert types(desk, deal) == {int(survivor): [PLAIN, PRIMARY]}
    assert desk.value(deal, "hs_primary_associated_company", "deals") == survivor


def test_a_merge_of_parent_and_child_leaves_no_company_its_own_parent(desk: Desk) -> None:
    child, parent = desk.companies(2)
    kind = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 14}]
    pair = {"from": {"id": child}, "to": {"id": parent}, "types": kind}
    desk.post("/crm/v4/associations/companies/companies/batch/create", {"inputs": [pair]})
    asked = {"primaryObjectId": parent, "objectIdToMerge": child}
    survivor = desk.post("/crm/v3/objects/companies/merge", asked).json["id"]
    assert desk.value(survivor, "hs_parent_company_id") is None


def test_associations_are_taken_off_whole_or_by_label(desk: Desk) -> None:
    [company], deal = desk.companies(1), desk.create("deals")
    desk.link(deal, company, 5)
    pair = {"from": {"id": deal}, "to": {"id": company}}
    label = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}]
    path = "/crm/v4/associations/deals/companies/batch"
    assert desk.post(f"{path}/labels/archive", {"inputs": [pair | {"types": label}]}).status == 204
    assert types(desk, deal) == {int(company): [PLAIN]}
    whole = {"from": {"id": deal}, "to": [{"id": company}]}
    assert desk.post(f"{path}/archive", {"inputs": [whole]}).status == 204
    assert read(desk, "deals", "companies", deal).results == []


def test_a_single_pair_is_put_and_deleted(desk: Desk) -> None:
    [company], deal = desk.companies(1), desk.create("deals")
    base = f"/crm/v4/objects/deals/{deal}/associations"
    assert desk.ask("PUT", f"{base}/default/companies/{company}").status == 200
    assert types(desk, deal) == {int(company): [PLAIN]}
    label = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}]
    assert desk.ask("PUT", f"{base}/companies/{company}", label).status == 201
    assert desk.delete(f"{base}/companies/{company}").status == 204
    assert read(desk, "deals", "companies", deal).results == []


def test_a_type_between_other_objects_is_refused_and_a_missing_record_is_an_error(desk: Desk) -> None:
    [company], deal = desk.companies(1), desk.create("deals")
    assert desk.link(deal, company, 342).status == 400
    reply = desk.link(deal, "404", 5)
    assert (reply.status, reply.results) == (207, [])


def test_a_parent_association_fills_the_parent_property(desk: Desk) -> None:
    child, parent = desk.companies(2)
    kind = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 14}]
    pair = {"from": {"id": child}, "to": {"id": parent}, "types": kind}
    desk.post("/crm/v4/associations/companies/companies/batch/create", {"inputs": [pair]})
    assert desk.value(child, "hs_parent_company_id") == parent
    assert desk.value(parent, "hs_parent_company_id") is None
