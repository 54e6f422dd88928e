"""The report of a run shows the quarters of the good runs before it, of no other run, and says what is missing."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.cli.ending import run
from tests.shared import ROOT

Ask = Callable[..., Any]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Ask:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    for name in ("base", "ladder", "pyramid", "say-no", "tier"):
        shutil.copy(ROOT / "rules" / f"{name}.yaml", "rules")
    Path("data").mkdir()
    Path("settings.toml").write_text('[crm]\nkind = "files"\npath = "data"\n[run]\nlanguage = "en"\n')
    customers(6)

    def asked(day: str, *arguments: str) -> Any:
        monkeypatch.setenv("TIERSYNC_NOW", f"{day}T09:00:00+02:00")
        capfd.readouterr()
        run([*arguments, "--json"])
        return json.loads(capfd.readouterr().out)

    return asked


def customers(count: int) -> None:
    accounts = "".join(f"A{n:02},Account {n}\n" for n in range(20))
    Path("data/accounts.csv").write_text(f"account_id,name\n{accounts}")
    deals = "".join(f"D{n},A{n:02},true,true,{1000 + n}.00,EUR,2025-11-01\n" for n in range(count))
    Path("data/deals.csv").write_text(f"deal_id,account_id,is_won,is_closed,amount,currency,close_date\n{deals}")


def counted() -> dict[str, int]:
    """Per quarter, the accounts that are regular customers or above by then."""
    with Path("var/report/trend.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["output"] == "seg_ladder_step"]
    quarters = dict.fromkeys(f"{row['year']} Q{row['quarter']}" for row in rows)
    chosen = ("top_customer", "regular_customer")
    return {
        quarter: sum(
            int(row["accounts"])
            for row in rows
            if f"{row['year']} Q{row['quarter']}" == quarter and row["value"] in chosen
        )
        for quarter in quarters
    }


def test_every_quarter_is_that_of_its_last_good_run(ask: Ask) -> None:
    assert ask("2026-01-15", "sync", "--yes")["outcome"] == "ok"
    assert "there is nothing to compare with yet" in Path("var/report/report.html").read_text("utf-8")
    customers(7)
    assert ask("2026-03-30", "sync", "--yes")["outcome"] == "ok"
    assert counted() == {"2026 Q1": 7}
    customers(8)
    assert ask("2026-04-02", "sync", "--yes")["outcome"] == "ok"
    assert counted() == {"2026 Q1": 7, "2026 Q2": 8}
    page = Path("var/report/report.html").read_bytes()
    assert b"2 of the last four quarters are missing" in page
    ask("2026-04-03", "report")
    assert Path("var/report/report.html").read_bytes() == page
    customers(9)
    ask("2026-04-03", "plan")
    ask("2026-04-03", "report")
    assert counted() == {"2026 Q1": 7, "2026 Q2": 9}


def test_a_run_that_was_held_and_never_released_is_carried_nowhere(ask: Ask) -> None:
    assert ask("2026-01-15", "sync")["outcome"] == "held"
    assert counted() == {"2026 Q1": 6}
    assert ask("2026-04-02", "sync", "--yes")["outcome"] == "ok"
    assert counted() == {"2026 Q2": 6}
