"""Where Salesforce keeps what, and how its values become canonical text and back."""

from __future__ import annotations

from typing import Any

import pytest

from connector.crm.meaning import Meaning
from connector.crm.salesforce import mapping, soql, values
from connector.crm.salesforce.mapping import FieldMap, default_name
from connector.crm.salesforce.provisioning import definitions
from connector.crm.salesforce.pulling.columns import Columns, Situation
from connector.crm.salesforce.pulling.sources import SOURCES
from connector.crm.salesforce.schema import Entity, Property
from connector.crm.salesforce.session.answers import meaning
from connector.crm.transport import Answer
from connector.model.fields import Table, Type
from connector.model.outputs import Output


@pytest.mark.parametrize(
    ("logical", "name"),
    [
        ("growth_potential", "Growth_Potential__c"),
        ("seg_revenue_12m", "Seg_Revenue_12m__c"),
        ("nps", "Nps__c"),
        ("seg_tier", "Seg_Tier__c"),
    ],
)
def test_a_field_without_a_row_of_its_own_has_the_default_name(logical: str, name: str) -> None:
    assert default_name(logical) == name
    assert FieldMap().candidates(Table.ACCOUNTS, logical) == (name,)


def test_a_setting_names_another_field_and_only_that_one() -> None:
    fields = FieldMap({"pain_fit": "Pijn__c", "deals.amount": "Netto__c", "activity_code": "Sic"})
    assert fields.candidates(Table.ACCOUNTS, "pain_fit") == ("Pijn__c",)
    assert fields.candidates(Table.DEALS, "amount") == ("Netto__c",)
    assert fields.candidates(Table.ACCOUNTS, "activity_code") == ("Sic",)
    assert fields.candidates(Table.ACCOUNTS, "own_turnover") == ("AnnualRevenue",)


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, "string", None),
        ("", "string", None),
        (True, "boolean", "true"),
        (False, "boolean", "false"),
        (12.50, "currency", "12.5"),
        (1e7, "double", "10000000"),
        (-0.0, "double", "0"),
        ("b;a;b", "multipicklist", "a;b"),
        ("2026-03-04T10:11:12.000+0000", "datetime", "2026-03-04T10:11:12.000Z"),
        ("2026-03-04", "date", "2026-03-04"),
    ],
)
def test_a_value_becomes_canonical_text(value: Any, kind: str, text: str | None) -> None:
    assert values.canonical(value, kind) == text


def test_an_unticked_checkbox_of_ours_is_an_empty_one_and_none_unticks() -> None:
    assert values.of_ours(value=False, kind="boolean") is None
    assert values.of_ours(value=True, kind="boolean") == "true"
    assert values.to_json(None, "boolean") is False
    assert values.to_csv(None, "boolean") == "false"
    assert values.to_csv(None, "string") == "#N/A"


@pytest.mark.parametrize(("text", "sent"), [("12", 12), ("12.5", 12.5), ("123456789012345678", 123456789012345678)])
def test_a_number_goes_as_a_number(text: str, sent: object) -> None:
    assert values.to_json(text, "double") == sent


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("001D000000IqhSL", "001D000000IqhSLIAZ"),
        ("001D000000IqhSLIAZ", "001D000000IqhSLIAZ"),
        ("001xx000003DGb1", "001xx000003DGb1AAG"),
        ("101", "101"),
    ],
)
def test_an_id_of_fifteen_characters_gets_its_three(short: str, full: str) -> None:
    assert soql.full_id(short) == full


def test_a_quote_in_a_text_literal_does_not_end_it() -> None:
    assert soql.any_of(["O'Brien"]) == r"('O\'Brien')"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("New Business", "new"),
        ("Existing Customer - Upgrade", "existing"),
        ("Renewal", "existing"),
        ("New Renewal", "existing"),
        ("Partner", "Partner"),
    ],
)
def test_an_opportunity_type_says_new_or_existing(text: str, wanted: str) -> None:
    assert mapping.deal_type(text) == wanted


def answer(status: int, code: str, message: str) -> Answer:
    return Answer(status, {}, f'[{{"errorCode":"{code}","message":"{message}"}}]'.encode())


@pytest.mark.parametrize(
    ("status", "code", "message", "meant"),
    [
        (401, "INVALID_SESSION_ID", "Session expired or invalid", Meaning.EXPIRED),
        (401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API", Meaning.UNAUTHORISED),
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", Meaning.DAY_USED),
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.", Meaning.AGAIN),
        (403, "INSUFFICIENT_ACCESS", "no", Meaning.FORBIDDEN),
        (400, "INVALID_FIELD", "No such column", Meaning.REFUSED),
        (400, "SERVER_UNAVAILABLE", "x", Meaning.AGAIN),
        (410, "GONE", "x", Meaning.RETIRED),
        (503, "x", "x", Meaning.AGAIN),
    ],
)
def test_an_answer_is_sorted_by_what_happens_next(status: int, code: str, message: str, meant: Meaning) -> None:
    assert meaning(answer(status, code, message)) is meant


def columns(*known: Property, exclude: bool = True) -> Columns:
    fields = {one.name.lower(): one for one in (Property("Id", "id"), *known)}
    return Columns(
        SOURCES[Table.ACCOUNTS][0],
        ("account_id", "seg_exclude", "growth_potential"),
        entity=Entity("Account", fields),
        fields=FieldMap(),
        situation=Situation(exclude_persons=exclude),
    )


PERSON = Property("IsPersonAccount", "boolean")
EXCLUDE = Property("SEG_EXCLUDE__C", "boolean")
ROWS = [
    {"Id": "a", "IsPersonAccount": True, "SEG_EXCLUDE__C": False},
    {"Id": "b", "IsPersonAccount": False, "SEG_EXCLUDE__C": True},
    {"Id": "c", "IsPersonAccount": False, "SEG_EXCLUDE__C": False},
]


def test_people_are_left_out_unless_the_settings_include_them() -> None:
    assert columns(PERSON, EXCLUDE).of_records(ROWS)["seg_exclude"] == ["true", "true", "false"]
    assert columns(PERSON).of_records(ROWS)["seg_exclude"] == ["true", None, None]
    assert columns(PERSON, EXCLUDE, exclude=False).of_records(ROWS)["seg_exclude"] == ["false", "true", "false"]
    assert columns(PERSON, exclude=False).missing == frozenset({"seg_exclude", "growth_potential"})


def test_field_names_are_compared_without_case() -> None:
    found = columns(Property("GROWTH_potential__C", "picklist"))
    assert "growth_potential" in found.names
    assert "GROWTH_potential__C" in found.expressions


@pytest.mark.parametrize("kind", ["double", "currency", "percent"])
def test_a_number_field_that_rounds_our_value_cannot_hold_it(kind: str) -> None:
    money = Output("seg_revenue_12m", Type.MONEY, {"en": "Revenue"})
    assert definitions.objection(money, Property("Seg_Revenue_12m__c", kind, precision=18, scale=2)) == ""
    told = definitions.objection(money, Property("Seg_Revenue_12m__c", kind, precision=18, scale=0))
    assert told == "it keeps 0 decimals, needed are 2"
