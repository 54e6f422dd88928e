"""Leaving a model's file out takes its properties, its columns and its lines along, and every command still works."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from connector.rules.loading import load
from tests.acceptance.commands import tiersync

ROOT = Path(__file__).parents[2]
SHIPPED = load(ROOT / "rules")
FILES = sorted(path.name for path in (ROOT / "rules").glob("*.yaml") if path.name not in {"base.yaml", "tier.yaml"})
THOROUGH = "icp.yaml"
"""The file left out under every command; the others under those that people meet every day."""
ACCOUNTS = """account_id,name,employees,industry,pain_fit,growth_potential,nps,network_role,gross_margin_pct,\
sm_cost_12m,oldest_open_invoice_date,open_invoice_amount,last_contact,contacts_with_details
A1,Anvil,250,MACHINERY,high,high,9,active,60,500,2026-01-01,900,2026-03-01,1
A2,Bolt,40,RETAIL,low,low,3,,30,3000,,,2025-01-01,0
A3,Cog,90,,,,,,,,,,,
"""
DEALS = """deal_id,account_id,is_won,is_closed,amount,close_date,deal_type,discount_pct
1,A1,true,true,40000,2025-06-01,new,10
2,A2,true,true,4000,2025-06-01,new,30
3,A2,true,true,100,2025-09-01,existing,0
4,A3,false,false,5000,2026-05-01,new,
"""
TICKETS = "ticket_id,account_id,created_at,category\n" + "".join(
    f"{n},A2,2026-03-2{n % 9}T09:00:00Z,\n" for n in range(20)
)


def own(name: str) -> set[str]:
    """The outputs a file defines."""
    return {output.output.name for output in SHIPPED.outputs if Path(output.at.file).name == name}


@pytest.mark.parametrize("name", FILES)
def test_every_command_works_without_a_models_file(name: str, tmp_path: Path) -> None:
    for folder in ("rules", "all"):
        shutil.copytree(ROOT / "rules", tmp_path / folder)
    (tmp_path / "rules" / name).unlink()
    (tmp_path / "crm").mkdir()
    for table, text in (("accounts", ACCOUNTS), ("deals", DEALS), ("tickets", TICKETS)):
        (tmp_path / "crm" / f"{table}.csv").write_text(text, "utf-8")
    (tmp_path / "settings.toml").write_text('[crm]\nkind = "files"\npath = "crm"\n', "utf-8")

    def said(*arguments: str) -> str:
        ended = tiersync(*arguments, cwd=tmp_path, env={"TIERSYNC_NOW": "2026-04-02T12:00:00+02:00"})
        assert ended.code == 0, (arguments, ended.stdout, ended.stderr)
        return ended.stdout

    assert json.loads(said("sync", "--yes", "--json"))["outcome"] == "ok"
    with (tmp_path / "crm" / "outputs.csv").open(encoding="utf-8") as file:
        assert not own(name) & set(next(csv.reader(file)))
    explained = json.loads(said("explain", "A2", "--json"))
    assert not own(name) & set(explained["outputs"])
    assert not [value for value in explained["values"] if (value["at"] or "").startswith(f"{name}:")]
    assert {"field", "fact"} <= {value["kind"] for value in explained["values"] if value["sources"]}
    said("report", "--out", "report")
    page = "".join(file.read_text("utf-8") for file in sorted((tmp_path / "report").iterdir()))
    assert not [output for output in sorted(own(name)) if output in page]
    if name == THOROUGH:
        assert json.loads(said("sync", "--json"))["changes"] == 0
        rows = [json.loads(line) for line in said("evaluate", "--data", "crm").splitlines()]
        assert not own(name) & set(rows[0])
        said("rules", "docs", "--out", "docs")
        assert not (tmp_path / "docs" / name.replace(".yaml", ".md")).exists()
        assert json.loads(said("rules", "check", "--live", "--json"))["accounts"] == 3
        assert json.loads(said("rules", "diff", "all", "--json"))["accounts"] == 3
