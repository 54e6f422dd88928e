"""Logical fields and HubSpot's properties: names, texts and definitions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.crm.hubspot import mapping, schema
from connector.crm.hubspot.mapping import FieldMap
from connector.crm.hubspot.provisioning import definitions
from connector.crm.hubspot.pulling.columns import Account, Columns, Stages
from connector.crm.texts import number, options
from connector.errors import BadAnswer
from connector.model.fields import Table, Type
from connector.model.outputs import Output


@pytest.mark.parametrize(
    ("table", "logical", "source"),
    [
        (Table.ACCOUNTS, "name", "name"),
        (Table.ACCOUNTS, "employees", "numberofemployees"),
        (Table.ACCOUNTS, "own_turnover", "annualrevenue"),
        (Table.ACCOUNTS, "activity_code", "nace_code"),
        (Table.ACCOUNTS, "referred_by", "referred_by_company_id"),
        (Table.ACCOUNTS, "growth_potential", "growth_potential"),
        (Table.ACCOUNTS, "seg_tier", "seg_tier"),
        (Table.DEALS, "name", "dealname"),
        (Table.DEALS, "home_amount", "amount_in_home_currency"),
        (Table.DEALS, "close_date", "closedate"),
        (Table.DEALS, "seg_account_tier", "seg_account_tier"),
        (Table.TICKETS, "closed_at", "closed_date"),
    ],
)
def test_a_logical_field_has_its_property(table: Table, logical: str, source: str) -> None:
    assert FieldMap().property(table, logical) == source


def test_a_setting_names_another_property_for_the_table_it_means() -> None:
    fields = FieldMap({"name": "trade_name", "deals.name": "deal_title", "stage": "my_stage", "seg_tier": "segment"})
    assert fields.property(Table.ACCOUNTS, "name") == "trade_name"
    assert fields.property(Table.DEALS, "name") == "deal_title"
    assert fields.property(Table.TICKETS, "name") == "name"
    assert fields.property(Table.DEALS, "stage") == "my_stage"
    assert fields.property(Table.ACCOUNTS, "seg_tier") == "segment"
    assert fields.property(Table.DEALS, "owner_id") == "hubspot_owner_id"


@pytest.mark.parametrize(
    ("text", "kind", "field_kind", "expected"),
    [
        ("12.50", "number", "", "12.5"),
        ("1200.00", "number", "", "1200"),
        ("1200", "number", "", "1200"),
        ("-0", "number", "", "0"),
        ("0.0", "number", "", "0"),
        ("1e3", "number", "", "1000"),
        ("0.000001", "number", "", "0.000001"),
        ("a;b;c", "number", "", "a;b;c"),
        ("NaN", "number", "", "NaN"),
        ("", "number", "", None),
        (None, "number", "", None),
        ("b;a;;b", "enumeration", "checkbox", "a;b"),
        (";", "enumeration", "checkbox", None),
        ("b;a", "enumeration", "select", "b;a"),
        ("1769904000000", "date", "", "2026-02-01"),
        ("2026-02-01", "date", "", "2026-02-01"),
        ("-86400000", "date", "", "1969-12-31"),
        ("1769904000123", "datetime", "", "2026-02-01T00:00:00.123Z"),
        ("2026-02-01T00:00:00Z", "datetime", "", "2026-02-01T00:00:00.000Z"),
        ("9" * 40, "datetime", "", "9" * 40),
        ("true", "bool", "", "true"),
        ("x", "json", "", "x"),
        ("a\r\nb\nc", "string", "textarea", "a\nb\nc"),
    ],
)
def test_a_text_becomes_canonical(text: str | None, kind: str, field_kind: str, expected: str | None) -> None:
    assert mapping.canonical(text, kind, field_kind) == expected


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12))
def test_a_canonical_number_is_the_same_number_and_canonical_already(value: Decimal) -> None:
    text = number(str(value))
    assert Decimal(text) == value
    assert number(text) == text


@given(st.sets(st.text("abcXYZ019_", min_size=1), min_size=1))
def test_options_do_not_depend_on_their_order(chosen: set[str]) -> None:
    listed = sorted(chosen)
    assert options(";".join(listed[::-1])) == options(";".join(listed)) == ";".join(listed)


# ── columns ──────────────────────────────────────────────────────────────────────────────────────


def record(number: int = 1, **properties: Any) -> dict[str, Any]:
    return {"id": str(number), "properties": properties}


def defined(*items: str | dict[str, Any]) -> dict[str, schema.Property]:
    made = [schema.parse(item if isinstance(item, dict) else {"name": item, "type": "string"}) for item in items]
    return {item.name: item for item in made}


def deals(*logical: str, known: dict[str, schema.Property] | None = None, account: Account | None = None) -> Columns:
    return Columns(
        Table.DEALS,
        ("deal_id", *logical),
        fields=FieldMap(),
        definitions=known,
        account=account or Account("EUR", "EUR"),
    )


def test_won_and_closed_come_from_the_computed_properties_else_from_the_stage() -> None:
    stages = Stages(frozenset({"won", "lost", "open"}), frozenset({"won", "lost"}), frozenset({"won"}))
    columns = deals("is_won", "is_closed", account=Account("EUR", "EUR", stages))
    records = [
        record(hs_is_closed_won="true", hs_is_closed="true", dealstage="open"),
        record(hs_is_closed_won=None, hs_is_closed="", dealstage="won"),
        record(dealstage="lost"),
        record(dealstage="open"),
        record(dealstage="unknown stage"),
        record(dealstage=None),
    ]
    built = columns.build(records)
    assert built["is_won"] == ["true", "true", "false", "false", None, None]
    assert built["is_closed"] == ["true", "true", "true", "false", None, None]
    assert "dealstage" in columns.properties


def test_a_portal_without_computed_properties_uses_its_pipelines_or_has_none() -> None:
    stages = Stages(frozenset({"won"}), frozenset({"won"}), frozenset({"won"}))
    assert deals("is_won", known=defined(), account=Account("EUR", "EUR", stages)).missing == frozenset()
    assert deals("is_won", known=defined()).missing == frozenset({"is_won"})


@pytest.mark.parametrize(
    ("mrr", "arr", "expected"),
    [
        ("10", None, "true"),
        (None, "0.5", "true"),
        ("0", "0", "false"),
        ("0", "12", "true"),
        (None, None, None),
        ("", None, None),
        ("a;b", None, None),
        ("a;b", "0", "false"),
        ("-5", None, "false"),
    ],
)
def test_a_deal_recurs_when_a_recurring_value_is_above_zero_and_unknown_is_not_zero(
    mrr: str | None, arr: str | None, expected: str | None
) -> None:
    assert deals("recurring").build([record(hs_mrr=mrr, hs_arr=arr)])["recurring"] == [expected]


def test_deal_types_become_new_and_existing_and_others_stay() -> None:
    records = [record(dealtype=kind) for kind in ("newbusiness", "existingbusiness", "renewal", "", None)]
    assert deals("deal_type").build(records)["deal_type"] == ["new", "existing", "renewal", None, None]


def test_a_setting_for_a_computed_field_takes_its_property_as_it_is() -> None:
    columns = Columns(
        Table.DEALS,
        ("deal_id", "recurring"),
        fields=FieldMap({"recurring": "is_subscription"}),
        definitions=defined("is_subscription"),
        account=Account("EUR", "EUR"),
    )
    assert columns.build([record(is_subscription="true")])["recurring"] == ["true"]


def test_dates_pass_as_iso_and_epoch_milliseconds_are_converted() -> None:
    known = defined({"name": "closedate", "type": "datetime"}, {"name": "createdate", "type": "datetime"})
    columns = deals("close_date", "created_at", known=known)
    built = columns.build([record(closedate="1769904000000", createdate="2026-01-01T00:00:00Z"), record()])
    assert built["close_date"] == ["2026-02-01T00:00:00.000Z", None]
    assert built["created_at"] == ["2026-01-01T00:00:00.000Z", None]


def test_a_date_property_stays_a_day() -> None:
    columns = Columns(
        Table.ACCOUNTS,
        ("account_id", "contract_end_date"),
        fields=FieldMap(),
        definitions=defined({"name": "contract_end_date", "type": "date"}),
        account=Account(),
    )
    assert columns.build([record(contract_end_date="1769904000000")])["contract_end_date"] == ["2026-02-01"]


def test_numbers_and_booleans_that_slip_into_an_answer_become_text_and_objects_do_not() -> None:
    columns = deals("name", "amount", "is_renewal", "close_date")
    odd = record(dealname=5, amount=12.5, is_renewal=False, closedate=1769904000000)
    built = columns.build([odd, record(dealname="x", amount="1", is_renewal=None, closedate=None)])
    assert built["name"] == ["5", "x"]
    assert built["amount"] == ["12.5", "1"]
    assert built["is_renewal"] == ["false", None]
    assert built["close_date"] == ["2026-02-01T00:00:00.000Z", None]
    with pytest.raises(BadAnswer, match="neither text nor number"):
        columns.build([record(dealname=["x"])])


def test_outputs_of_an_earlier_run_are_canonical() -> None:
    known = defined(
        {"name": "seg_revenue_12m", "type": "number"},
        {"name": "seg_signals", "type": "enumeration", "fieldType": "checkbox"},
        {"name": "seg_tier_since", "type": "date"},
        "seg_tier",
    )
    names = ("seg_revenue_12m", "seg_signals", "seg_tier_since", "seg_tier")
    columns = Columns(Table.ACCOUNTS, ("account_id", *names), fields=FieldMap(), definitions=known, account=Account())
    odd = record(seg_revenue_12m="12.50", seg_signals="b;a", seg_tier_since="1769904000000", seg_tier="large")
    assert columns.build([odd]) == {
        "account_id": ["1"],
        "seg_revenue_12m": ["12.5"],
        "seg_signals": ["a;b"],
        "seg_tier_since": ["2026-02-01"],
        "seg_tier": ["large"],
    }


# ── definitions ──────────────────────────────────────────────────────────────────────────────────

LABEL = {"en": "Tier", "nl": "Segment"}


@pytest.mark.parametrize(
    ("type_", "options", "expected"),
    [
        (Type.TEXT, {}, ("string", "text")),
        (Type.LONG_TEXT, {}, ("string", "textarea")),
        (Type.TEXT, {"a": {}}, ("enumeration", "select")),
        (Type.MULTI, {"a": {}}, ("enumeration", "checkbox")),
        (Type.BOOLEAN, {}, ("bool", "booleancheckbox")),
        (Type.NUMBER, {}, ("number", "number")),
        (Type.INTEGER, {}, ("number", "number")),
        (Type.PERCENT, {}, ("number", "number")),
        (Type.MONEY, {}, ("number", "number")),
        (Type.DATE, {}, ("date", "date")),
        (Type.TIMESTAMP, {}, ("datetime", "date")),
    ],
)
def test_a_type_has_its_kind_of_property(type_: Type, options: dict[str, Any], expected: tuple[str, str]) -> None:
    output = Output("seg_x", type_, LABEL, options)
    made = definitions.definition(output, "seg_x", "nl")
    assert (made["type"], made["fieldType"]) == expected
    assert made["label"] == "Segment"
    assert definitions.objection(output, schema.parse(made)) == ""
    assert definitions.missing_options(output, schema.parse(made)) == []


def test_option_labels_are_unique_whatever_the_texts() -> None:
    same = {"en": "Same"}
    output = Output("seg_x", Type.TEXT, LABEL, {"a": same, "b": same, "c": {}, "d": {"nl": "Zelfde"}})
    labels = [option["label"] for option in definitions.options(output, "en")]
    assert labels == ["Same", "Same (b)", "c", "Zelfde"]


@pytest.mark.parametrize(
    ("output", "found", "why"),
    [
        (Output("x", Type.MONEY, LABEL), {"type": "string"}, "it is of type string, needed is number"),
        (Output("x", Type.DATE, LABEL), {"type": "datetime"}, "it is of type datetime, needed is date"),
        (Output("x", Type.TEXT, LABEL), {"type": "string", "calculated": True}, "it is read-only"),
        (
            Output("x", Type.TEXT, LABEL),
            {"type": "string", "modificationMetadata": {"readOnlyValue": True}},
            "it is read-only",
        ),
        (
            Output("x", Type.MULTI, LABEL, {"a": {}}),
            {"type": "enumeration", "fieldType": "select"},
            "it takes one option only (select), needed is checkbox",
        ),
        (Output("x", Type.BOOLEAN, LABEL), {"type": "enumeration", "fieldType": "booleancheckbox"}, ""),
        (Output("x", Type.TEXT, LABEL, {"a": {}}), {"type": "enumeration", "fieldType": "radio"}, ""),
        (Output("x", Type.LONG_TEXT, LABEL), {"type": "string", "fieldType": "text"}, ""),
    ],
)
def test_a_property_of_another_kind_is_objected_to(output: Output, found: dict[str, Any], why: str) -> None:
    assert definitions.objection(output, schema.parse({"name": "x", **found})) == why
