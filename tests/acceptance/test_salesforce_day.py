"""Every command on Salesforce over real HTTP: the worker, plan files, approval, undo, and looking back."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.acceptance.organisation import Organisation

pytestmark = pytest.mark.slow

TIER, REVENUE = "Seg_Tier__c", "Seg_Revenue_12m__c"


def codes(document: Any) -> list[str]:
    return [reason["code"] for reason in document["reasons"]]


def other(tier: str) -> str:
    return "large" if tier != "large" else "small"


def test_the_worker_never_confirms_a_first_run_and_goes_on_once_it_is_approved(office: Organisation) -> None:
    office.run("provision", code=0)
    code, said = office.work()
    assert code == 0
    assert "FIRST_RUN" in said
    assert not any(row[TIER] for row in office.accounts(TIER).values())
    held = office.told("status")["held"]["run"]
    assert office.told("approve", held, "--reason", "looked at it")["written"] > 100
    record = next(iter(office.accounts(TIER)))
    office.win(record, 250_000)
    code, said = office.work()
    assert code == 0
    assert office.accounts(REVENUE)[record][REVENUE] >= 250_000
    status = office.told("status")
    assert (status["last"]["command"], status["last"]["outcome"], status["held"]) == ("run", "ok", None)
    assert "0 changes" in office.work()[1]


def test_a_plan_file_is_applied_once_and_a_stale_one_not_at_all(office: Organisation) -> None:
    office.ready()
    first, second, *_ = office.accounts(TIER)
    office.win(first, 5)
    edited = other(office.accounts(TIER)[first][TIER])
    office.edit("Account", first, **{TIER: edited})
    planned = office.told("plan", "--out", "plan.json", "--exit-code", code=5)
    assert planned["kept"] == 1
    office.edit("Account", first, NumberOfEmployees=7531)
    before = office.accounts(REVENUE)[first][REVENUE]
    done = office.told("apply", "plan.json")
    assert done["written"] == planned["changes"] > 0
    found = office.accounts(TIER, REVENUE)[first]
    assert (found[TIER], found[REVENUE]) == (edited, (before or 0) + 5)
    assert codes(office.told("apply", "plan.json", code=3)) == ["ALREADY_APPLIED"]

    office.win(second, 5)
    office.run("plan", "--out", "stale.json", code=0)
    assert "7531" in office.run("explain", first, code=0).stdout  # an edit just before our write is seen all the same
    office.edit("Account", second, **{REVENUE: 1})
    assert codes(office.told("apply", "stale.json", code=3)) == ["STALE"]
    assert office.accounts(REVENUE)[second][REVENUE] == 1


def test_undo_brings_back_what_nobody_changed_and_it_is_not_written_again_unasked(office: Organisation) -> None:
    office.ready()
    record = next(iter(office.accounts(TIER)))
    before = office.accounts(TIER, REVENUE)
    office.win(record, 5)
    run = office.told("sync")["run"]
    after = office.accounts(TIER, REVENUE)
    assert after != before
    broken = office.folder / "rules" / "broken.yaml"
    broken.write_text("a slip of the pen\n", "utf-8")
    assert office.told("undo", run)["written"]
    broken.unlink()
    assert office.accounts(TIER, REVENUE) == before
    held = office.told("sync", code=3)
    assert codes(held) == ["UNDONE"]
    assert office.accounts(TIER, REVENUE) == before
    broken.write_text("a slip of the pen\n", "utf-8")
    office.run("approve", held["run"], "--reason", "right after all", code=2)
    broken.unlink()
    assert office.accounts(TIER, REVENUE) == before
    assert office.told("approve", held["run"], "--reason", "right after all")["written"]
    assert office.accounts(TIER, REVENUE) == after


def test_looking_back_tells_what_salesforce_holds(office: Organisation) -> None:
    office.ready()
    held = office.accounts("Name", TIER, REVENUE)
    record, row = next(iter(held.items()))
    run = office.told("runs")[0]["run"]
    shown = office.told("runs", "show", run)["records"]
    tiers = {item["account"]: item["new"] for item in shown if item["property"] == "seg_tier"}
    assert tiers == {account: values[TIER] for account, values in held.items()}
    assert {item["outcome"] for item in shown} == {"written"}

    explained = office.told("explain", record)
    assert (explained["outputs"]["seg_tier"], explained["account"]) == (row[TIER], record)
    assert row["Name"] in office.run("explain", f"name:{row['Name']}", code=0).stdout

    office.run("runs", "export", "--out", "all.csv", code=0)
    rows = list(csv.DictReader((office.folder / "all.csv").read_text(encoding="utf-8").splitlines()))
    assert {item["account"]: item["new"] for item in rows if item["property"] == "seg_tier"} == tiers

    calls = len(office.calls())
    more = ("pyramid.levels.top.customers_pct=40", "pyramid.levels.small.customers_pct=41")
    moved = office.told("rules", "diff", "rules", *(word for value in more for word in ("--set", value)))
    assert moved["accounts"] == len(held)
    assert moved["tiers_changed"]
    office.run("report", "--out", "drawn", code=0)
    assert row["Name"] in "".join(path.read_text(encoding="utf-8") for path in (office.folder / "drawn").glob("*.csv"))
    assert len(office.calls()) == calls
