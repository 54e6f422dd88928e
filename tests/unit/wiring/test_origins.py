"""Every input of `explain` names the field it comes from, as its CRM calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.rules.kept import told
from connector.rules.loading import load
from connector.settings.load import load as load_settings
from connector.wiring.origins import Sources
from tests.shared import ROOT

if TYPE_CHECKING:
    from pathlib import Path

RULES = load(ROOT / "rules")
ORIGINS = told(RULES).origins
CRMS = {
    "files": 'kind = "files"\npath = "crm"',
    "hubspot": 'kind = "hubspot"\ntoken = "env:TOKEN"',
    "salesforce": 'kind = "salesforce"\nlogin = "session"\ntoken = "env:TOKEN"\ninstance_url = "https://x.example"',
}
WON = "is_won and close_date in window and not currency_unknown and not amount_invalid"
SPENT = "kind = 'sales_marketing' and booked_on within 12 months"


def sources(tmp_path: Path, crm: str, name: str, more: str = "") -> list[dict[str, Any]]:
    file = tmp_path / "settings.toml"
    file.write_text(f"[crm]\n{CRMS[crm]}\n{more}", "utf-8")
    return Sources(ORIGINS, load_settings(file).settings).of(name)


@pytest.mark.parametrize(
    ("crm", "name", "fields"),
    [
        ("files", "employees", ["employees"]),
        ("hubspot", "employees", ["numberofemployees"]),
        ("salesforce", "employees", ["NumberOfEmployees"]),
        ("hubspot", "tier_found", ["seg_tier"]),
        ("salesforce", "tier_found", ["Seg_Tier__c"]),
        ("salesforce", "nps", ["Nps__c"]),
        ("salesforce", "activity_code", ["Nace_Code__c", "Activity_Code__c", "NaicsCode", "Sic"]),
        ("hubspot", "revenue_12m", ["amount_in_home_currency", "amount", "hs_is_closed_won", "closedate"]),
        ("salesforce", "revenue_12m", ["Amount", "IsWon", "CloseDate"]),
        ("hubspot", "contacts_12m", ["createdate"]),
        ("hubspot", "own_has_deal", []),
        ("hubspot", "unreadable", []),
    ],
)
def test_a_field_is_called_as_the_crm_calls_it(tmp_path: Path, crm: str, name: str, fields: list[str]) -> None:
    (found,) = sources(tmp_path, crm, name)
    assert found["fields"] == fields


def test_a_field_the_settings_place_elsewhere_is_called_so(tmp_path: Path) -> None:
    more = '[fields]\nemployees = "fte"\n"deals.amount" = "net_amount"\n'
    assert sources(tmp_path, "hubspot", "employees", more)[0]["fields"] == ["fte"]
    assert sources(tmp_path, "hubspot", "won_revenue", more)[0]["fields"][0] == "net_amount"


def test_revenue_is_told_with_the_deals_that_count(tmp_path: Path) -> None:
    (found,) = sources(tmp_path, "files", "revenue_12m")
    assert (found["over"], found["where"]) == ("deals", WON)
    assert found["columns"] == ["amount", "is_won", "close_date", "currency_unknown", "amount_invalid"]


def test_a_filled_field_names_the_crm_first_then_the_table(tmp_path: Path) -> None:
    assert [(one["over"], one["fields"], one["where"]) for one in sources(tmp_path, "hubspot", "sm_cost_12m")] == [
        ("account", ["sm_cost_12m"], None),
        ("costs", ["amount", "kind", "booked_on"], SPENT),
    ]


def test_what_others_bring_is_not_told_as_ones_own_deals(tmp_path: Path) -> None:
    (found,) = sources(tmp_path, "hubspot", "referred_revenue_12m")
    assert found["over"] == "referred"
    assert "revenue_12m" in found["fields"]


@pytest.mark.parametrize("crm", CRMS)
def test_every_input_of_the_shipped_rules_has_a_source(tmp_path: Path, crm: str) -> None:
    inputs = [node.name for node in RULES.nodes if type(node.definition).__name__ in {"FieldOf", "FactOf"}]
    assert len(inputs) > 100
    assert [name for name in inputs if not sources(tmp_path, crm, name)] == []
