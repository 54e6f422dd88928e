"""Tables beside the CRM as a person meets them: the how-to word for word, on files and on HubSpot."""

from __future__ import annotations

import json
import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connector.cli.ending import run
from connector.sandbox import running
from tests.acceptance.commands import TOKEN, Ended, Portal, tiersync

ROOT = Path(__file__).parents[2]
HOW_TO = (ROOT / "docs" / "how-to" / "finance-export.md").read_text(encoding="utf-8")
NOW = "2026-04-02T12:00:00+02:00"
TOO_LATE = "2026-05-17T12:00:00+02:00"
WANTED = ("seg_payment_status", "seg_days_open", "seg_acq_cost_ratio")


def blocks() -> dict[str, str]:
    """The how-to's files, by name."""
    return dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```", HOW_TO, flags=re.MULTILINE | re.DOTALL))


def told() -> dict[str, dict[str, str | None]]:
    """The how-to's table of what comes out."""
    rows = re.findall(r"^\| (A\d) \| \S* ?\| (\S*) ?\| (\S*) ?\| (\S*) ?\|$", HOW_TO, flags=re.MULTILINE)
    return {account: dict(zip(WANTED, (cell or None for cell in cells), strict=True)) for account, *cells in rows}


BLOCKS = blocks()
ACCOUNTS, SETTINGS = BLOCKS["crm/accounts.csv"], BLOCKS["settings.toml#crm"]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The how-to's folder, with a CRM of three accounts in files."""
    for name, text in BLOCKS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    survey = (tmp_path / "rules" / "survey.yaml").read_text(encoding="utf-8")
    shutil.copytree(ROOT / "rules", tmp_path / "rules", dirs_exist_ok=True)
    (tmp_path / "rules" / "survey.yaml").write_text(survey, encoding="utf-8")
    (tmp_path / "settings.toml").write_text(SETTINGS + BLOCKS["settings.toml"], encoding="utf-8")
    made_at = datetime(2026, 4, 1, 12, tzinfo=UTC).timestamp()
    for file in (tmp_path / "finance").iterdir():
        os.utime(file, (made_at, made_at))
    return tmp_path


def called(here: Path, *arguments: str, now: str = NOW) -> Ended:
    return tiersync(*arguments, cwd=here, env={"TIERSYNC_NOW": now})


def outputs(ended: Ended) -> dict[str, dict[str, str | None]]:
    """Payment and acquisition of every account, as `evaluate` prints them."""
    found: dict[str, dict[str, str | None]] = {}
    for line in ended.stdout.splitlines():
        row = json.loads(line, parse_float=str)
        found[row["account_id"]] = {name: None if row.get(name) is None else str(row[name]) for name in WANTED}
    return found


def test_the_how_to_works_as_it_stands(here: Path) -> None:
    expected = told()
    assert set(expected) == {"A1", "A2", "A3"}
    assert f"export TIERSYNC_NOW={NOW}\n" in HOW_TO
    doctor = called(here, "doctor", "--json")
    assert doctor.code == 0, doctor.stdout
    lines = {finding["subject"]: finding["message"] for finding in doctor.json()["findings"]}
    assert lines["tables.invoices"].startswith("open_items.csv: 4 rows of 2026-04-01, not there: disputed")
    planned = called(here, "plan")
    assert planned.code == 0, planned.stderr
    for line in re.findall(r"^tables\.\w+: .*$", HOW_TO, flags=re.MULTILINE):
        assert line in planned.stderr.splitlines()
    synced = called(here, "sync", "--yes", "--json")
    assert synced.code == 0, synced.stdout
    assert (
        synced.json()["tables"]["invoices"] | {"rows": 4, "matched": 3, "unmatched": 1, "ambiguous": 0}
        == (synced.json()["tables"]["invoices"])
    )
    written = explained(here)
    assert {account: payment(written[account]) for account in expected} == {
        account: payment(row) for account, row in expected.items()
    }
    assert called(here, "sync", "--json").json()["changes"] == 0
    assert (
        "matched by debtor = debtor_number: 3 matched, 1 unmatched, 0 ambiguous in run" in called(here, "doctor").stdout
    )


def payment(row: dict[str, str | None]) -> tuple[str | None, str | None, float | None]:
    """Unknown is an option of the payment status; here it is nothing."""
    status, days, ratio = (row[name] for name in WANTED)
    return None if status == "unknown" else status, days, None if ratio is None else float(ratio)


def explained(here: Path, now: str = NOW) -> dict[str, dict[str, Any]]:
    accounts = ("A1", "A2", "A3")
    return {account: called(here, "explain", account, "--json", now=now).json()["outputs"] for account in accounts}


def test_evaluate_takes_the_tables_from_files_of_their_name(here: Path) -> None:
    shutil.copy(here / "finance" / "open_items.csv", here / "crm" / "invoices.csv")
    shutil.copy(here / "finance" / "spend.csv", here / "crm" / "costs.csv")
    ended = called(here, "evaluate", "--data", "crm", "--as-of", "2026-04-02")
    assert ended.code == 0, ended.stderr
    assert "tables.invoices: 4 rows, 3 matched, 1 unmatched, 0 ambiguous" in ended.stderr
    assert {a: payment(row) for a, row in outputs(ended).items()} == {a: payment(row) for a, row in told().items()}


def test_without_settings_a_table_of_a_data_folder_is_matched_by_account_id(here: Path) -> None:
    (here / "settings.toml").unlink()
    items = "account_id,invoice_date,due_date,open_amount\nA1,2026-01-02,2026-02-01,500\n"
    (here / "crm" / "invoices.csv").write_text(items, encoding="utf-8")
    found = outputs(called(here, "evaluate", "--data", "crm", "--as-of", "2026-04-02"))
    assert [found[account]["seg_payment_status"] for account in ("A1", "A2", "A3")] == ["bad_payer", "ok", "ok"]


def test_an_export_that_is_too_old_counts_as_missing_and_says_so(here: Path) -> None:
    ended = called(here, "sync", "--yes", "--json", now=TOO_LATE)
    assert ended.code == 4, ended.stdout
    [reason] = ended.json()["reasons"]
    assert reason["code"] == "TABLE_TOO_OLD"
    assert reason["message"].startswith("tables.invoices: its data are of 2026-04-01, too old")
    rows = explained(here, TOO_LATE)
    assert {account: row["seg_payment_status"] for account, row in rows.items()} == dict.fromkeys(rows, "unknown")
    assert {row["seg_say_no"] for row in rows.values()} == {"false"}


def test_a_report_that_is_drawn_again_later_sees_the_tables_as_its_run_did(here: Path) -> None:
    assert called(here, "sync", "--yes").code == 0
    drawn = {}
    for name, now in (("at_once", NOW), ("weeks_later", TOO_LATE)):
        assert called(here, "report", "--out", name, now=now).code == 0
        drawn[name] = {file.name: file.read_bytes() for file in (here / name).iterdir()}
    assert drawn["weeks_later"] == drawn["at_once"]


def test_a_newer_export_is_the_accounts_own_data_as_the_cause_of_a_change(here: Path) -> None:
    assert called(here, "sync", "--yes").code == 0
    items = here / "finance" / "open_items.csv"
    items.write_text(items.read_text("utf-8").replace("F1001,D-1,2026-01-02,2026-02-01,1250.00\n", ""), "utf-8")
    ended = called(here, "plan", "--json")
    assert ended.json()["plan"]["by_cause"] == {"own data changed": ended.json()["changes"]}
    assert ended.json()["plan"]["accounts"] == 1


@pytest.mark.parametrize("missing", ["open_items.csv", "spend.csv"])
def test_a_table_that_cannot_be_read_stops_the_run_before_the_crm_is_asked(here: Path, missing: str) -> None:
    (here / "finance" / missing).unlink()
    ended = called(here, "sync", "--yes", "--json")
    assert ended.code == 1
    [reason] = ended.json()["reasons"]
    assert reason["message"].startswith("tables.invoices: " if missing == "open_items.csv" else "tables.costs: ")
    assert ended.json()["pulled"] == {}
    assert not (here / "crm" / "outputs.csv").exists()
    assert called(here, "doctor").code == 1


def test_an_export_that_lost_most_of_its_rows_overnight_is_held(here: Path) -> None:
    with (here / "settings.toml").open("a", encoding="utf-8") as file:
        file.write("[limits]\nmin_accounts = 1\n")
    items = here / "finance" / "open_items.csv"
    head, *rows = items.read_text("utf-8").splitlines(keepends=True)
    items.write_text(
        head + "".join(row.replace(row[:5], f"{row[:5]}{copy}") for row in rows for copy in range(3)), "utf-8"
    )
    assert called(here, "sync", "--yes").code == 0
    items.write_text(head + rows[0], "utf-8")
    held = called(here, "sync", "--json")
    assert (held.code, [reason["code"] for reason in held.json()["reasons"]]) == (3, ["SMALL_PULL"])
    assert held.json()["reasons"][0]["message"].startswith("the pull holds 1 tables.invoices where")


def test_a_survey_fills_a_field_of_the_group(here: Path) -> None:
    survey = "account_id,answered_on,score\nA2,2026-01-01,9\nA2,2026-02-01,10\nA1,2023-01-01,2\n"
    (here / "crm" / "survey.csv").write_text(survey, encoding="utf-8")
    (here / "crm" / "accounts.csv").write_text(
        ACCOUNTS.replace("debtor_number", "network_role").replace("D-2", "active")
    )
    ended = called(here, "evaluate", "--data", "crm", "--as-of", "2026-04-02")
    rows = {row["account_id"]: row for row in map(json.loads, ended.stdout.splitlines())}
    assert [rows[a]["seg_ambassador_source"] for a in ("A1", "A2", "A3")] == ["default", "estimate", "default"]


def test_a_finance_export_beside_hubspot(
    here: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(here)
    monkeypatch.setenv("HUBSPOT_TOKEN", TOKEN)
    monkeypatch.setenv("TIERSYNC_NOW", datetime.now(UTC).isoformat())
    with running(now=lambda: datetime.now(UTC), token=TOKEN) as sandbox:
        portal = Portal(sandbox.url)
        definition = {"name": "debtor_number", "label": "Debtor", "type": "string", "fieldType": "text"}
        portal.post("/crm/v3/properties/companies", definition | {"groupName": "companyinformation"})
        rows = [{"properties": {"name": n, "debtor_number": d}} for n, d in (("Anvil", "d-1 "), ("Cog", ""))]
        ids = portal.create("companies", rows)
        text = SETTINGS.replace(
            'kind = "files"\npath = "crm"', f'kind = "hubspot"\ntoken = "env:HUBSPOT_TOKEN"\nbase_url = "{sandbox.url}"'
        )
        text += BLOCKS["settings.toml"].replace("max_age_days = 45", "max_age_days = 4500")
        (here / "settings.toml").write_text(text, encoding="utf-8")
        assert run(["provision"]) == 0
        assert run(["sync", "--yes"]) == 0, capfd.readouterr()
        held = portal.records("companies", ["seg_payment_status"])
        assert {name: held[i]["seg_payment_status"] for name, i in ids.items()} == {
            "Anvil": "bad_payer",
            "Cog": "unknown",
        }
        capfd.readouterr()
        assert run(["sync", "--json"]) == 0
        assert json.loads(capfd.readouterr().out)["changes"] == 0
