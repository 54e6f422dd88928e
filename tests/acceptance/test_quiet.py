"""`[run] quiet_minutes`: what a person has just edited waits, on both CRMs; our own writes count for nothing."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from connector.crm.salesforce.soql import quoted, select
from connector.sandbox import running
from tests.acceptance.commands import TOKEN, Portal, ended, settings
from tests.acceptance.organisation import ADMIN, ADMIN_SESSION, EVERY, LIMITS, LOGIN, SESSION, SETTINGS, V

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.slow

RULES = Path(__file__).parents[1] / "simulation" / "rules"
QUIET = "quiet_minutes = 30\n"
ACCOUNTS = "account_id,name\n" + "".join(f"{number},c{number}\n" for number in range(101, 107))
DEALS = "deal_id,account_id,name,pipeline,stage,is_won,is_closed,amount,close_date,created_at\n" + "".join(
    f"{number + 100},{number},d{number},default,closedwon,true,true,{number},{{day}},2026-01-01T00:00:00Z\n"
    for number in range(101, 107)
)


@dataclass
class Office:
    """A folder, its CRM, and what a person and other programs do there."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    edit: Callable[[str], None]
    """What a person types into a field that is none of ours, by the name of the account."""
    win: Callable[[str, int], None]
    revenue: Callable[[str], float | None]

    def told(self, *arguments: str, code: int = 0) -> Any:
        return ended(self.capture, *arguments, "--json", code=code).json()


def hubspot(folder: Path, url: str, capture: pytest.CaptureFixture[str]) -> Office:
    portal = Portal(url)
    ids = {row["name"]: record for record, row in portal.records("companies", ["name"]).items()}
    settings(folder, url, more=QUIET + LIMITS)

    def edit(name: str) -> None:
        portal.post(f"/_sandbox/records/companies/{ids[name]}", {"properties": {"phone": "1"}, "user": "7"})

    def win(name: str, amount: int) -> None:
        link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}
        properties = {"dealname": f"{name}-{amount}", "amount": str(amount), "closedate": _now().isoformat()}
        properties |= {"pipeline": "default", "dealstage": "closedwon"}
        to = {"to": {"id": ids[name]}, "types": [link]}
        portal.create("deals", [{"properties": properties, "associations": [to]}])

    def revenue(name: str) -> float | None:
        held = portal.records("companies", ["seg_revenue_12m"])[ids[name]]["seg_revenue_12m"]
        return float(held) if held else None

    return Office(folder, capture, edit, win, revenue)


def salesforce(folder: Path, url: str, capture: pytest.CaptureFixture[str]) -> Office:
    session = requests.Session()
    session.headers.update(ADMIN_SESSION)
    more = QUIET + LIMITS + EVERY
    (folder / "settings.toml").write_text(SETTINGS.format(url=url, login=LOGIN, admin=ADMIN, more=more))

    def ids(name: str, *fields: str) -> dict[str, Any]:
        query = select(["Id", *fields], "Account", f"Name = {quoted(name)}")
        answer = requests.get(f"{url}{V}/query", params={"q": query}, headers=SESSION, timeout=30)
        found: dict[str, Any] = answer.json()["records"][0]
        return found

    def edit(name: str) -> None:
        place = f"{url}{V}/sobjects/Account/{ids(name)['Id']}"
        assert session.patch(place, json={"NumberOfEmployees": 7}, timeout=30).ok

    def win(name: str, amount: int) -> None:
        body = {"Name": f"won {amount}", "AccountId": ids(name)["Id"], "StageName": "Closed Won"}
        body |= {"CloseDate": _now().date().isoformat(), "Amount": amount}
        assert session.post(f"{url}{V}/sobjects/Opportunity", json=body, timeout=30).ok

    def revenue(name: str) -> float | None:
        held = ids(name, "Seg_Revenue_12m__c")["Seg_Revenue_12m__c"]
        return None if held is None else float(held)

    return Office(folder, capture, edit, win, revenue)


def _now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(params=[hubspot, salesforce], ids=lambda made: made.__name__)
def office(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Office]:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/accounts.csv").write_text(ACCOUNTS)
    (tmp_path / "data/deals.csv").write_text(DEALS.format(day=(_now() - timedelta(days=30)).date()))
    shutil.copytree(RULES, tmp_path / "rules")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SF_SECRET", "sandbox-secret")
    monkeypatch.setenv("HUBSPOT_TOKEN", TOKEN)
    with running(now=_now, crm=request.param.__name__, data=tmp_path / "data") as sandbox:
        yield request.param(tmp_path, sandbox.url, capfd)


def test_a_record_that_a_person_has_just_edited_waits_and_a_later_run_writes_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.told("provision")
    monkeypatch.setenv("TIERSYNC_NOW", (_now() + timedelta(minutes=40)).isoformat())  # loaded long enough ago
    first = office.told("sync", "--yes")
    assert first["written"] == first["changes"] > 0
    monkeypatch.delenv("TIERSYNC_NOW")

    office.edit("c101")
    for name in ("c101", "c102"):
        office.win(name, 50)
    done = office.told("sync")
    assert [reason["code"] for reason in done["reasons"]] == ["EDITED_LATELY"]
    assert (office.revenue("c101"), office.revenue("c102")) == (101, 152)
    records = office.told("runs", "show", done["run"])["records"]
    assert {(row["outcome"], row["reason"]) for row in records if row["old"] == "101"} == {
        ("skipped", "waits, edited 0 minutes ago; a later run writes it")
    }

    office.win("c102", 7)  # written a moment ago, but by us
    office.told("sync")
    assert (office.revenue("c101"), office.revenue("c102")) == (101, 159)

    monkeypatch.setenv("TIERSYNC_NOW", (_now() + timedelta(minutes=31)).isoformat())
    later = office.told("sync")
    assert later["reasons"] == []
    assert office.revenue("c101") == 151
    records = office.told("runs", "show", later["run"])["records"]
    assert {row["cause"] for row in records} == {"own data changed"}
