from datetime import date
from decimal import Decimal

import pytest

from connector.model.fields import ACCOUNTS, DEALS, TICKETS, Field, Table
from connector.sandbox.population import generate
from connector.sandbox.tables import Tables

AS_OF = date(2026, 11, 1)


@pytest.fixture(scope="module")
def book() -> Tables:
    return generate(companies=1_000, as_of=AS_OF)


def test_the_same_seed_gives_the_same_book_and_another_one_another() -> None:
    one = generate(companies=50, as_of=AS_OF)
    assert one == generate(companies=50, as_of=AS_OF)
    assert one != generate(companies=50, as_of=AS_OF, seed=2)


def test_a_book_has_as_many_records_as_were_asked_for(book: Tables) -> None:
    assert (len(book[Table.ACCOUNTS]), len(book[Table.DEALS])) == (1_000, 4_000)
    assert len(generate(companies=10, as_of=AS_OF, deals=7)[Table.DEALS]) == 7


@pytest.mark.parametrize(("table", "fields"), [("accounts", ACCOUNTS), ("deals", DEALS), ("tickets", TICKETS)])
def test_every_column_is_one_of_the_catalogue(book: Tables, table: str, fields: tuple[Field, ...]) -> None:
    known = {field.name for field in fields}
    assert {name for row in book[Table(table)] for name in row} <= known


def test_ids_are_unique_and_every_deal_has_an_account(book: Tables) -> None:
    accounts = {row["account_id"] for row in book[Table.ACCOUNTS]}
    assert len(accounts) == 1_000
    assert len({row["deal_id"] for row in book[Table.DEALS]}) == 4_000
    assert {row["account_id"] for row in book[Table.DEALS]} <= accounts
    assert {row["parent_id"] for row in book[Table.ACCOUNTS] if "parent_id" in row} <= accounts


def test_revenue_is_skewed_as_in_a_real_book(book: Tables) -> None:
    revenue: dict[str, Decimal] = {}
    for row in book[Table.DEALS]:
        if row["is_won"] == "true" and "2025-11-01" < row["close_date"] <= "2026-11-01":
            revenue[row["account_id"]] = revenue.get(row["account_id"], Decimal(0)) + Decimal(row["amount"])
    ranked = sorted(revenue.values(), reverse=True)
    top_fifth = sum(ranked[: len(ranked) // 5]) / sum(ranked)
    assert Decimal("0.6") < top_fifth < Decimal("0.95")
    assert 300 < len(ranked) < 700, "not everyone bought last year"


def test_no_won_deal_lies_ahead_and_no_deal_was_made_later(book: Tables) -> None:
    for row in book[Table.DEALS]:
        assert row["created_at"][:10] < AS_OF.isoformat()
        if row["is_won"] == "true":
            assert row["close_date"] <= AS_OF.isoformat()


def test_the_book_is_as_awkward_as_a_real_one(book: Tables) -> None:
    accounts, deals = book[Table.ACCOUNTS], book[Table.DEALS]
    assert {"PARTNER", "VENDOR", "PROSPECT"} <= {row.get("type") for row in accounts}
    assert any("employees" not in row for row in accounts)
    assert any("parent_id" in row for row in accounts)
    assert any("oldest_open_invoice_date" in row for row in accounts)
    assert any(row["amount"].startswith("-") for row in deals)
    assert {"USD", "XAU"} <= {row.get("currency") for row in deals}
    assert book[Table.DEAL_ACCOUNTS]
    assert [row["archived"] for row in book[Table.OWNERS]].count("true") == 1
