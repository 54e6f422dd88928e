"""What somebody relies on who has read the documents alone and never our code."""

import csv
import json
import re
import shutil
import tomllib
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.cli.ending import run
from connector.sandbox.population import generate
from connector.sandbox.tables import write_tables
from tests.acceptance.home import Home

ROOT = Path(__file__).parents[2]


def asked(home: Home) -> set[str]:
    """The paths the CRM was asked for so far."""
    return {entry["path"] for entry in requests.get(f"{home.url}/_sandbox/journal", timeout=10).json()["results"]}


def test_the_version_of_hubspots_paths_is_a_setting(home: Home) -> None:
    home.edit("retry_seconds", 'api_version = "2026-09"\nretry_seconds')
    for command in ("provision", "sync --yes", "sync"):
        assert home.run(*command.split())[0] == 0
    paths = asked(home)
    assert "/crm/objects/2026-09/companies/batch/update" in paths
    assert not [path for path in paths if "/2026-09" not in path]


def evaluated(folder: Path, capfd: pytest.CaptureFixture[str], *options: str) -> dict[str, dict[str, Any]]:
    """Every account of the files, by id."""
    capfd.readouterr()
    assert run(["evaluate", "--data", str(folder), "--as-of", "2026-11-01", *options]) == 0
    rows = map(json.loads, capfd.readouterr().out.splitlines())
    return {str(row["account_id"]): row for row in rows}


@pytest.mark.parametrize("seed", [1, 2])
def test_the_made_up_book_is_one_a_sales_team_believes(
    seed: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_tables(generate(companies=300, as_of=date(2026, 11, 1), seed=seed), tmp_path)
    rows = evaluated(tmp_path, capfd).values()
    told = Counter(row["seg_say_no_status"] for row in rows)
    assert 0.05 < told["say_no"] / len(rows) < 0.15, "a team that says NO to half its book believes nothing"
    assert told["clear"] > len(rows) / 2
    assert {"strategic", "large", "development", "regular", "transactional"} < {row["seg_tier"] for row in rows}
    signals = {signal for row in rows for signal in row["seg_signals"]}
    assert {"BAD_PAYER", "DEMANDING", "UNPROFITABLE", "LEAST_IDEAL"} < signals


def test_the_links_of_the_sandbox_do_not_take_deals_from_their_account(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_tables(generate(companies=60, as_of=date(2026, 11, 1)), tmp_path)
    assert len((tmp_path / "deal_accounts.csv").read_text().splitlines()) > 1
    beside = evaluated(tmp_path, capfd)
    (tmp_path / "deal_accounts.csv").unlink()
    assert beside == evaluated(tmp_path, capfd)


def test_doctor_counts_properties_as_provision_does(home: Home) -> None:
    assert home.run("provision", "--dry-run")[1].splitlines()[-1].endswith(" te maken")
    wanted = home.run("provision", "--dry-run")[1].splitlines()[-1].split()[0]
    assert f"properties: {wanted} van {wanted} bestaan niet: " in home.run("doctor")[1]
    assert home.run("provision")[1].splitlines()[-1] == f"{wanted} gemaakt"
    assert f"properties: alle {wanted} zijn er\n" in home.run("doctor")[1]


def test_the_documentation_comes_with_the_package(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["docs", "--json"]) == 0
    pages = json.loads(capfd.readouterr().out)
    written = {path for path in (ROOT / "docs").rglob("*.md") if path.name != "README.md"}
    assert {Path(page["file"]) for page in pages} == written | {ROOT / "settings.example.toml"}
    assert run(["docs", "hubspot-token"]) == 0
    assert capfd.readouterr().out == (ROOT / "docs/how-to/hubspot-token.md").read_text()
    assert run(["docs", "hubspot-tokn"]) == 2
    assert "did you mean 'hubspot-token'?" in capfd.readouterr().err


def test_no_command_points_at_a_page_that_an_installed_user_lacks() -> None:
    named = re.compile(r"tiersync docs ([a-z/-]+)")
    docs = [path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md")]
    pages = {path.name for path in docs} | {path.as_posix() for path in docs} | {"settings"}
    for path in (path for ending in ("py", "toml") for path in (ROOT / "connector").rglob(f"*.{ending}")):
        assert set(named.findall(path.read_text())) <= pages, path
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {"docs", "rules", "settings.example.toml"} <= packed["force-include"].keys()


def test_files_know_no_links_beside_the_accounts_a_record_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    Path("settings.toml").write_text('[crm]\nkind = "files"\npath = "data"\n[rules]\ndirectory = "rules"\n')
    shutil.copytree(ROOT / "rules", "rules")
    write_tables(generate(companies=30, as_of=date(2026, 11, 1)), tmp_path / "data")
    assert run(["doctor"]) == 0
    assert "_accounts" not in capfd.readouterr().out
    assert run(["sync", "--yes", "--as-of", "2026-11-01"]) == 0
    with Path("data/outputs.csv").open(encoding="utf-8", newline="") as file:
        written = {row["account_id"]: row["seg_tier"] for row in csv.DictReader(file)}
    assert written == {account: row["seg_tier"] for account, row in evaluated(tmp_path / "data", capfd).items()}


def test_doctor_tells_the_last_pull_in_the_time_zone_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIERSYNC_NOW", "2026-07-01T22:30:00+00:00")
    Path("data").mkdir()
    Path("settings.toml").write_text('[crm]\nkind = "files"\npath = "data"\n[run]\nlanguage = "en"\n')
    shutil.copytree(ROOT / "rules", "rules")
    write_tables(generate(companies=3, as_of=date(2026, 7, 1)), tmp_path / "data")
    assert run(["pull"]) == 0
    capfd.readouterr()
    assert run(["doctor"]) == 0
    assert "state: last pull 2026-07-02 00:30 CEST\n" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            'pain_fitt = "x"',
            "[fields] pain_fitt: there is no such field, and no rule reads one\n  hint: did you mean 'pa",
        ),
        ('"deal.amount" = "x"', "[fields] deal.amount: there is no table 'deal'\n"),
        ('seg_account_tier = "x"', "[fields] seg_account_tier: it is a property of deals\n"),
        ('"deals.amont" = "x"', "[fields] deals.amont: there is no such field, and no rule reads one\n"),
    ],
)
def test_a_field_that_nobody_reads_is_refused_by_name_before_any_call(home: Home, line: str, told: str) -> None:
    with home.settings.open("a") as file:
        file.write(f"[fields]\n{line}\n")
    for command in ("plan", "doctor"):
        code, _, err = home.run(command)
        assert (code, told in err) == (2, True), err
    assert asked(home) == set()


def test_an_output_may_live_in_another_property(home: Home) -> None:
    with home.settings.open("a") as file:
        file.write('[fields]\nseg_tier = "klantsegment"\n"deals.seg_account_tier" = "klantsegment_van_klant"\n')
    assert home.run("provision")[0] == 0
    for _ in range(2):
        code, out, err = home.run("sync", "--yes", "--json")
        assert code == 0, err
    assert json.loads(out)["changes"] == 0


def test_a_cell_that_two_rules_read_is_told_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "accounts.csv").write_text('account_id,employees\nA1,"12,5"\n')
    (tmp_path / "deals.csv").write_text("deal_id,account_id,is_won,amount,close_date\n")
    assert run(["evaluate", "--data", str(tmp_path), "--as-of", "2026-11-01"]) == 4
    assert capfd.readouterr().err.count("'12,5' is geen getal") == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("customer_type.current_value.high_min=abc", "'abc' is geen bedrag"),
        ("pyramid.two_level_below=true", "'true' is geen getal"),
    ],
)
def test_a_parameter_of_another_type_is_refused_in_plain_words(
    change: str, told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["rules", "check", "--set", change]) == 2
    name = change.partition("=")[0]
    assert f"error: parameter '{name}': {told}\n" in capfd.readouterr().err


def test_a_port_that_is_none_is_wrong_usage(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["sandbox", "--crm", "hubspot", "--port", "99999"]) == 2
    assert "--port" in capfd.readouterr().err


def test_the_token_of_another_tenant_does_nothing_with_this_state(home: Home) -> None:
    assert [home.run(*command.split())[0] for command in ("provision", "sync --yes")] == [0, 0]
    before = len(home.writes())
    assert requests.post(f"{home.url}/_sandbox/account", json={"portal_id": 4711}, timeout=10).ok
    code, _, err = home.run("sync", "--full")
    assert (code, len(home.writes())) == (1, before)
    assert "HubSpot account 4711" in err
    for command in (["provision"], ["provision", "--dry-run"]):
        assert home.run(*command)[0] == 1
        assert "HubSpot account 4711" in home.run(*command)[2]
    code, out, _ = home.run("doctor", "--json")
    (told,) = [row for row in json.loads(out)["findings"] if "HubSpot account 4711" in row["message"]]
    assert (code, told["level"], told["subject"]) == (1, "bad", "state")
