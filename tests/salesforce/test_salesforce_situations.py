"""What an organisation may have besides: several currencies, person accounts, transactions that end late."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from connector.errors import StopRun
from connector.model.fields import Table
from tests.salesforce.parts import pulled, salesforce_at
from tests.salesforce.test_salesforce_changes import LOGIN, Org, name, org

__all__ = ["org"]
MONEY = {
    Table.ACCOUNTS: ("account_id",),
    Table.DEALS: ("deal_id", "amount", "currency", "home_amount"),
    Table.CURRENCY_RATES: ("currency", "valid_from", "rate"),
}
PEOPLE = {Table.ACCOUNTS: ("account_id", "seg_exclude"), Table.DEALS: ("deal_id",)}


def rows(columns: dict[str, Any]) -> list[tuple[str | None, ...]]:
    return sorted(zip(*columns.values(), strict=True))


@pytest.fixture
def dollars(org: Org) -> Org:
    """Two currencies; the first deal is in the other one."""
    org.ask("POST", "/_sandbox/currencies", {"USD": 1.25})
    org.ask("POST", f"/_sandbox/records/Opportunity/{name('006', 1)}", {"CurrencyIsoCode": "USD"})
    return org


def test_amounts_are_converted_by_salesforce_where_it_counts_in_our_currency(dollars: Org) -> None:
    found, summary = pulled(dollars.crm, columns=MONEY)
    assert rows(found[Table.DEALS])[:2] == [
        (name("006", 1), "1.5", "USD", "1.2"),
        (name("006", 2), "2.5", "EUR", "2.5"),
    ]
    assert rows(found[Table.CURRENCY_RATES]) == [("USD", "1900-01-01", "0.800000000000")]
    assert summary.warnings == ()


def test_a_conversion_into_another_currency_is_left_unused_and_said(dollars: Org) -> None:
    (user,) = [
        one for one in dollars.ask("GET", "/_sandbox/records/User")["results"] if one["Id"] == dollars.crm.user()
    ]
    dollars.ask("POST", f"/_sandbox/records/User/{user['Id']}", {"DefaultCurrencyIsoCode": "USD"})
    found, summary = pulled(dollars.crm, columns=MONEY)
    (told,) = summary.warnings
    assert (told.code, "USD" in told.message) == ("HOME_CURRENCY_DIFFERS", True)
    assert "home_amount" in summary.not_connected[Table.DEALS]
    assert "home_amount" not in found[Table.DEALS]
    assert rows(found[Table.CURRENCY_RATES]) == [("USD", "1900-01-01", "0.800000000000")]


@pytest.mark.parametrize("entity", ["CurrencyType", "DatedConversionRate", "User"])
def test_rates_that_cannot_be_read_right_now_fail_the_pull_instead_of_counting_by_others(
    dollars: Org, entity: str
) -> None:
    dollars.ask("POST", "/_sandbox/faults", {"action": "400-query-timeout", "path": f"FROM.{entity}"})
    with pytest.raises(StopRun, match="QUERY_TIMEOUT"):
        pulled(dollars.crm, columns=MONEY)


@pytest.mark.parametrize(("excluded", "told"), [(True, ["true", None]), (False, [None, None])])
def test_person_accounts_are_left_out_unless_the_settings_include_them(
    org: Org, *, excluded: bool, told: list[str | None]
) -> None:
    person = {"name": "IsPersonAccount", "type": "boolean", "custom": False, "permissionable": False}
    org.ask("POST", "/_sandbox/definitions/Account", {**person, "label": "Is Person Account"})
    org.ask("POST", f"/_sandbox/records/Account/{name('001', 1)}", {"IsPersonAccount": True})
    crm = salesforce_at(org.url, login=LOGIN, exclude_person_accounts=excluded)
    found, _ = pulled(crm, columns=PEOPLE)
    crm.close()
    assert found[Table.ACCOUNTS].get("seg_exclude", [None] * 6)[:2] == told


def test_a_change_that_was_committed_after_its_moment_was_read_is_not_lost(org: Org) -> None:
    _, mark = org.pull()
    begun = datetime.fromisoformat(orjson.loads(mark)["stamps"]["Account"])
    stamp = f"{begun - timedelta(minutes=9):%Y-%m-%dT%H:%M:%S}.000+0000"
    late = {"Name": "Committed late", "SystemModstamp": stamp}
    org.ask("POST", f"/_sandbox/records/Account/{name('001', 2)}", late)
    org.later(7 * 60)
    found, _ = org.pull(mark)
    assert "Committed late" in found[Table.ACCOUNTS]["name"]
