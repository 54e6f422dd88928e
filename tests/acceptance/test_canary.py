"""A CRM that changes what we write stops the run after its first batch, on both CRMs and over real HTTP."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from connector.crm.salesforce.soql import select
from connector.sandbox import running
from tests.acceptance.commands import TOKEN, Portal, ended, settings
from tests.acceptance.organisation import ADMIN, EVERY, LIMITS, LOGIN, SESSION, SETTINGS, V

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.slow

RULES = Path(__file__).parents[1] / "simulation" / "rules"
MANY = range(1001, 1451)
ACCOUNTS = "account_id,name\n" + "".join(f"{number},c{number}\n" for number in MANY)
DEALS = "deal_id,account_id,name,pipeline,stage,is_won,is_closed,amount,close_date,created_at\n" + "".join(
    f"{number + 1000},{number},d{number},default,closedwon,true,true,{number},{{day}},2026-01-01T00:00:00Z\n"
    for number in MANY
)


@dataclass
class Office:
    """A folder, its CRM, and the automation that somebody set up there."""

    name: str
    url: str
    capture: pytest.CaptureFixture[str]
    first_batch: int
    rewrite: Callable[[str | None], None]
    """Switch on what turns this tier into `small` as soon as it is written; None switches it off."""
    tiers: Callable[[], list[str | None]]

    def told(self, *arguments: str, code: int = 0) -> Any:
        return ended(self.capture, *arguments, "--json", code=code).json()

    def writes(self) -> int:
        """The calls so far that wrote records."""
        calls = requests.get(f"{self.url}/_sandbox/journal?writes=true", timeout=30).json()["results"]
        return sum("/batch/update" in call["path"] or "/composite/sobjects" in call["path"] for call in calls)


def hubspot(folder: Path, url: str, capture: pytest.CaptureFixture[str]) -> Office:
    portal = Portal(url)
    settings(folder, url, more=LIMITS)

    def rewrite(tier: str | None) -> None:
        workflow = {"object": "companies", "property": "seg_tier", "pattern": tier, "set": {"seg_tier": "small"}}
        portal.post("/_sandbox/workflows", {"on": [workflow] if tier else []})

    def tiers() -> list[str | None]:
        return [row["seg_tier"] for row in portal.records("companies", ["seg_tier"]).values()]

    return Office("hubspot", url, capture, 100, rewrite, tiers)


def salesforce(folder: Path, url: str, capture: pytest.CaptureFixture[str]) -> Office:
    (folder / "settings.toml").write_text(SETTINGS.format(url=url, login=LOGIN, admin=ADMIN, more=LIMITS + EVERY))

    def rewrite(tier: str | None) -> None:
        flow = {"object": "Account", "field": "Seg_Tier__c", "pattern": tier, "set": {"Seg_Tier__c": "small"}}
        answer = requests.post(f"{url}/_sandbox/rules", json={"flows": [flow] if tier else []}, timeout=30)
        assert answer.ok, answer.text

    def tiers() -> list[str | None]:
        query = select(["Seg_Tier__c"], "Account")
        answer = requests.get(f"{url}{V}/query", params={"q": query}, headers=SESSION, timeout=30)
        return [row["Seg_Tier__c"] for row in answer.json()["records"]]

    return Office("salesforce", url, capture, 200, rewrite, tiers)


@pytest.fixture(params=[hubspot, salesforce], ids=lambda made: made.__name__)
def office(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Office]:
    now = datetime.now(UTC)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/accounts.csv").write_text(ACCOUNTS)
    (tmp_path / "data/deals.csv").write_text(DEALS.format(day=(now - timedelta(days=30)).date()))
    shutil.copytree(RULES, tmp_path / "rules")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SF_SECRET", "sandbox-secret")
    monkeypatch.setenv("HUBSPOT_TOKEN", TOKEN)
    with running(now=lambda: datetime.now(UTC), crm=request.param.__name__, data=tmp_path / "data") as sandbox:
        yield request.param(tmp_path, sandbox.url, capfd)


def test_a_crm_that_changes_what_is_written_stops_the_run_after_the_first_batch(office: Office) -> None:
    office.told("provision")
    office.rewrite("large")
    before = office.writes()
    stopped = office.told("sync", "--yes", code=1)
    assert (stopped["outcome"], stopped["error"]["code"]) == ("failed", "REWRITTEN")
    message = stopped["error"]["message"]
    assert "was written as 'large' and reads 'small' right after" in message
    assert "workflow or trigger" in stopped["error"]["hint"]
    assert office.writes() - before == 1
    assert (
        sorted(map(str, office.tiers())) == ["None"] * (len(MANY) - office.first_batch) + ["small"] * office.first_batch
    )

    records = office.told("runs", "show", stopped["run"])["records"]
    outcomes = {row["account"]: row["outcome"] for row in records if row["property"] == "seg_tier"}
    assert (
        sorted(outcomes.values()) == ["planned"] * (len(MANY) - office.first_batch) + ["written"] * office.first_batch
    )
    assert office.told("status")["last"]["outcome"] == "failed"

    again = office.told("sync", code=1)  # nobody looked: one record shows that it is still so
    assert again["error"]["code"] == "REWRITTEN"
    assert office.tiers().count("small") == office.first_batch + 1

    office.rewrite(None)
    done = office.told("sync")
    assert office.tiers().count("large") == len(MANY) - office.first_batch - 1
    assert done["kept"] == office.first_batch + 1  # theirs, until somebody hands them back
    assert office.told("sync")["changes"] == 0
