import pytest

from connector.sandbox.hubspot.rest.reference import owner
from tests.contract.sandbox_hubspot.desk import Desk


def test_default_pipelines_tell_won_and_lost_by_texts(desk: Desk) -> None:
    [pipeline] = desk.get("/crm/v3/pipelines/deals").results
    told = {stage["id"]: stage["metadata"] for stage in pipeline["stages"]}
    assert pipeline["id"] == "default"
    assert told["closedwon"] == {"isClosed": "true", "probability": "1.0"}
    assert told["closedlost"] == {"isClosed": "true", "probability": "0.0"}
    assert told["contractsent"] == {"isClosed": "false", "probability": "0.9"}


def test_ticket_stages_tell_their_state(desk: Desk) -> None:
    [pipeline] = desk.get("/crm/pipelines/2026-09/tickets").results
    assert pipeline["id"] == "0"
    assert [stage["metadata"]["ticketState"] for stage in pipeline["stages"]] == ["OPEN", "OPEN", "OPEN", "CLOSED"]


def test_an_added_pipeline_decides_what_its_stages_mean(desk: Desk) -> None:
    stage = {"label": "Signed", "displayOrder": 0, "metadata": {"probability": "1.0"}}
    made = desk.post("/crm/v3/pipelines/deals", {"label": "Projects", "displayOrder": 1, "stages": [stage]})
    assert made.status == 201
    signed = made.json["stages"][0]["id"]
    assert signed.isdigit()
    deal = desk.create("deals", pipeline=made.json["id"], dealstage=signed)
    assert desk.value(deal, "hs_is_closed_won", "deals") == "true"
    assert (
        desk.post("/crm/v3/objects/deals", {"properties": {"pipeline": "default", "dealstage": signed}}).status == 400
    )


@pytest.mark.parametrize("path", ["/crm/v3/owners", "/crm/v3/owners/", "/crm/owners/2026-09"])
def test_owners_are_paged_with_and_without_a_trailing_slash(desk: Desk, path: str) -> None:
    desk.portal.owners = [owner(str(number), "A", "B") for number in range(1, 151)]
    first = desk.get(f"{path}?limit=100")
    assert len(first.results) == 100
    rest = desk.get(f"{path}?limit=100&after={first.json['paging']['next']['after']}")
    assert len({*first.ids, *rest.ids}) == 150
    assert "paging" not in rest.json


def test_an_archived_owner_is_listed_apart_and_has_no_user(desk: Desk) -> None:
    desk.portal.owners = [owner("1", "A", "B"), owner("2", "C", "D", archived=True)]
    assert desk.get("/crm/v3/owners").ids == ["1"]
    [gone] = desk.get("/crm/v3/owners?archived=true").results
    assert (gone["id"], gone["userId"]) == ("2", None)
    assert gone["userIdIncludingInactive"] is not None


def test_an_owner_is_found_by_mail_and_by_id(desk: Desk) -> None:
    desk.portal.owners = [owner("1", "A", "B", email="a@example.com"), owner("2", "C", "D")]
    assert desk.get("/crm/v3/owners?email=a@example.com").ids == ["1"]
    assert desk.get("/crm/v3/owners/1").json["email"] == "a@example.com"
    assert desk.get("/crm/v3/owners/404").status == 404


def test_account_details_tell_portal_time_zone_and_currency(desk: Desk) -> None:
    told = desk.get("/account-info/v3/details").json
    assert told == desk.get("/account-info/2026-09/details").json
    assert (told["timeZone"], told["utcOffset"], told["utcOffsetMilliseconds"]) == (
        "Europe/Amsterdam",
        "+01:00",
        3_600_000,
    )
    assert (told["companyCurrency"], told["portalId"]) == ("EUR", 147930284)


def test_usage_counts_the_calls_of_the_day_and_tells_when_it_starts_anew(desk: Desk) -> None:
    desk.get("/crm/v3/owners")
    [usage] = desk.get("/account-info/v3/api-usage/daily/private-apps").results
    assert usage["currentUsage"] == 2
    assert usage["resetsAt"] == "2026-11-22T23:00:00Z", "midnight in Amsterdam"
    desk.time.seconds += 15 * 3600
    assert desk.get("/account-info/v3/api-usage/daily/private-apps").results[0]["currentUsage"] == 1


def test_exchange_rates_are_the_latest_that_hold(desk: Desk) -> None:
    rates = (("1", "0.9", "2025-01-01"), ("2", "0.8", "2026-01-01"), ("3", "0.7", "2027-01-01"))
    desk.portal.rates = [
        {"id": i, "fromCurrencyCode": "USD", "toCurrencyCode": "EUR", "rate": rate, "effectiveAt": f"{day}T00:00:00Z"}
        for i, rate, day in rates
    ]
    [current] = desk.get("/settings/v3/currencies/exchange-rates/current").results
    assert current["conversionRate"] == 0.8
    assert len(desk.get("/settings/currencies/2026-09/exchange-rates").results) == 3


def test_a_rate_added_lets_deals_be_in_its_currency(desk: Desk) -> None:
    rate = {"fromCurrencyCode": "USD", "conversionRate": 0.9, "effectiveAt": "2026-01-01T00:00:00Z"}
    assert desk.post("/crm/v3/objects/deals", {"properties": {"deal_currency_code": "USD"}}).status == 400
    assert desk.post("/settings/v3/currencies/exchange-rates", rate).status == 201
    deal = desk.create("deals", amount="200", deal_currency_code="USD", closedate="2026-03-01")
    assert desk.value(deal, "amount_in_home_currency", "deals") == "180"
    assert desk.get("/account-info/v3/details").json["additionalCurrencies"] == ["USD"]


def test_record_limits_count_the_records(desk: Desk) -> None:
    desk.companies(3)
    counts = desk.get("/crm/v3/limits/records").json["hubspotDefinedObjectTypes"]
    assert {found["objectTypeId"]: found["usage"] for found in counts}["0-2"] == 3


def test_a_method_a_path_does_not_have_is_405(desk: Desk) -> None:
    assert desk.ask("PUT", "/crm/v3/owners").status == 405
