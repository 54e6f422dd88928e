"""Input nobody here wrote: the AdventureWorks resellers, loaded over the CRM's HTTP interface, synced and checked."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.commands import Portal, sandbox, settings, tiersync
from tests.acceptance.pyramid_by_hand import levels
from tests.shared import shared_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

AS_OF = "2020-06-01"
BEFORE_ALL_ORDERS = {"TIERSYNC_NOW": "2017-06-30T09:00:00+02:00"}
THE_DAY = {"TIERSYNC_NOW": f"{AS_OF}T09:00:00+02:00"}
RULES = Path(__file__).parents[2] / "rules"


def rows(name: str) -> list[dict[str, str]]:
    """One file of the data set."""
    with (shared_folder() / "data" / "adventureworks" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def load(portal: Portal) -> dict[str, str]:
    """Put resellers and orders into the CRM as its owner would; gives reseller -> CRM id."""
    companies = [
        {"properties": {"name": f"{row['name']} #{row['account_id']}", "numberofemployees": row["employees"]}}
        for row in rows("accounts.csv")
    ]
    by_name = portal.create("companies", companies)
    ids = {name.rpartition("#")[2]: crm_id for name, crm_id in by_name.items()}
    orders = rows("orders.csv")
    deals = portal.create(
        "deals",
        [
            {
                "properties": {
                    "dealname": row["order_id"],
                    "amount": row["amount"],
                    "closedate": row["order_date"] + "T10:00:00Z",
                    "pipeline": "default",
                    "dealstage": "closedwon",
                }
            }
            for row in orders
        ],
    )
    for start in range(0, len(orders), 1000):
        inputs = [
            {
                "from": {"id": deals[row["order_id"]]},
                "to": {"id": ids[row["account_id"]]},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}],
            }
            for row in orders[start : start + 1000]
        ]
        portal.post("/crm/v4/associations/deals/companies/batch/create", {"inputs": inputs})
    return ids


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Portal, dict[str, str]]]:
    """A folder with settings and rules, the portal, and the reseller ids; synced once."""
    folder = tmp_path_factory.mktemp("adventureworks")
    shutil.copytree(RULES, folder / "rules")
    with sandbox("--limits", "off", cwd=folder, env=BEFORE_ALL_ORDERS) as url:
        portal = Portal(url)
        ids = load(portal)
        settings(folder, url)
        assert (ended := tiersync("provision", cwd=folder, env=THE_DAY)).code == 0, ended.stderr
        held = tiersync("sync", "--json", cwd=folder, env=THE_DAY)
        assert held.code == 3, held.stderr
        done = tiersync("sync", "--yes", "--json", cwd=folder, env=THE_DAY)
        assert done.code == 0, done.stdout + done.stderr
        yield folder, portal, ids


def last_year() -> dict[str, Decimal]:
    """Revenue per reseller of the year before the day."""
    revenue: dict[str, Decimal] = {}
    for row in rows("orders.csv"):
        if "2019-06-01" < row["order_date"] <= AS_OF:
            revenue[row["account_id"]] = revenue.get(row["account_id"], Decimal(0)) + Decimal(row["amount"])
    return {reseller: amount for reseller, amount in revenue.items() if amount > 0}


def test_every_reseller_gets_the_level_computed_by_hand(crm: tuple[Path, Portal, dict[str, str]]) -> None:
    _, portal, ids = crm
    found = portal.records("companies", ["seg_pyramid_level", "seg_revenue_12m"])
    customers = last_year()
    expected = levels(customers)
    ever = {row["account_id"] for row in rows("orders.csv") if row["order_date"] <= AS_OF}
    for reseller, crm_id in ids.items():
        level = expected.get(reseller) or ("inactive" if reseller in ever else "suspect")
        assert found[crm_id]["seg_pyramid_level"] == level, reseller
        assert Decimal(found[crm_id]["seg_revenue_12m"] or 0) == customers.get(reseller, Decimal(0)), reseller
    counts = Counter(expected.values())
    n = len(customers)
    assert n > 300
    assert counts["top"] == -(-n // 100)
    assert counts["top"] + counts["big"] == -(-n * 5 // 100)


def test_a_second_run_writes_nothing(crm: tuple[Path, Portal, dict[str, str]]) -> None:
    folder, portal, _ = crm
    before = portal.records("companies", ["hs_lastmodifieddate", "seg_tier"])
    again = tiersync("sync", "--json", cwd=folder, env=THE_DAY)
    assert again.code == 0, again.stderr
    assert again.json()["written"] == 0
    assert again.json()["changes"] == 0
    assert portal.records("companies", ["hs_lastmodifieddate", "seg_tier"]) == before


def test_a_full_run_a_day_later_reads_everything_again_and_moves_nobody(
    crm: tuple[Path, Portal, dict[str, str]],
) -> None:
    folder, _, _ = crm
    again = tiersync("plan", "--full", "--json", "--as-of", AS_OF, cwd=folder, env=THE_DAY)
    assert again.code == 0, again.stderr
    assert again.json()["pulled"]["accounts"] == 701
    assert again.json()["pulled"]["deals"] == 3616
