"""What somebody relies on who has read the documents alone and never our code."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.cli.ending import run
from connector.sandbox import running
from connector.sandbox.population import generate
from connector.sandbox.tables import write_tables
from tests.acceptance.test_bad_input import ROOT, TOKEN, Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Home]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOKEN", TOKEN)
    shutil.copytree(ROOT / "rules", "rules")
    with running(now=lambda: datetime.now(UTC), population=30, token=TOKEN) as sandbox:
        yield Home(sandbox.url, capfd)


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
