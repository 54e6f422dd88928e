"""Which columns are told as a misspelling of a field, and which are columns of their own."""

from __future__ import annotations

from itertools import permutations

import pytest

from connector.engine.tables.spelling import misspells
from connector.model.fields import CATALOGUE

NAMES = sorted({field.name for fields in CATALOGUE.values() for field in fields})


@pytest.mark.parametrize(
    ("column", "name"),
    [
        pytest.param("emplyoees", "employees", id="letters-changed-places"),
        pytest.param("close_daet", "close_date", id="letters-changed-places-in-one-word"),
        pytest.param("account_di", "account_id", id="letters-changed-places-in-a-short-word"),
        pytest.param("tpye", "type", id="letters-changed-places-in-a-short-name"),
        pytest.param("reference_costumer", "reference_customer", id="letters-further-apart-changed-places"),
        pytest.param("valid_form", "valid_from", id="letters-changed-places-to-a-word"),
        pytest.param("employes", "employees", id="one-of-two-dropped"),
        pytest.param("acount_id", "account_id", id="dropped"),
        pytest.param("contry", "country", id="dropped-inside"),
        pytest.param("mployees", "employees", id="first-dropped"),
        pytest.param("create_at", "created_at", id="last-dropped"),
        pytest.param("close_dte", "close_date", id="dropped-from-a-short-word"),
        pytest.param("curent_suplier", "current_supplier", id="dropped-from-both-words"),
        pytest.param("ammount", "amount", id="doubled"),
        pytest.param("is_wonn", "is_won", id="doubled-in-a-short-word"),
        pytest.param("industrry", "industry", id="doubled-inside"),
        pytest.param("discopunt_pct", "discount_pct", id="one-too-many"),
        pytest.param("revanue", "revenue", id="a-vowel-for-a-vowel"),
        pytest.param("catagory", "category", id="another-vowel"),
        pytest.param("probanility", "probability", id="a-key-beside-it"),
        pytest.param("employee", "employees", id="singular"),
        pytest.param("deal_types", "deal_type", id="plural"),
        pytest.param("countries", "country", id="plural-in-ies"),
        pytest.param("lead_statuses", "lead_status", id="plural-in-es"),
        pytest.param("Employees", "employees", id="capital"),
        pytest.param("CLOSE_DATE", "close_date", id="capitals"),
        pytest.param("closeDate", "close_date", id="camel"),
        pytest.param("OwnerID", "owner_id", id="camel-with-capitals"),
        pytest.param("close date", "close_date", id="space"),
        pytest.param("close-date", "close_date", id="dash"),
        pytest.param("closedate", "close_date", id="run-together"),
        pytest.param("CLOSEDAET", "close_date", id="run-together-with-a-slip"),
        pytest.param("know_how_index", "knowhow_index", id="taken-apart"),
        pytest.param("sm_cost_12_m", "sm_cost_12m", id="figure-taken-apart"),
        pytest.param("Sercive hours 12m", "service_hours_12m", id="several-at-once"),
    ],
)
def test_a_slip_of_typing_is_told_with_the_field_that_was_meant(column: str, name: str) -> None:
    assert misspells(column, name)


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("created_by", "created_at"),
        ("closed_by", "closed_at"),
        ("updated_at", "created_at"),
        ("closed_date", "close_date"),
        ("cloned_at", "closed_at"),
        ("starred_at", "started_at"),
        ("county", "country"),
        ("last_contract", "last_contact"),
        ("lastcontract", "last_contact"),
        ("contact_end_date", "contract_end_date"),
        ("contract_send_date", "contract_end_date"),
        ("sm_cost_24m", "sm_cost_12m"),
        ("sm_cost_2m", "sm_cost_12m"),
        ("invoiced_revenue_3m", "invoiced_revenue_12m"),
        ("lead_id", "deal_id"),
        ("lead_source", "lead_status"),
        ("is_own", "is_won"),
        ("is_lost", "is_won"),
        ("paid_fit", "pain_fit"),
        ("preferred_by", "referred_by"),
        ("preference_customer", "reference_customer"),
        ("invoice_disputes", "invoice_disputed"),
        ("quote_rejected_at", "quote_requested_at"),
        ("state", "stage"),
        ("date", "rate"),
        ("name2", "name"),
        ("name_2", "name"),
        ("nps_score", "nps"),
        ("net_margin_pct", "gross_margin_pct"),
        ("discount_abs", "discount_pct"),
        ("quota", "quote"),
        ("nbr", "nps"),
        ("headcount", "employees"),
        ("--", "name"),
    ],
)
def test_a_column_of_its_own_is_not_told_as_a_misspelling(column: str, name: str) -> None:
    assert not misspells(column, name)


def test_no_field_is_told_as_a_misspelling_of_another() -> None:
    assert [pair for pair in permutations(NAMES, 2) if misspells(*pair)] == []
    assert all(misspells(name, name) for name in NAMES)


def test_a_name_however_long_is_looked_at_in_no_time() -> None:
    assert not any(misspells("ss" * 50_000, name) for name in NAMES)
