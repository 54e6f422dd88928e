import pytest

from tests.contract.sandbox_hubspot.desk import Desk

COMPANIES = "/crm/v3/objects/companies"
LETTERS = [{"label": letter, "value": letter} for letter in "ABC"]


def code(desk: Desk, name: str, value: object, kind: str = "companies") -> str:
    reply = desk.post(f"/crm/v3/objects/{kind}", {"properties": {name: value}})
    assert reply.status == 400, reply.json
    assert reply.json["category"] == "VALIDATION_ERROR"
    [error] = reply.json["errors"]
    assert error["context"] == {"propertyName": [name]}
    return str(error["code"])


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("no_such_name", "x", "PROPERTY_DOESNT_EXIST"),
        ("type", "prospect", "INVALID_OPTION"),
        ("is_public", "maybe", "INVALID_OPTION"),
        ("numberofemployees", "1,200", "INVALID_DOUBLE"),
        ("numberofemployees", "1e5", "INVALID_DOUBLE"),
        ("closedate", "last week", "INVALID_DATE"),
        ("hs_object_id", "1", "READ_ONLY_VALUE"),
        ("num_associated_deals", "1", "READ_ONLY_VALUE"),
        ("createdate", "2020-01-01T00:00:00Z", "READ_ONLY_VALUE"),
        ("hubspot_owner_id", "404", "INVALID_OWNER_ID"),
        ("name", "x" * 65_537, "INVALID_STRING"),
    ],
)
def test_a_value_its_definition_does_not_allow_is_refused(desk: Desk, name: str, value: str, expected: str) -> None:
    assert code(desk, name, value) == expected


def test_a_stage_of_no_pipeline_is_refused_with_the_valid_ones(desk: Desk) -> None:
    reply = desk.post("/crm/v3/objects/deals", {"properties": {"dealstage": "registered"}})
    assert reply.json["errors"][0]["code"] == "INVALID_OPTION"
    expected = "registered is not a valid pipeline stage ID. Valid options are: pipelineId=default : [appointment"
    assert reply.json["errors"][0]["message"].startswith(expected)


def test_a_refusal_embeds_one_problem_per_record_and_names_no_record(desk: Desk) -> None:
    one, two = desk.companies(2)
    inputs = [{"id": one, "properties": {"nme": "x"}}, {"id": two, "properties": {"nme": "y"}}]
    reply = desk.post(f"{COMPANIES}/batch/update", {"inputs": inputs})
    assert reply.json["message"].startswith('Property values were not valid: [{"isValid":false,')
    assert len(reply.json["errors"]) == 2
    assert one not in str(reply.json)


def test_an_empty_text_clears_a_value(desk: Desk) -> None:
    made = desk.create(name="Alpha", country="Belgium")
    desk.patch(f"{COMPANIES}/{made}", {"properties": {"country": ""}})
    assert desk.value(made, "country") is None


@pytest.mark.parametrize(("clears", "left"), [(True, None), (False, "Belgium")])
def test_null_clears_or_is_ignored_by_switch(desk: Desk, *, clears: bool, left: str | None) -> None:
    desk.portal.switches.null_clears = clears
    made = desk.create(name="Alpha", country="Belgium")
    desk.patch(f"{COMPANIES}/{made}", {"properties": {"country": None}})
    assert desk.value(made, "country") == left


def test_a_leading_semicolon_appends_to_several_options(desk: Desk) -> None:
    desk.define("letters", type="enumeration", fieldType="checkbox", options=LETTERS)
    made = desk.create(letters="A;B")
    desk.patch(f"{COMPANIES}/{made}", {"properties": {"letters": ";C"}})
    assert desk.value(made, "letters") == "A;B;C"
    desk.patch(f"{COMPANIES}/{made}", {"properties": {"letters": "C"}})
    assert desk.value(made, "letters") == "C"
    assert code(desk, "letters", "A;D") == "INVALID_OPTION"


def test_options_are_told_in_the_refusal(desk: Desk) -> None:
    desk.define("tier", type="enumeration", fieldType="select", options=LETTERS)
    reply = desk.post(COMPANIES, {"properties": {"tier": "Gold"}})
    assert reply.json["errors"][0]["message"] == "Gold was not one of the allowed options: [A, B, C]"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026-03-01T10:30:00.250+02:00", "2026-03-01T08:30:00.250Z"),
        ("2026-03-01T10:30:00Z", "2026-03-01T10:30:00Z"),
        ("1772360400000", "2026-03-01T10:20:00Z"),
        (1772360400000, "2026-03-01T10:20:00Z"),
        ("2026-03-01", "2026-03-01T00:00:00Z"),
    ],
)
def test_an_instant_is_kept_as_utc_text(desk: Desk, sent: object, kept: str) -> None:
    made = desk.create("deals", closedate=sent)
    assert desk.value(made, "closedate", "deals") == kept


@pytest.mark.parametrize(("sent", "kept"), [("2026-03-01", "2026-03-01"), ("1772323200000", "2026-03-01")])
def test_a_date_is_kept_as_a_day(desk: Desk, sent: str, kept: str) -> None:
    desk.define("since", type="date", fieldType="date")
    assert desk.value(desk.create(since=sent), "since") == kept


@pytest.mark.parametrize("sent", ["1772323200001", "2026-02-30", "2026-03-01T10:00:00Z", "soon"])
def test_a_date_that_is_no_midnight_is_refused(desk: Desk, sent: str) -> None:
    desk.define("since", type="date", fieldType="date")
    assert code(desk, "since", sent) == "INVALID_DATE"


def test_the_lifecycle_stage_only_moves_forward_until_it_is_cleared(desk: Desk) -> None:
    made = desk.create(lifecyclestage="customer")
    for sent, kept in (("lead", "customer"), ("", None), ("lead", "lead")):
        desk.patch(f"{COMPANIES}/{made}", {"properties": {"lifecyclestage": sent}})
        assert desk.value(made, "lifecyclestage") == kept


@pytest.mark.parametrize(
    ("currency", "closed", "home"),
    [("EUR", "2026-03-01", "100"), ("", "2026-03-01", "100"), ("USD", "2026-03-01", "90"), ("USD", "2024-03-01", None)],
)
def test_an_amount_is_converted_at_the_rate_of_its_close_date(
    desk: Desk, currency: str, closed: str, home: str | None
) -> None:
    desk.portal.rates = [{"fromCurrencyCode": "USD", "rate": "0.9", "effectiveAt": "2025-01-01T00:00:00Z"}]
    desk.patch("/crm/v3/properties/deals/deal_currency_code", {"options": [*_codes("EUR", "USD")]})
    made = desk.create("deals", amount="100", closedate=closed, deal_currency_code=currency)
    assert desk.value(made, "amount_in_home_currency", "deals") == home


def _codes(*values: str) -> list[dict[str, str]]:
    return [{"label": value, "value": value} for value in values]
