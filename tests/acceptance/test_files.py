"""Every command works on a folder of files as it does on a CRM."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.cli.ending import run
from tests.acceptance.data import write

ROOT = Path(__file__).parents[2]
Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIERSYNC_NOW", "2026-04-02T09:00:00+02:00")
    shutil.copytree(ROOT / "rules", "rules")
    Path("data").mkdir()
    Path("settings.toml").write_text('[crm]\nkind = "files"\npath = "data"\n[run]\nlanguage = "en"\n')
    write("accounts", [{"account_id": f"A{n:03}", "name": f"Account {n}", "employees": 50 + 5 * n} for n in range(40)])
    write("deals", [deal(n) for n in range(30)])
    return tmp_path


def deal(n: int) -> dict[str, object]:
    return {
        "deal_id": f"D{n}",
        "account_id": f"A{n:03}",
        "is_won": "true",
        "is_closed": "true",
        "amount": f"{1000 * (n + 1)}.00",
        "currency": "EUR",
        "close_date": "2025-11-01",
        "created_at": "2025-10-01T09:00:00+02:00",
    }


@pytest.fixture
def ask(capfd: pytest.CaptureFixture[str]) -> Ask:
    def asked(*arguments: str) -> tuple[int, Any]:
        capfd.readouterr()
        code = run([*arguments, "--json"])
        return code, json.loads(capfd.readouterr().out)

    return asked


def outputs() -> dict[str, dict[str, str]]:
    with Path("data/outputs.csv").open(newline="") as file:
        return {row["account_id"]: row for row in csv.DictReader(file)}


@pytest.mark.usefixtures("home")
def test_the_whole_walk_on_files(ask: Ask) -> None:
    assert ask("doctor")[0] == 0
    assert ask("provision")[0] == 0
    code, held = ask("sync")
    assert (code, held["reasons"][0]["code"]) == (3, "FIRST_RUN")
    assert not Path("data/outputs.csv").exists()
    code, first = ask("sync", "--yes")
    assert (code, first["outcome"]) == (0, "ok")
    assert first["written"] == first["changes"] > 40
    assert outputs()["A029"]["seg_pyramid_level"] == "top"
    code, second = ask("sync")
    assert (code, second["changes"]) == (0, 0)


@pytest.mark.usefixtures("home")
def test_a_crm_that_shows_no_account_is_told_and_nothing_is_written(ask: Ask) -> None:
    for name in ("accounts", "deals"):
        Path(f"data/{name}.csv").write_text(Path(f"data/{name}.csv").read_text().partition("\n")[0] + "\n")
    for command in ("plan", "sync"):
        code, told = ask(command)
        assert (code, told["evaluated"], told["changes"]) == (0, 0, 0)
        assert [reason["code"] for reason in told["reasons"]] == ["NO_ACCOUNTS"]
        assert "the CRM shows none, or none was there on 2026-04-02" in told["reasons"][0]["message"]
    assert not Path("data/outputs.csv").exists()


@pytest.mark.usefixtures("home")
def test_an_account_with_dates_that_mean_never_is_explained_as_any_other(ask: Ask) -> None:
    never = {"last_contact": "9999-12-31", "contract_end_date": "9999-12-31", "quote_requested_at": "0001-01-01"}
    write("accounts", [{"account_id": f"A{n:03}", "name": f"Account {n}", **never} for n in range(2)])
    assert ask("sync", "--yes")[0] == 0
    code, told = ask("explain", "A000")
    assert (code, told["account"]) == (0, "A000")
    assert told["outputs"]["seg_tier"] == outputs()["A000"]["seg_tier"]


@pytest.mark.usefixtures("home")
def test_a_value_typed_into_outputs_is_kept_and_undo_brings_the_old_ones_back(ask: Ask) -> None:
    ask("sync", "--yes")
    before = outputs()
    text = Path("data/outputs.csv").read_text()
    Path("data/outputs.csv").write_text(text.replace(",medium,", ",low,", 1))
    code, again = ask("sync")
    assert code == 0, again
    assert (again["changes"], again["kept"]) == (0, 1), again
    rows = [deal(n) for n in range(30)]
    rows[0]["amount"] = "25500.00"
    write("deals", rows)
    code, third = ask("sync")
    assert code == 0, third
    assert third["written"] > 0
    code, undone = ask("undo", third["run"])
    assert code == 0, undone
    assert outputs()["A000"]["seg_pyramid_level"] == before["A000"]["seg_pyramid_level"]


@pytest.mark.usefixtures("home")
def test_evaluate_says_what_a_sync_writes(ask: Ask, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    assert run(["evaluate", "--data", "data"]) == 0
    told = {row["account_id"]: row for row in map(json.loads, capfd.readouterr().out.splitlines())}
    ask("sync", "--yes")
    written = outputs()
    assert told.keys() == written.keys()
    for name in ("seg_tier", "seg_pyramid_level", "seg_say_no_status", "seg_action"):
        assert {account: row[name] for account, row in told.items()} == {
            account: row[name] or None for account, row in written.items()
        }


@pytest.mark.usefixtures("home")
def test_a_broken_file_stops_the_run_before_any_write_and_leaves_the_mirror(ask: Ask) -> None:
    ask("sync", "--yes")
    before = Path("data/outputs.csv").read_bytes()
    with Path("data/accounts.csv").open("a") as file:
        file.write("A999\n")
    code, failed = ask("sync")
    assert code == 1
    assert "accounts.csv" in failed["reasons"][0]["message"]
    assert Path("data/outputs.csv").read_bytes() == before
    assert ask("explain", "A001")[0] == 0


@pytest.mark.usefixtures("home")
def test_doctor_says_which_column_a_run_would_fail_without(ask: Ask) -> None:
    write("deals", [{name: cell for name, cell in deal(n).items() if name != "is_won"} for n in range(30)])
    code, told = ask("doctor")
    (bad,) = [one for one in told["findings"] if one["level"] == "bad"]
    assert (code, bad["subject"]) == (1, "deals")
    assert "deals.csv: there is no column is_won" in bad["message"]
    code, failed = ask("plan")
    assert (code, failed["error"]["message"]) == (1, bad["message"])


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("command", ["doctor", "plan", "run"])
def test_an_engine_that_is_not_in_this_version_is_refused_by_every_command_that_would_use_it(
    ask: Ask, command: str
) -> None:
    with Path("settings.toml").open("a") as settings:
        settings.write('[schedule]\nevery = "1h"\n[engine]\nkind = "spark"\n')
    code, told = ask(command)
    assert (code, told["error"]["message"]) == (2, 'engine.kind = "spark" is not in this version')


@pytest.mark.usefixtures("home")
def test_a_mirror_that_may_not_be_read_stops_no_run_and_doctor_says_who_must_read_it(ask: Ask) -> None:
    assert ask("pull")[0] == 0
    (file,) = Path("var/mirror").glob("*/accounts.parquet")
    file.unlink()
    file.mkdir()  # root may read whatever its rights, but no folder as a file
    code, told = ask("doctor")
    (state,) = [one for one in told["findings"] if one["subject"] == "state"]
    assert (code, state["level"]) == (0, "warning")
    assert state["message"] == f"{file.absolute()} of the mirror cannot be read: Is a directory"
    assert state["fix"].startswith("let the user that tiersync runs as read it")
    assert ask("plan")[0] == 0
    assert [one["level"] for one in ask("doctor")[1]["findings"] if one["subject"] == "state"] == ["good"]


@pytest.mark.usefixtures("home")
def test_a_lost_mirror_stops_no_run_and_doctor_says_no_more_than_that_it_is_lost(ask: Ask) -> None:
    assert ask("pull")[0] == 0
    shutil.rmtree("var/mirror")
    code, told = ask("doctor")
    (state,) = [one for one in told["findings"] if one["subject"] == "state"]
    assert (code, state["level"]) == (0, "warning")
    assert "the mirror lost" in state["message"]
    assert ask("plan")[0] == 0
