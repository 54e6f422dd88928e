"""A name that is misspelt changes no verdict in silence: it is told once, and stops nothing."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.acceptance.commands import Ended, ended

RULES = """version: 1
fields:
  staff: {from: account.employees, type: number}
  region: {from: account.regions, type: text}
tables:
  invoices: {columns: {due_date: date, open_amount: money}}
outputs:
  seg_tier: {from: tier, label: Tier, options: {large: Large, small: Small}}
models:
  tier:
    kind: first_match
    rules:
      - {when: staff > 100, then: large}
      - {otherwise: small}
"""
DEALS = "deal_id,account_id,is_won,amount,close_date\n"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with rules, settings and files."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "own.yaml").write_text(RULES, "utf-8")
    files(tmp_path, "account_id,employees\nA1,200\n")
    return tmp_path


def files(here: Path, accounts: str) -> None:
    (here / "data").mkdir(exist_ok=True)
    (here / "data" / "accounts.csv").write_text(accounts, "utf-8")
    (here / "data" / "deals.csv").write_text(DEALS, "utf-8")


def settings(here: Path, *, language: str = "en", table: str = "") -> tuple[str, str]:
    section = f'[tables.{table}]\npath = "x.csv"\nmatch = {{debtor = "account_id"}}\n' if table else ""
    text = f'[crm]\nkind = "files"\npath = "data"\n[run]\nlanguage = "{language}"\n{section}'
    (here / "settings.toml").write_text(text, "utf-8")
    return "--settings", str(here / "settings.toml")


@pytest.mark.parametrize("command", [("plan",), ("plan", "--json"), ("sync", "--yes"), ("sync", "--yes", "--json")])
@pytest.mark.parametrize(
    "case",
    [
        ("en", "invoice", "tables.invoice: no rule reads it; did you mean 'invoices'?"),
        ("nl", "invoice", "tables.invoice: geen regel leest hem; bedoelde je 'invoices'?"),
        (
            "en",
            "survey",
            "tables.survey: no rule reads it; `tables: {survey: …}` in a rule file, or remove the section",
        ),
    ],
)
def test_a_table_that_no_rule_reads_is_told_once_and_stops_nothing(
    command: tuple[str, ...], case: tuple[str, str, str], here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    language, table, line = case
    found = ended(capfd, *command, *settings(here, language=language, table=table), code=0)
    assert [told for told in found.stderr.splitlines() if told.startswith("tables.")] == [line]
    assert "tables." not in found.stdout


def test_doctor_names_the_table_that_was_meant_in_the_language_of_the_settings(
    here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told = ended(capfd, "doctor", *settings(here, language="nl", table="invoice")).stdout
    assert "let op tables.invoice: geen regel leest hem\n       oplossing: bedoelde je 'invoices'?\n" in told


def evaluated(here: Path, capfd: pytest.CaptureFixture[str], language: str = "en") -> Ended:
    return ended(capfd, "evaluate", "--data", str(here / "data"), *settings(here, language=language), code=0)


def told(found: Ended) -> list[str]:
    return [line for line in found.stderr.splitlines() if " column " in line or " kolom " in line]


def test_a_column_that_looks_like_a_missing_one_is_told_and_stays_a_custom_field(
    here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    files(here, "account_id\nA1\n")
    without = evaluated(here, capfd)
    files(here, "account_id,employes\nA1,200\n")
    found = evaluated(here, capfd)
    line = (
        "the column 'employes' is taken as a custom field; 'employees' is missing: rename the column if that is meant"
    )
    assert told(found) == [f"accounts.csv: {line}"]
    assert (told(without), found.stdout) == ([], without.stdout)
    assert json.loads(found.stdout)["seg_tier"] == "small"


def test_a_column_that_looks_misspelt_is_told_in_dutch_of_parquet_too(
    here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    files(here, "")
    (here / "data" / "accounts.csv").unlink()
    pq.write_table(pa.table({"account_id": ["A1"], "Employee": ["200"]}), here / "data" / "accounts.parquet")
    line = "de kolom 'Employee' geldt als eigen veld; 'employees' ontbreekt: hernoem de kolom als die bedoeld is"
    assert told(evaluated(here, capfd, "nl")) == [f"accounts.parquet: {line}"]


@pytest.mark.parametrize(
    "column",
    [
        pytest.param("regions", id="that a rule reads"),
        pytest.param("employees", id="that is known"),
        pytest.param("headcount", id="of another name"),
        pytest.param("created_by", id="of a name that is near"),
        pytest.param("nbr", id="too short to be told apart"),
    ],
)
def test_a_column_is_not_called_misspelt(column: str, here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    files(here, f"account_id,{column}\nA1,200\n")
    assert told(evaluated(here, capfd)) == []


def test_a_column_is_not_called_misspelt_when_what_it_looks_like_is_there(
    here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    files(here, "account_id,employees,employes\nA1,200,3\n")
    assert told(evaluated(here, capfd)) == []
