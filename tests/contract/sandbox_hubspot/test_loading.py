"""What files say is what the account holds, and reading it back gives the files."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector.errors import UsageError
from connector.model.fields import Table
from connector.sandbox.hubspot.account.portal import Portal
from connector.sandbox.hubspot.files.loading import load
from connector.sandbox.hubspot.files.unloading import unload
from connector.sandbox.population import generate
from connector.sandbox.tables import read_tables, write_tables
from tests.contract.sandbox_hubspot.desk import Desk

if TYPE_CHECKING:
    from pathlib import Path

    from connector.sandbox.tables import Row, Tables


def loaded(accounts: list[Row], deals: list[Row], **more: list[Row]) -> Desk:
    desk = Desk()
    load(desk.portal, {Table.ACCOUNTS: accounts, Table.DEALS: deals, **{Table(k): v for k, v in more.items()}})
    return desk


def test_a_population_loaded_and_read_back_is_the_same() -> None:
    tables = generate(companies=120, as_of=date(2026, 11, 1))
    portal = Portal(now=lambda: datetime(2026, 11, 22, tzinfo=UTC))
    load(portal, tables)
    back = unload(portal)
    for table, key in ((Table.ACCOUNTS, "account_id"), (Table.DEALS, "deal_id"), (Table.TICKETS, "ticket_id")):
        assert {row[key]: _plain(row) for row in back[table]} == {row[key]: _plain(row) for row in tables[table]}


def _plain(row: Row) -> Row:
    # An instant has several texts; which conversion the vendor makes of an amount is another test's matter.
    stamps = {name: str(datetime.fromisoformat(row[name])) for name in ("created_at", "closed_at") if name in row}
    return {name: value for name, value in (row | stamps).items() if name != "home_amount"}


def test_ids_of_digits_stay_and_others_are_minted_and_kept() -> None:
    desk = loaded(
        [{"account_id": "17", "name": "A"}, {"account_id": "ACME", "name": "B", "parent_id": "17"}],
        [{"deal_id": "SO-1", "account_id": "ACME", "is_won": "true", "is_closed": "true"}],
    )
    shown = desk.get("/crm/v3/objects/companies?properties=external_id,hs_parent_company_id").results
    assert shown[0]["id"] == "17"
    assert len(shown[1]["id"]) == 12
    assert shown[1]["properties"]["external_id"] == "ACME"
    assert shown[1]["properties"]["hs_parent_company_id"] == "17"
    assert [row["account_id"] for row in unload(desk.portal)[Table.ACCOUNTS]] == ["17", "ACME"]
    [deal] = unload(desk.portal)[Table.DEALS]
    assert (deal["deal_id"], deal["account_id"]) == ("SO-1", "ACME")


def test_an_account_of_a_deal_is_its_primary_company() -> None:
    desk = loaded([{"account_id": "17"}], [{"deal_id": "5", "account_id": "17"}, {"deal_id": "6"}])
    asked = {"inputs": [{"id": "5"}, {"id": "6"}]}
    reply = desk.post("/crm/v4/associations/deals/companies/batch/read", asked)
    [result] = reply.results
    assert [kind["typeId"] for kind in result["to"][0]["associationTypes"]] == [341, 5]
    assert reply.json["numErrors"] == 1
    assert desk.value("5", "hs_primary_associated_company", "deals") == "17"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"stage": "closedwon", "is_won": "true", "is_closed": "true"}, ("closedwon", "true", "true")),
        ({"stage": "Signed", "is_won": "true", "is_closed": "true"}, ("Signed", "true", "true")),
        ({"stage": "Dropped", "is_won": "false", "is_closed": "true"}, ("Dropped", "false", "true")),
        ({"stage": "Quote", "is_won": "false", "is_closed": "false"}, ("Quote", "false", "false")),
        ({"is_won": "true"}, ("closedwon", "true", "true")),
        ({"is_closed": "true"}, ("closedlost", "false", "true")),
        ({}, ("appointmentscheduled", "false", "false")),
    ],
)
def test_a_stage_says_of_a_deal_what_its_row_says(row: Row, expected: tuple[str, str, str]) -> None:
    desk = loaded([{"account_id": "1"}], [{"deal_id": "5", "account_id": "1", **row}])
    names = ("dealstage", "hs_is_closed_won", "hs_is_closed")
    assert tuple(desk.value("5", name, "deals") for name in names) == expected


def test_one_stage_name_with_two_outcomes_becomes_two_stages() -> None:
    won = {"deal_id": "5", "stage": "Done", "is_won": "true", "is_closed": "true"}
    lost = {"deal_id": "6", "stage": "Done", "is_won": "false", "is_closed": "true"}
    desk = loaded([{"account_id": "1"}], [won, lost])
    assert [desk.value(deal, "hs_is_closed_won", "deals") for deal in ("5", "6")] == ["true", "false"]
    assert desk.value("5", "dealstage", "deals") != desk.value("6", "dealstage", "deals")


def test_every_stage_of_a_loaded_deal_is_in_its_pipeline() -> None:
    rows = [{"deal_id": str(n), "pipeline": p, "stage": "won"} for n, p in enumerate(("Projects", "Service"), 1)]
    desk = loaded([{"account_id": "1"}], rows)
    pipelines = {p["id"]: {s["id"] for s in p["stages"]} for p in desk.get("/crm/v3/pipelines/deals").results}
    for deal in ("1", "2"):
        assert desk.value(deal, "dealstage", "deals") in pipelines[str(desk.value(deal, "pipeline", "deals"))]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("2026-03-31", "2026-03-31T12:00:00Z"), ("2026-03-31T23:30:00-02:00", "2026-04-01T01:30:00Z"), ("?", "?")],
)
def test_a_close_date_becomes_noon_and_a_close_time_stays(given: str, kept: str) -> None:
    desk = loaded([{"account_id": "1"}], [{"deal_id": "5", "close_date": given}])
    assert desk.value("5", "closedate", "deals") == kept


def test_custom_columns_and_typed_fields_get_definitions_that_fit() -> None:
    row = {"account_id": "1", "colour": "red", "pain_fit": "high", "gross_margin_pct": "12.5", "pilot_customer": "true"}
    desk = loaded([{**row, "contract_end_date": "2027-01-01", "certifications": "ISO 9001;ISO 14001"}], [])
    kinds = {}
    for prop in desk.get("/crm/v3/properties/companies").results:
        kinds[prop["name"]] = (prop["type"], prop["fieldType"])
    assert kinds["colour"] == ("string", "text")
    assert kinds["pain_fit"] == ("enumeration", "select")
    assert kinds["gross_margin_pct"] == ("number", "number")
    assert kinds["pilot_customer"] == ("bool", "booleancheckbox")
    assert kinds["contract_end_date"] == ("date", "date")
    assert kinds["certifications"] == ("string", "text")
    back = {**row, "certifications": "ISO 9001;ISO 14001"}
    assert desk.patch("/crm/v3/objects/companies/1", {"properties": _writable(back)}).status == 200


def _writable(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "account_id"}


def test_outputs_of_an_earlier_run_keep_their_types() -> None:
    row = {"account_id": "1", "seg_tier": "large", "seg_say_no": "true", "seg_signals": "N1;N2", "seg_revenue_12m": "1"}
    desk = loaded([row], [])
    found = {p["name"]: p for p in desk.get("/crm/v3/properties/companies").results if p["name"].startswith("seg_")}
    assert {name: p["type"] for name, p in found.items()} == {
        "seg_tier": "enumeration",
        "seg_say_no": "bool",
        "seg_signals": "enumeration",
        "seg_revenue_12m": "number",
    }
    assert {p["groupName"] for p in found.values()} == {"seg_customer_segmentation"}


def test_a_partner_in_any_spelling_is_the_vendors_option() -> None:
    desk = loaded([{"account_id": "1", "type": "partner"}, {"account_id": "2", "type": "Own company"}], [])
    assert [desk.value(identity, "type") for identity in ("1", "2")] == ["PARTNER", "Own company"]
    options = {o["value"] for o in desk.get("/crm/v3/properties/companies/type").json["options"]}
    assert "Own company" in options


def test_amounts_are_kept_to_the_letter_also_wrong_ones() -> None:
    deals: list[Row] = [{"deal_id": str(n), "amount": a} for n, a in enumerate(("12,5", "1e5", "1000.00"), 1)]
    desk = loaded([{"account_id": "1"}], deals)
    assert [desk.value(str(n), "amount", "deals") for n in (1, 2, 3)] == ["12,5", "1e5", "1000.00"]


def test_rates_become_exchange_rates_and_convert_at_the_close_date() -> None:
    desk = loaded(
        [{"account_id": "1"}],
        [{"deal_id": "5", "amount": "100.10", "currency": "USD", "close_date": "2026-03-01"}],
        currency_rates=[{"currency": "USD", "valid_from": "2026-01-01", "rate": "0.915"}],
    )
    assert desk.value("5", "amount_in_home_currency", "deals") == "91.5915"
    assert desk.get("/account-info/v3/details").json["additionalCurrencies"] == ["USD"]


def test_ids_merged_before_lead_to_the_account() -> None:
    desk = loaded([{"account_id": "7", "name": "A", "merged_ids": "5;6"}], [])
    assert [desk.get(f"/crm/v3/objects/companies/{old}").json["id"] for old in (5, 6)] == ["7", "7"]
    assert desk.value("7", "hs_merged_object_ids") == "5;6"


def test_an_empty_table_keeps_its_columns(tmp_path: Path) -> None:
    write_tables({Table.TICKETS: []}, tmp_path)
    assert (tmp_path / "tickets.csv").read_text(encoding="utf-8").startswith("ticket_id,account_id,")


def test_owners_of_accounts_exist() -> None:
    desk = loaded([{"account_id": "1", "owner_id": "77"}, {"account_id": "2", "owner_id": "anna"}], [])
    assert "77" in desk.get("/crm/v3/owners").ids
    assert desk.value("2", "hubspot_owner_id") in desk.get("/crm/v3/owners").ids
    assert [row["owner_id"] for row in unload(desk.portal)[Table.ACCOUNTS]] == ["77", "anna"]


def test_a_further_company_of_a_deal_is_linked_without_being_primary() -> None:
    links = [{"from_id": "5", "account_id": "2", "primary": "false"}]
    deals = [{"deal_id": "5", "account_id": "1"}]
    desk = loaded([{"account_id": "1"}, {"account_id": "2"}], deals, deal_accounts=links)
    [result] = desk.post("/crm/v4/associations/deals/companies/batch/read", {"inputs": [{"id": "5"}]}).results
    assert [[kind["typeId"] for kind in to["associationTypes"]] for to in result["to"]] == [[341, 5], [341]]


def test_calls_and_meetings_are_told_in_the_vendors_units() -> None:
    rows = [
        {"activity_id": "1", "account_id": "1", "kind": "call", "started_at": "2026-03-01T10:00:00Z", "minutes": "2.5"},
        {
            "activity_id": "2",
            "account_id": "1",
            "kind": "meeting",
            "started_at": "2026-03-01T10:00:00Z",
            "minutes": "30",
        },
    ]
    desk = loaded([{"account_id": "1"}], [], activities=rows)
    assert desk.value("1", "hs_call_duration", "calls") == "150000"
    assert desk.value("2", "hs_meeting_end_time", "meetings") == "2026-03-01T10:30:00Z"


def test_a_load_is_visible_to_search_at_once_whatever_the_lag() -> None:
    desk = Desk(index_lag=60)
    load(desk.portal, {Table.ACCOUNTS: [{"account_id": "1"}], Table.DEALS: []})
    assert desk.post("/crm/v3/objects/companies/search", {}).json["total"] == 1


def test_tables_are_the_same_from_csv_and_from_parquet(tmp_path: Path) -> None:
    tables = generate(companies=15, as_of=date(2026, 11, 1))
    write_tables(tables, tmp_path / "csv")
    assert read_tables(tmp_path / "csv") == _filled(tables)
    (tmp_path / "parquet").mkdir()
    for table, rows in tables.items():
        columns = list(dict.fromkeys(name for row in rows for name in row))
        columnar = {name: [row.get(name) for row in rows] for name in columns}
        pq.write_table(pa.table(columnar), tmp_path / "parquet" / f"{table}.parquet")
    assert read_tables(tmp_path / "parquet") == _filled(tables)


def _filled(tables: Tables) -> Tables:
    return {table: rows for table, rows in tables.items() if rows}


def test_a_folder_without_deals_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("account_id\n1\n", encoding="utf-8")
    with pytest.raises(UsageError, match="no deals file"):
        read_tables(tmp_path)


def test_a_file_that_is_no_utf8_is_refused_by_name(tmp_path: Path) -> None:
    for name in ("accounts.csv", "deals.csv"):
        (tmp_path / name).write_bytes(b"account_id\n\xff\n")
    with pytest.raises(UsageError, match=r"accounts\.csv: cannot be read"):
        read_tables(tmp_path)
