"""Leaving a model's file out takes its properties, its columns and its lines along, and every command still works."""

from __future__ import annotations

import csv
import json
import shutil
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connector.cli.ending import run
from connector.rules.loading import load
from tests.acceptance.commands import TOKEN, sandbox, settings, tiersync

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SHIPPED = load(ROOT / "rules")
FILES = sorted(path.name for path in (ROOT / "rules").glob("*.yaml") if path.name not in {"base.yaml", "tier.yaml"})
THOROUGH = "icp.yaml"
"""The file left out under every command; the others under those that people meet every day."""
PAIRS = [*combinations(FILES, 2)][25::50]
"""Two models that are left out together: one pair, as each takes a minute."""
NOW = "2026-04-02T12:00:00+02:00"
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


def own(*names: str) -> set[str]:
    """The outputs these files define."""
    return {output.output.name for output in SHIPPED.outputs if Path(output.at.file).name in names}


def prepare(folder: Path, *without: str) -> None:
    """Rules without some files, and a small CRM of files."""
    shutil.copytree(ROOT / "rules", folder / "rules", dirs_exist_ok=True)
    for name in without:
        (folder / "rules" / name).unlink()
    (folder / "crm").mkdir(exist_ok=True)
    for table, text in (("accounts", ACCOUNTS), ("deals", DEALS), ("tickets", TICKETS)):
        (folder / "crm" / f"{table}.csv").write_text(text, "utf-8")
    (folder / "settings.toml").write_text('[crm]\nkind = "files"\npath = "crm"\n', "utf-8")


@pytest.mark.parametrize("name", FILES)
def test_every_command_works_without_a_models_file(name: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "rules", tmp_path / "all")
    prepare(tmp_path, name)

    def said(*arguments: str) -> str:
        ended = tiersync(*arguments, cwd=tmp_path, env={"TIERSYNC_NOW": NOW})
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


def answer(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command of this process prints."""
    code = run([*arguments])
    told = capfd.readouterr()
    assert code == 0, (arguments, told)
    return told.out


@pytest.mark.parametrize("gone", PAIRS, ids=" and ".join)
def test_two_models_can_be_left_out_together(
    gone: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    prepare(tmp_path, *gone)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIERSYNC_NOW", NOW)
    assert json.loads(answer(capfd, "plan", "--out", "plan.json", "--json"))["changes"] > 0
    planned = {change["property"] for change in json.loads(Path("plan.json").read_text("utf-8"))["changes"]}
    assert "seg_tier" in planned
    assert not own(*gone) & planned
    assert json.loads(answer(capfd, "sync", "--yes", "--json"))["outcome"] == "ok"
    explained = json.loads(answer(capfd, "explain", "A2", "--json"))
    assert not own(*gone) & set(explained["outputs"])
    assert not {value["at"].split(":")[0] for value in explained["values"] if value["at"]} & set(gone)
    answer(capfd, "report", "--out", "report")
    page = "".join(file.read_text("utf-8") for file in sorted(Path("report").iterdir()))
    assert not [output for output in sorted(own(*gone)) if output in page]


@pytest.fixture(scope="module")
def hubspot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("portal")
    prepare(folder)
    with sandbox("--data", str(folder / "crm"), cwd=folder) as url:
        yield folder, url


@pytest.mark.parametrize("name", FILES)
def test_provision_makes_no_property_of_a_model_that_is_left_out(
    name: str, hubspot: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    folder, url = hubspot
    rules = folder / f"without-{name}"
    shutil.copytree(ROOT / "rules", rules)
    (rules / name).unlink()
    settings(folder, url, rules=str(rules))
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HUBSPOT_TOKEN", TOKEN)
    steps = json.loads(answer(capfd, "provision", "--dry-run", "--json"))["steps"]
    made = {step["property"] for step in steps}
    assert "seg_tier" in made
    assert not own(name) & made
    mirrored = {o.output.on_deals for o in SHIPPED.outputs if o.output.name in own(name)} - {""}
    assert not mirrored & made
