"""Writes of records: one by one, in collections, composite; what is refused, and what else a write does."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from connector.sandbox.salesforce.org.founding import add_currency, place, several_currencies
from connector.sandbox.salesforce.org.schema import Field, value

if TYPE_CHECKING:
    from tests.contract.sandbox_salesforce.desk import Desk


def account(**values: object) -> dict[str, object]:
    return {"attributes": {"type": "Account"}, **values}


def collect(desk: Desk, *records: dict[str, object], strict: bool = False, **headers: str) -> list[dict[str, Any]]:
    reply = desk.patch("/composite/sobjects", {"allOrNone": strict, "records": list(records)}, **headers)
    assert reply.status == 200, reply.text
    return list(reply.json)


def codes(results: list[dict[str, Any]]) -> list[str]:
    return [result["errors"][0]["statusCode"] if result["errors"] else "" for result in results]


def test_a_record_is_created_read_changed_and_deleted(desk: Desk) -> None:
    made = desk.post("/sobjects/Account/", {"Name": "Alpha"})
    identity = made.json["id"]
    assert made.json == {"id": identity, "success": True, "errors": []}
    assert made.headers["location"] == f"/services/data/v66.0/sobjects/Account/{identity}"
    assert len(identity) == 18
    changed = desk.patch(f"/sobjects/Account/{identity[:15]}", {"Rating": "Hot", "Site": ""})
    assert (changed.status, changed.body) == (204, b"")
    read = desk.get(f"/sobjects/account/{identity}?fields=Name,Rating,Site").json
    assert [read[name] for name in ("Name", "Rating", "Site")] == ["Alpha", "Hot", None]
    assert desk.ask("DELETE", f"/sobjects/Account/{identity}").status == 204
    assert desk.get(f"/sobjects/Account/{identity}").code == "NOT_FOUND"
    again = desk.ask("DELETE", f"/sobjects/Account/{identity}")
    assert (again.status, again.code) == (404, "ENTITY_IS_DELETED")


def test_an_update_with_equal_values_moves_the_stamps(desk: Desk) -> None:
    identity = desk.create(Name="Alpha")
    desk.time.seconds += 90
    assert desk.patch(f"/sobjects/Account/{identity}", {"Name": "Alpha"}).status == 204
    row = desk.rows("SELECT CreatedDate, LastModifiedDate, SystemModstamp FROM Account")[0]
    assert list(row.values()) == ["2026-11-22T09:00:00.000+0000", *["2026-11-22T09:01:30.000+0000"] * 2]


@pytest.mark.parametrize(
    ("values", "code", "message", "fields"),
    [
        ({"Nix": 1}, "INVALID_FIELD", "No such column 'Nix' on sobject of type Account", None),
        (
            {"MasterRecordId": None},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "Unable to create/update fields",
            ["MasterRecordId"],
        ),
        ({"Name": ""}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ["Name"]),
        ({"Site": "x" * 81}, "STRING_TOO_LONG", "(max length=80)", ["Site"]),
        ({"AnnualRevenue": 10**18}, "NUMBER_OUTSIDE_VALID_RANGE", "outside of valid range", ["AnnualRevenue"]),
        ({"AnnualRevenue": "much"}, "JSON_PARSER_ERROR", "Cannot deserialize instance of double", ["AnnualRevenue"]),
        ({"NumberOfEmployees": 1.5}, "JSON_PARSER_ERROR", "instance of int", ["NumberOfEmployees"]),
        ({"ParentId": "006000000000001AAA"}, "MALFORMED_ID", "id value of incorrect type", ["ParentId"]),
        ({"ParentId": "001000000000001AAA"}, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ["ParentId"]),
    ],
)
def test_what_a_field_cannot_hold_is_refused(
    desk: Desk, values: dict[str, object], code: str, message: str, fields: list[str] | None
) -> None:
    reply = desk.patch(f"/sobjects/Account/{desk.create(Name='Alpha')}", values)
    assert (reply.status, reply.code, reply.json[0].get("fields")) == (400, code, fields)
    assert message in reply.message


def test_numbers_are_rounded_and_texts_trimmed_as_the_field_says(desk: Desk) -> None:
    identity = desk.opportunity(Amount=12.345, NextStep="  call  ", Probability=33.5)
    read = desk.get(f"/sobjects/Opportunity/{identity}").json
    assert (read["Amount"], read["NextStep"], read["Probability"]) == (12.35, "call", 34.0)


@pytest.mark.parametrize(("crlf", "kept"), [(False, "one\ntwo\r\nthree"), (True, "one\r\ntwo\r\nthree")])
def test_long_texts_keep_their_line_ends_unless_the_org_has_its_own(desk: Desk, *, crlf: bool, kept: str) -> None:
    desk.org.switches.crlf = crlf
    identity = desk.create(Name="Alpha", Description="one\ntwo\r\nthree")
    assert desk.get(f"/sobjects/Account/{identity}").json["Description"] == kept


def test_a_hierarchy_takes_no_circle(desk: Desk) -> None:
    head = desk.create(Name="Head")
    foot = desk.create(Name="Foot", ParentId=desk.create(Name="Middle", ParentId=head))
    assert desk.patch(f"/sobjects/Account/{head}", {"ParentId": foot}).code == "CIRCULAR_DEPENDENCY"


def test_the_stage_decides_whether_a_deal_is_won(desk: Desk) -> None:
    identity = desk.opportunity(Amount=200)
    names = ("IsClosed", "IsWon", "Probability", "ForecastCategory", "ExpectedRevenue")

    def shown() -> list[object]:
        read = desk.get(f"/sobjects/Opportunity/{identity}").json
        return [read[name] for name in names]

    assert shown() == [False, False, 10.0, "Pipeline", 20.0]
    desk.patch(f"/sobjects/Opportunity/{identity}", {"StageName": "Closed Won"})
    assert shown() == [True, True, 100.0, "Closed", 200.0]
    refused = desk.patch(f"/sobjects/Opportunity/{identity}", {"IsWon": False})
    assert refused.code == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_an_external_id_makes_or_changes_one_record(desk: Desk) -> None:
    field = {"type": "Text", "label": "Ext", "length": 40, "unique": True, "externalId": True}
    desk.as_admin().post("/tooling/sobjects/CustomField/", {"FullName": "Account.Ext__c", "Metadata": field})
    admin = desk.as_admin()
    user = desk.org.user_id("admin@sandbox.test")
    owned = next(iter(desk.org.permission_sets(user)))
    granted = {"ParentId": owned, "SobjectType": "Account", "Field": "Account.Ext__c"}
    admin.post("/sobjects/FieldPermissions", {**granted, "PermissionsRead": True, "PermissionsEdit": True})
    made = admin.patch("/sobjects/Account/Ext__c/a1", {"Name": "Alpha"})
    assert (made.status, made.json["created"]) == (201, True)
    changed = admin.patch("/sobjects/Account/Ext__c/A1", {"Name": "Beta"})
    assert (changed.status, changed.json["created"], changed.json["id"]) == (200, False, made.json["id"])
    records = [account(Ext__c="a1", Name="Gamma"), account(Ext__c="b2", Name="Delta"), account(Name="None")]
    results = admin.patch("/composite/sobjects/Account/Ext__c", {"records": records}).json
    assert [result.get("created") for result in results] == [False, True, None]
    twice = admin.post("/sobjects/Account", {"Name": "Twin", "Ext__c": "b2"})
    assert twice.code == "DUPLICATE_VALUE"
    assert admin.get("/sobjects/Account/Ext__c/b2").json["Name"] == "Delta"


def test_a_collection_answers_each_record_in_order_by_itself(desk: Desk) -> None:
    ids = desk.accounts(3)
    results = collect(
        desk,
        account(id=ids[0], Rating="Hot"),
        account(Id=ids[1], Nix=1),
        account(Rating="Hot"),
        {"attributes": {"type": "Contact"}, "id": ids[2]},
        account(id="001nothing", Rating="Hot"),
    )
    assert codes(results) == ["", "INVALID_FIELD", "MISSING_ARGUMENT", "MALFORMED_ID", "MALFORMED_ID"]
    assert results[0] == {"id": ids[0], "success": True, "errors": []}
    assert ["id" in result for result in results] == [True, False, False, False, False]
    assert desk.values("SELECT Rating FROM Account ORDER BY Id") == ["Hot", None, None]


def test_all_or_none_takes_everything_back(desk: Desk) -> None:
    ids = desk.accounts(3)
    results = collect(desk, account(id=ids[0], Rating="Hot"), account(id=ids[1], Nix=1), strict=True)
    assert codes(results) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "INVALID_FIELD"]
    assert desk.values("SELECT Rating FROM Account") == [None] * 3


@pytest.mark.parametrize(("count", "code"), [(0, "REQUIRED_FIELD_MISSING"), (201, "EXCEEDED_MAX_SIZE_REQUEST")])
def test_a_collection_holds_1_to_200_records(desk: Desk, count: int, code: str) -> None:
    reply = desk.patch("/composite/sobjects", {"records": [account(Name="x")] * count})
    assert (reply.status, reply.code) == (400, code)


def test_the_same_record_twice_in_one_call_is_refused(desk: Desk) -> None:
    identity = desk.create(Name="Alpha")
    results = collect(desk, account(id=identity, Site="a"), account(id=identity[:15], Site="b"))
    assert codes(results) == ["DUPLICATE_VALUE"] * 2


def test_setup_and_data_are_not_mixed_in_one_call(desk: Desk) -> None:
    other = {"attributes": {"type": "PermissionSet"}, "id": "0PS000000000001AAA", "Label": "x"}
    reply = desk.as_admin().patch("/composite/sobjects", {"records": [account(id=desk.create(Name="a")), other]})
    assert reply.code == "MIXED_DML_OPERATION"


def test_records_are_retrieved_in_the_order_asked_for_with_null_for_one_unknown(desk: Desk) -> None:
    ids = desk.accounts(3)
    asked = {"ids": [ids[2], "001000000000001AAA", ids[0][:15]], "fields": ["Name", "Owner.Name"]}
    found = desk.post("/composite/sobjects/Account", asked).json
    assert [row and row["Name"] for row in found] == ["0002", None, "0000"]
    assert found[0]["Owner"]["Name"] == "Integration"
    got = desk.get(f"/composite/sobjects/Account?ids={ids[1]}&fields=Name").json
    assert [row["Name"] for row in got] == ["0001"]


def test_a_locked_row_is_had_on_the_next_try(desk: Desk) -> None:
    ids = desk.accounts(60)
    desk.org.rules.locks = [{"object": "Account", "share": 0.33, "times": 1}]
    results = collect(desk, *(account(id=identity, Rating="Hot") for identity in ids))
    locked = [identity for identity, code in zip(ids, codes(results), strict=True) if code]
    assert set(codes(results)) == {"", "UNABLE_TO_LOCK_ROW"}
    assert 8 < len(locked) < 32
    assert set(codes(collect(desk, *(account(id=identity, Rating="Hot") for identity in locked)))) == {""}


def test_a_validation_rule_speaks_in_the_customers_words(desk: Desk) -> None:
    desk.org.rules.validations = [
        {"object": "Account", "field": "Name", "pattern": "^Beta", "message": "No Betas!", "shown": "Name"}
    ]
    reply = desk.post("/sobjects/Account", {"Name": "Beta"})
    assert reply.json == [
        {"message": "No Betas!", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": ["Name"]}
    ]


def test_a_restricted_picklist_refuses_what_it_does_not_know_or_the_record_type_does_not_allow(desk: Desk) -> None:
    held = Field("Tier__c", "picklist", "Tier", 255, custom=True, restricted=True, values=[value(one) for one in "ABC"])
    desk.org.objects["account"].add(held)
    identity = desk.create(Name="Alpha", Tier__c="a")
    assert desk.get(f"/sobjects/Account/{identity}").json["Tier__c"] == "A"
    reply = desk.patch(f"/sobjects/Account/{identity}", {"Tier__c": "D"})
    assert reply.json[0] | {"fields": reply.json[0]["fields"]} == {
        "message": "Tier: bad value for restricted picklist field: D",
        "errorCode": "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "fields": ["Tier__c"],
    }
    desk.org.rules.record_type_values = {"012000000000000AAA/Tier__c": ["A", "B"]}
    assert desk.patch(f"/sobjects/Account/{identity}", {"Tier__c": "B"}).status == 204
    assert (
        desk.patch(f"/sobjects/Account/{identity}", {"Tier__c": "C"}).code == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    )


def test_assignment_rules_run_unless_the_header_says_no(desk: Desk) -> None:
    ids = desk.accounts(12)
    me = desk.org.user_id("integration@sandbox.test")
    desk.org.switches.auto_assign_moves_owner = True
    collect(desk, *(account(id=identity, Rating="Hot") for identity in ids), sforce_auto_assign="FALSE")
    assert set(desk.values("SELECT OwnerId FROM Account")) == {me}
    collect(desk, *(account(id=identity, Rating="Hot") for identity in ids))
    assert set(desk.values("SELECT OwnerId FROM Account")) != {me}


def test_the_amount_of_a_deal_with_products_is_theirs(desk: Desk) -> None:
    identity = desk.opportunity(Amount=5)
    desk.create("OpportunityLineItem", OpportunityId=identity, Quantity=2, UnitPrice=50, Discount=10)
    assert desk.patch(f"/sobjects/Opportunity/{identity}", {"Amount": 7}).status == 204
    read = desk.get(f"/sobjects/Opportunity/{identity}").json
    assert (read["Amount"], read["HasOpportunityLineItem"]) == (90.0, True)


def test_a_record_changed_since_is_not_changed_again(desk: Desk) -> None:
    identity = desk.create(Name="Alpha")
    stale, fresh = "Sun, 22 Nov 2026 08:00:00 GMT", "Sun, 22 Nov 2026 09:00:00 GMT"
    assert desk.patch(f"/sobjects/Account/{identity}", {"Site": "a"}, if_unmodified_since=stale).status == 412
    assert desk.patch(f"/sobjects/Account/{identity}", {"Site": "a"}, if_unmodified_since=fresh).status == 204


def test_a_composite_call_uses_what_an_earlier_one_answered(desk: Desk) -> None:
    root = "/services/data/v66.0"
    deal = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-12-01", "AccountId": "@{made.id}"}
    calls = [
        {"method": "POST", "url": f"{root}/sobjects/Account", "referenceId": "made", "body": {"Name": "Alpha"}},
        {"method": "POST", "url": f"{root}/sobjects/Opportunity", "referenceId": "deal", "body": deal},
        {"method": "GET", "url": f"{root}/sobjects/Account/@{{made.id}}?fields=Name", "referenceId": "read"},
        {"method": "GET", "url": f"{root}/sobjects/Account/@{{nobody.id}}", "referenceId": "lost"},
    ]
    found = desk.post("/composite", {"compositeRequest": calls}).json["compositeResponse"]
    assert [(one["referenceId"], one["httpStatusCode"]) for one in found] == [
        ("made", 201),
        ("deal", 201),
        ("read", 200),
        ("lost", 400),
    ]
    assert found[2]["body"]["Name"] == "Alpha"
    assert desk.values("SELECT Account.Name FROM Opportunity")[0]["Name"] == "Alpha"


def test_a_composite_call_with_all_or_none_leaves_nothing_behind(desk: Desk) -> None:
    url = "/services/data/v66.0/sobjects/Account"
    calls = [
        {"method": "POST", "url": url, "referenceId": "a", "body": {"Name": "Alpha"}},
        {"method": "POST", "url": url, "referenceId": "b", "body": {}},
    ]
    found = desk.post("/composite", {"allOrNone": True, "compositeRequest": calls}).json["compositeResponse"]
    assert [one["body"][0]["errorCode"] for one in found] == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING"]
    assert desk.rows("SELECT Id FROM Account") == []


def test_a_batch_does_each_call_for_itself_and_counts_each(desk: Desk) -> None:
    identity = desk.create(Name="Alpha")
    calls: list[dict[str, Any]] = [
        {"method": "PATCH", "url": f"v66.0/sobjects/Account/{identity}", "richInput": {"Name": "Beta"}},
        {"method": "GET", "url": "v66.0/sobjects/Account/001000000000000AAA"},
        {"method": "GET", "url": f"v66.0/sobjects/Account/{identity}?fields=Name"},
    ]
    used = desk.org.meter.used
    found = desk.post("/composite/batch", {"batchRequests": calls}).json
    assert found["hasErrors"]
    assert [one["statusCode"] for one in found["results"]] == [204, 404, 200]
    assert found["results"][2]["result"]["Name"] == "Beta"
    assert desk.org.meter.used - used == len(calls)
    halted = desk.post("/composite/batch", {"batchRequests": calls, "haltOnError": True}).json
    assert [one["statusCode"] for one in halted["results"]] == [204, 404, 412]
    assert desk.post("/composite/batch", {"batchRequests": calls * 9}).code == "LIMIT_EXCEEDED"


def test_a_graph_that_fails_leaves_nothing_behind_and_the_others_stand(desk: Desk) -> None:
    url = "/services/data/v66.0/sobjects/Account"
    good = {"method": "POST", "url": url, "referenceId": "a", "body": {"Name": "Alpha"}}
    bad = {"method": "POST", "url": url, "referenceId": "b", "body": {}}
    graphs = [{"graphId": "1", "compositeRequest": [good]}, {"graphId": "2", "compositeRequest": [good, bad]}]
    found = desk.post("/composite/graph", {"graphs": graphs}).json["graphs"]
    assert [(one["graphId"], one["isSuccessful"]) for one in found] == [("1", True), ("2", False)]
    assert len(desk.rows("SELECT Id FROM Account")) == 1
    assert desk.post("/composite/graph", {"graphs": graphs * 38}).code == "LIMIT_EXCEEDED"


def test_a_tree_is_made_with_its_children_or_not_at_all(desk: Desk) -> None:
    deal: dict[str, Any] = {"attributes": {"type": "Opportunity", "referenceId": "d"}, "Name": "Deal"}
    deal |= {"StageName": "Prospecting", "CloseDate": "2026-12-01"}
    root = {
        "attributes": {"type": "Account", "referenceId": "a"},
        "Name": "Alpha",
        "Opportunities": {"records": [deal]},
    }
    reply = desk.post("/composite/tree/Account", {"records": [root]})
    assert (reply.status, [one["referenceId"] for one in reply.json["results"]]) == (201, ["a", "d"])
    assert desk.values("SELECT Account.Name FROM Opportunity")[0]["Name"] == "Alpha"
    del deal["CloseDate"]
    refused = desk.post("/composite/tree/Account", {"records": [root]})
    assert (refused.status, refused.json["hasErrors"]) == (400, True)
    assert [(one["referenceId"], one["errors"][0]["statusCode"]) for one in refused.json["results"]] == [
        ("d", "REQUIRED_FIELD_MISSING")
    ]
    assert len(desk.rows("SELECT Id FROM Account")) == 1
    assert desk.post("/composite/tree/Account", {"records": []}).code == "INVALID_INPUT"


def test_a_describe_is_not_sent_again_until_a_definition_changes(desk: Desk) -> None:
    assert desk.get("/sobjects/Account/describe").status == 200
    later = format_datetime(desk.org.now() + timedelta(seconds=60), usegmt=True)
    asked = {"if_modified_since": later}
    assert desk.get("/sobjects/Account/describe", **asked).status == 304
    desk.time.seconds += 120
    desk.org.schema_version += 1
    assert desk.get("/sobjects/Account/describe", **asked).status == 200


def test_malformed_json_and_unknown_paths_are_refused(desk: Desk) -> None:
    assert desk.post("/sobjects/Account", b'{"Name": ').code == "JSON_PARSER_ERROR"
    assert desk.get("/sobjects/Nothing/describe").json == [
        {"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}
    ]
    assert desk.ask("PUT", "/sobjects/Account").code == "METHOD_NOT_ALLOWED"


def test_several_currencies_come_with_rates_and_conversion(desk: Desk) -> None:
    first = desk.opportunity(Amount=100)
    several_currencies(desk.org)
    add_currency(desk.org, "USD", 1.25)
    place(desk.org, "DatedConversionRate", {"IsoCode": "USD", "StartDate": "2026-01-01", "ConversionRate": 2.0})
    dollars = desk.opportunity(Amount=100, CurrencyIsoCode="USD")
    text = "SELECT Id, CurrencyIsoCode, convertCurrency(Amount) c FROM Opportunity ORDER BY Id"
    assert desk.rows(text) == [
        {"Id": first, "CurrencyIsoCode": "EUR", "c": 100.0},
        {"Id": dollars, "CurrencyIsoCode": "USD", "c": 80.0},
    ]
    assert desk.rows("SELECT SUM(Amount) s FROM Opportunity") == [{"s": 180.0}]
    desk.org.identity.dated_rates = True
    assert desk.values("SELECT convertCurrency(Amount) c FROM Opportunity ORDER BY Id") == [100.0, 50.0]
    stamp = desk.values("SELECT SystemModstamp FROM Opportunity ORDER BY Id")
    assert set(stamp) == {"2026-11-22T09:00:00.000+0000"}
    assert "CurrencyIsoCode" in {field["name"] for field in desk.get("/sobjects/Account/describe").json["fields"]}


def test_a_duplicate_rule_alerts_unless_the_header_lets_the_record_be_saved(desk: Desk) -> None:
    identity = desk.create(Name="Alpha")
    desk.org.rules.duplicates = [{"object": "Account", "field": "Name", "pattern": "Alpha"}]
    results = collect(desk, account(id=identity, Site="x"))
    assert results[0]["errors"] == [
        {"statusCode": "DUPLICATES_DETECTED", "message": "Use one of these records?", "fields": []}
    ]
    header = "allowSave=true; includeRecordDetails=false; runAsCurrentUser=true"
    assert codes(collect(desk, account(id=identity, Site="x"), sforce_duplicate_rule_header=header)) == [""]


def test_a_trigger_that_fails_is_told_with_its_own_code(desk: Desk) -> None:
    rule = {"object": "Account", "field": "Name", "pattern": "A", "code": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"}
    desk.org.rules.validations = [{**rule, "message": "AccountTrigger: execution of BeforeUpdate", "on": "update"}]
    identity = desk.create(Name="Alpha")
    assert desk.patch(f"/sobjects/Account/{identity}", {"Site": "x"}).code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"


def test_a_before_save_flow_changes_a_value_in_the_same_save_without_a_word(desk: Desk) -> None:
    identity = desk.create(Name="Alpha", Site="old")
    rule = {"object": "Account", "field": "Site", "pattern": "^x$", "on": "update", "set": {"Site": "FLOW"}}
    desk.org.rules.flows = [rule]
    assert codes(collect(desk, account(id=identity, Site="x"))) == [""]
    assert desk.values("SELECT Site FROM Account") == ["FLOW"]
    assert codes(collect(desk, account(id=identity, Site="y"))) == [""]
    assert desk.values("SELECT Site FROM Account") == ["y"]
