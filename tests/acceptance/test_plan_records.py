"""`plan --json` carries all of it: who moves, with how much revenue, whose book it is and why, record by record."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from tests.acceptance.commands import sandbox
from tests.acceptance.companies import COMPANIES, Office

if TYPE_CHECKING:
    from pathlib import Path


def test_the_plan_as_json_tells_each_record_with_its_move_and_its_causes(tmp_path: Path) -> None:
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm/accounts.csv").write_text("account_id,name,owner_id\n1,somebody's,77\n")
    (tmp_path / "crm/deals.csv").write_text("deal_id,account_id,amount\n")
    with sandbox("--data", "crm", "--limits", "off", cwd=tmp_path) as url:
        office = Office(tmp_path, url)
        first = office.run("plan", "--json", code=0).json()["plan"]
        assert {(row["tier"]["old"], row["revenue_moved"]) for row in first["by_record"]} == {(None, "0.00")}
        assert {row["record"] for row in of("account", first)} > {*office.ids.values()}
        office.sync("--yes", code=0)

        owner = office.portal.session.get(f"{url}/crm/v3/owners", timeout=30).json()["results"][0]["id"]
        office.edit("c1", hubspot_owner_id=owner)
        office.win("c1", 90_000)
        office.open_deal("c1", 500)
        told = office.run("plan", "--json", "--out", "plan.json", code=0).json()
        check(told["plan"], orjson.loads((tmp_path / "plan.json").read_bytes())["changes"])

        moved = next(row for row in of("account", told["plan"]) if row["record"] == office.ids["c1"])
        assert moved["tier"]["old"] != moved["tier"]["new"] == "large"
        assert (moved["name"], moved["owner"]) == ("c1", owner)
        assert moved["revenue_moved"] == "91001.00"
        assert "own data changed" in moved["causes"]
        (deal,) = of("deal", told["plan"])
        assert {**deal, "record": "", "object": "account", "causes": [], "changes": 0} == {
            **moved, "record": "", "revenue_moved": "0.00", "causes": [], "changes": 0
        }  # fmt: skip

        held = office.sync(code=3)
        assert "by_record" not in held["plan"]
        office.run("approve", held["run"], "--reason", "seen", code=0)
        assert office.run("plan", "--json", code=0).json()["plan"]["by_record"] == []


def of(kind: str, plan: Any) -> list[Any]:
    return [row for row in plan["by_record"] if row["object"] == kind]


def check(plan: Any, changes: list[Any]) -> None:
    """The list is the plan file record by record, and adds up to the sums beside it."""
    values: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for change in changes:
        values[change["object"], change["record"]].append(change)
    listed = [(row["object"], row["record"]) for row in plan["by_record"]]
    assert listed == list(values)
    assert len(listed) < COMPANIES
    for row in plan["by_record"]:
        mine = values[row["object"], row["record"]]
        assert row["causes"] == sorted({change["cause"] for change in mine})
        assert row["changes"] == len(mine)
        assert row["account"] == mine[0]["account"]
        if row["object"] == "account":
            wanted = {change["property"]: (change["old"], change["new"]) for change in mine}
            held = (row["tier"]["old"],) * 2
            assert wanted.get("seg_tier", held) == (row["tier"]["old"], row["tier"]["new"])
    hit = [row for row in of("account", plan) if row["tier"]["old"] not in {None, row["tier"]["new"]}]
    newly = [row for row in of("account", plan) if row["say_no"]["new"] and not row["say_no"]["old"]]
    assert hit
    assert plan["tiers_changed"] == len(hit)
    assert plan["by_owner"] == dict(Counter(row["owner"] or "" for row in hit))
    assert Decimal(plan["revenue_moved"]) == sum(Decimal(row["revenue_moved"]) for row in plan["by_record"])
    assert plan["newly_say_no"] == len(newly)
