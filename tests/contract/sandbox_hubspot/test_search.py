from typing import Any

import pytest

from tests.contract.sandbox_hubspot.desk import Desk, Reply

COMPANIES = "/crm/v3/objects/companies"


def search(desk: Desk, *filters: dict[str, Any], kind: str = "companies", **more: Any) -> Reply:
    groups = [{"filters": list(filters)}] if filters else []
    return desk.post(f"/crm/v3/objects/{kind}/search", {"filterGroups": groups, **more})


def by(name: str, operator: str, *value: object, **more: object) -> dict[str, Any]:
    return {"propertyName": name, "operator": operator, **({"value": value[0]} if value else {}), **more}


def test_search_pages_by_offset_and_tells_the_total(desk: Desk) -> None:
    made = desk.companies(25)
    first = search(desk, limit=20)
    assert (first.json["total"], first.ids) == (25, made[:20])
    assert first.json["paging"] == {"next": {"after": "20"}}
    last = search(desk, limit="20", after="20")
    assert last.ids == made[20:]
    assert "paging" not in last.json


def test_search_answers_without_rate_headers(desk: Desk) -> None:
    assert not [name for name in search(desk).headers if name.startswith("x-hubspot-ratelimit")]


@pytest.mark.parametrize(
    "more", [{"limit": 201}, {"limit": 200, "after": "9801"}, {"sorts": ["name", "domain"]}, {"sorts": ["nothing"]}]
)
def test_search_refuses_pages_and_sorts_it_does_not_serve(desk: Desk, more: dict[str, Any]) -> None:
    reply = search(desk, **more)
    assert (reply.status, reply.json["category"]) == (400, "VALIDATION_ERROR")


def test_search_serves_ten_thousand_results_and_no_more(desk: Desk) -> None:
    assert search(desk, limit=200, after="9800").status == 200
    assert search(desk, limit=200, after="9900").status == 400


def test_search_refuses_a_body_above_three_thousand_characters(desk: Desk) -> None:
    assert search(desk, properties=["x" * 2_900]).status == 200
    assert search(desk, properties=["x" * 3_000]).status == 400


@pytest.mark.parametrize(("groups", "filters", "status"), [(5, 3, 200), (6, 1, 400), (1, 7, 400), (4, 5, 400)])
def test_search_counts_its_filters(desk: Desk, groups: int, filters: int, status: int) -> None:
    asked = {"filterGroups": [{"filters": [by("name", "EQ", "x")] * filters}] * groups}
    assert desk.post(f"{COMPANIES}/search", asked).status == status


@pytest.mark.parametrize(
    ("found", "condition"),
    [
        ("A", by("name", "EQ", "ALPHA works")),
        ("BC", by("name", "NEQ", "alpha works")),
        ("A", by("numberofemployees", "LT", "10")),
        ("AB", by("numberofemployees", "LTE", "10")),
        ("", by("numberofemployees", "GT", "10")),
        ("B", by("numberofemployees", "GTE", "10")),
        ("AB", by("numberofemployees", "BETWEEN", "9", highValue="10")),
        ("B", by("type", "IN", values=["PARTNER", "VENDOR"])),
        ("AC", by("type", "NOT_IN", values=["PARTNER", "VENDOR"])),
        ("", by("type", "EQ", "partner")),
        ("A", by("name", "IN", values=["alpha works"])),
        ("", by("name", "IN", values=["Alpha Works"])),
        ("AB", by("numberofemployees", "HAS_PROPERTY")),
        ("C", by("numberofemployees", "NOT_HAS_PROPERTY")),
        ("A", by("name", "CONTAINS_TOKEN", "alp*")),
        ("", by("name", "CONTAINS_TOKEN", "alp")),
        ("AC", by("name", "NOT_CONTAINS_TOKEN", "beta")),
    ],
)
def test_each_operator_finds_what_it_says(desk: Desk, found: str, condition: dict[str, Any]) -> None:
    desk.create(name="Alpha Works", numberofemployees="9", domain="A")
    desk.create(name="Beta", numberofemployees="10", type="PARTNER", domain="B")
    desk.create(name="Gamma", domain="C")
    reply = search(desk, condition, properties=["domain"])
    assert "".join(str(record["properties"]["domain"]) for record in reply.results) == found


def test_filters_of_a_group_all_hold_and_of_groups_any(desk: Desk) -> None:
    one, _, three = desk.companies(3)
    asked = {
        "filterGroups": [
            {"filters": [by("name", "EQ", "0"), by("hs_object_id", "EQ", one)]},
            {"filters": [by("name", "EQ", "1"), by("hs_object_id", "EQ", one)]},
            {"filters": [by("hs_object_id", "EQ", three)]},
        ]
    }
    assert desk.post(f"{COMPANIES}/search", asked).ids == [one, three]


@pytest.mark.parametrize("since", ["1795338060000", "2026-11-22T09:01:00Z", "2026-11-22T10:01:00+01:00"])
def test_changes_are_found_by_the_modified_date_and_an_id(desk: Desk, since: str) -> None:
    desk.companies(2)
    desk.time.seconds += 60
    later = desk.companies(3)
    condition = [by("hs_lastmodifieddate", "GTE", since), by("hs_object_id", "GT", later[0])]
    assert search(desk, *condition, sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}]).ids == later[1:]


def test_sorting_by_a_number_is_not_sorting_by_its_text(desk: Desk) -> None:
    for count in ("9", "100", "20"):
        desk.create(name=count, numberofemployees=count)
    sort = {"propertyName": "numberofemployees", "direction": "DESCENDING"}
    assert [r["properties"]["name"] for r in search(desk, sorts=[sort]).results] == ["100", "20", "9"]


def test_search_sees_a_change_only_after_the_lag() -> None:
    desk = Desk(index_lag=30)
    made = desk.create(name="old")
    assert search(desk).ids == []
    desk.time.seconds += 30
    assert search(desk).ids == [made]
    desk.patch(f"{COMPANIES}/{made}", {"properties": {"name": "new"}})
    assert search(desk, by("name", "EQ", "old")).ids == [made]
    assert desk.value(made, "name") == "new", "reading a record is not searching"
    desk.time.seconds += 30
    assert search(desk, by("name", "EQ", "new")).ids == [made]
    desk.delete(f"{COMPANIES}/{made}")
    assert search(desk).ids == [made]
    desk.time.seconds += 30
    assert search(desk).ids == []


def test_an_archived_record_is_not_found(desk: Desk) -> None:
    [made] = desk.companies(1)
    desk.delete(f"{COMPANIES}/{made}")
    assert search(desk).json["total"] == 0


def test_deals_are_found_by_the_company_they_belong_to(desk: Desk) -> None:
    one, two = desk.companies(2)
    deal, _other = desk.create("deals", dealname="a"), desk.create("deals", dealname="b")
    desk.link(deal, one, 5)
    assert search(desk, by("associations.company", "EQ", one), kind="deals").ids == [deal]
    assert search(desk, by("associations.company", "EQ", two), kind="deals").ids == []


@pytest.mark.parametrize(
    "condition", [by("nothing", "EQ", "x"), by("name", "LIKE", "x"), by("name", "EQ"), by("createdate", "GT", "soon")]
)
def test_a_filter_that_cannot_be_run_is_refused(desk: Desk, condition: dict[str, Any]) -> None:
    assert search(desk, condition).status == 400
