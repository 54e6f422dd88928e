"""Files become an org: where each field goes, what ids become, and that nothing is lost on the way back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from connector.model.fields import Table
from connector.sandbox.population import generate
from connector.sandbox.salesforce.files.loading import Loader
from connector.sandbox.salesforce.files.unloading import unload
from tests.contract.sandbox_salesforce.desk import Desk

if TYPE_CHECKING:
    from connector.sandbox.tables import Row, Tables

OWN = "0015g00000000ZZAAY"


def loaded(accounts: list[Row], deals: list[Row] | None = None, **more: list[Row]) -> Desk:
    desk = Desk()
    tables: Tables = {Table.ACCOUNTS: accounts, Table.DEALS: deals or []}
    Loader(desk.org, tables | {Table(name): rows for name, rows in more.items()}).load()
    return desk


def test_standard_fields_and_custom_fields_hold_the_columns() -> None:
    row = {
        "account_id": "a-1",
        "name": "Alpha",
        "employees": "50",
        "own_turnover": "1200000",
        "country": "Netherlands",
        "last_contact": "2026-11-01",
        "growth_potential": "high",
        "activity_code": "28.1",
        "reference_customer": "true",
        "nps": "9",
        "my_own": "kept",
        "created_at": "2025-01-02T03:04:05+01:00",
    }
    desk = loaded([row])
    text = """SELECT Name, NumberOfEmployees, AnnualRevenue, BillingCountry, LastActivityDate, Growth_Potential__c,
        Nace_Code__c, Reference_Customer__c, Nps__c, My_Own__c, External_Id__c, CreatedDate FROM Account"""
    assert list(desk.rows(text)[0].values()) == [
        *("Alpha", 50, 1200000.0, "Netherlands", "2026-11-01", "high", "28.1", True, 9.0, "kept", "a-1"),
        "2025-01-02T02:04:05.000+0000",
    ]


def test_an_id_of_salesforce_stays_and_any_other_is_minted() -> None:
    desk = loaded([{"account_id": OWN, "name": "Own"}, {"account_id": "77", "name": "Other", "parent_id": OWN}])
    rows = desk.rows("SELECT Id, External_Id__c, Parent.Name FROM Account ORDER BY Name DESC")
    assert (rows[0]["Id"], rows[0]["External_Id__c"]) == (OWN, None)
    assert rows[1]["Id"].startswith("001")
    assert (rows[1]["External_Id__c"], rows[1]["Parent"]["Name"]) == ("77", "Own")


def test_a_stage_says_what_the_row_says_even_where_one_text_means_two_things() -> None:
    deals = [
        {
            "deal_id": "1",
            "stage": "done",
            "is_won": "true",
            "is_closed": "true",
            "amount": "10",
            "close_date": "2026-01-01",
        },
        {"deal_id": "2", "stage": "done", "is_won": "false", "is_closed": "true", "close_date": "2026-01-01"},
        {"deal_id": "3", "stage": "talk", "is_won": "false", "is_closed": "false", "probability": "0.35"},
    ]
    desk = loaded([], deals)
    found = desk.rows("SELECT StageName, IsWon, IsClosed, Probability FROM Opportunity ORDER BY External_Id__c")
    assert [list(row.values()) for row in found] == [
        ["done", True, True, 100.0],
        ["done (lost)", False, True, 0.0],
        ["talk", False, False, 35.0],
    ]
    stages = desk.rows("SELECT ApiName, IsWon FROM OpportunityStage WHERE ApiName LIKE 'done%' ORDER BY ApiName")
    assert [row["IsWon"] for row in stages] == [True, False]


def test_a_pipeline_becomes_a_record_type_and_the_default_one_none() -> None:
    deals = [{"deal_id": "1", "pipeline": "Web shop"}, {"deal_id": "2", "pipeline": "default"}]
    found = loaded([], deals).rows("SELECT RecordType.DeveloperName FROM Opportunity ORDER BY External_Id__c")
    assert found[0]["RecordType"]["DeveloperName"] == "Web_shop"
    assert found[1]["RecordType"] is None


def test_one_currency_is_no_multi_currency_org_and_two_are() -> None:
    one = loaded([], [{"deal_id": "1", "currency": "EUR"}])
    assert one.query("SELECT CurrencyIsoCode FROM Opportunity").code == "INVALID_FIELD"
    rates = [
        {"currency": "USD", "valid_from": "2025-01-01", "rate": "0.5"},
        {"currency": "USD", "valid_from": "2026-01-01", "rate": "0.8"},
    ]
    deals = [
        {"deal_id": "1", "currency": "USD", "amount": "100", "close_date": "2025-05-05"},
        {"deal_id": "2", "currency": "XAU", "amount": "1"},
    ]
    two = loaded([], deals, currency_rates=rates)
    text = "SELECT CurrencyIsoCode, convertCurrency(Amount) c FROM Opportunity ORDER BY External_Id__c"
    assert [list(row.values()) for row in two.rows(text)] == [["USD", 50.0], ["XAU", None]]
    days = two.rows("SELECT StartDate, NextStartDate, ConversionRate FROM DatedConversionRate ORDER BY StartDate")
    assert [list(row.values()) for row in days] == [
        ["2025-01-01", "2026-01-01", 2.0],
        ["2026-01-01", "9999-12-31", 1.25],
    ]


def test_tickets_and_activities_belong_to_their_account() -> None:
    desk = loaded(
        [{"account_id": "1", "name": "Alpha"}],
        tickets=[
            {
                "ticket_id": "9",
                "account_id": "1",
                "created_at": "2026-01-01T10:00:00Z",
                "closed_at": "2026-01-02T10:00:00Z",
            }
        ],
        activities=[
            {
                "activity_id": "5",
                "account_id": "1",
                "kind": "call",
                "started_at": "2026-01-01T10:00:00Z",
                "minutes": "10",
            },
            {
                "activity_id": "6",
                "account_id": "1",
                "kind": "meeting",
                "started_at": "2026-01-01T10:00:00Z",
                "minutes": "30",
            },
        ],
    )
    assert desk.rows("SELECT IsClosed, ClosedDate FROM Case WHERE Account.Name = 'Alpha'") == [
        {"IsClosed": True, "ClosedDate": "2026-01-02T10:00:00.000+0000"}
    ]
    assert desk.values("SELECT CallDurationInSeconds FROM Task WHERE Account.Name = 'Alpha'") == [600]
    assert desk.rows("SELECT DurationInMinutes, EndDateTime FROM Event WHERE Account.Name = 'Alpha'") == [
        {"DurationInMinutes": 30, "EndDateTime": "2026-01-01T10:30:00.000+0000"}
    ]


def _same(given: str, found: str) -> bool:
    if given == found:
        return True
    try:
        return Decimal(given) == Decimal(found)
    except ArithmeticError:
        return found.startswith(given.replace("+00:00", ".000+0000"))


def test_a_made_up_book_comes_back_as_it_went_in() -> None:
    tables = generate(companies=80, as_of=date(2026, 11, 1))
    desk = Desk()
    Loader(desk.org, tables).load()
    back = unload(desk.org)
    for table in (Table.ACCOUNTS, Table.DEALS, Table.TICKETS):
        assert len(back[table]) == len(tables[table]) > 0
        for given, found in zip(tables[table], back[table], strict=True):
            wrong = {
                name: (value, found.get(name)) for name, value in given.items() if not _same(value, found.get(name, ""))
            }
            assert wrong == {}
    assert desk.rows("SELECT COUNT(Id) n FROM Account WHERE SystemModstamp > 2026-11-22T08:00:00Z") == [{"n": 0}]
