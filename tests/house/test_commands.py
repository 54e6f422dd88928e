"""Every command of the contract is there, explains itself, and starts without what it does not need."""

import subprocess
import sys
from pathlib import Path

import pytest

from connector.cli.ending import run
from connector.model.fields import DEALS

ROOT = Path(__file__).parents[2]
COMMANDS = [
    "init",
    "demo",
    "docs",
    "doctor",
    "provision",
    "pull",
    "plan",
    "apply",
    "sync",
    "run",
    "status",
    "runs",
    "runs show",
    "runs export",
    "runs forget",
    "approve",
    "undo",
    "explain",
    "evaluate",
    "rules check",
    "rules test",
    "rules diff",
    "rules docs",
    "rules schema",
    "report",
    "sandbox",
]
SHARED = ["--settings", "--as-of", "--set", "--json", "--verbose"]
HEAVY = {"sqlalchemy", "hubspot", "duckdb", "pyarrow", "requests", "apscheduler", "rich", "pydantic", "structlog"}


def tiersync(*arguments: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *options, "-m", "connector", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_its_shared_options(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command.split(), "--help"]) == 0
    told = capsys.readouterr().out
    assert all(option in told for option in SHARED)
    assert f"Usage: tiersync {command} " in told


def test_the_help_lists_every_command_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    run(["--help"])
    listed = capsys.readouterr().out
    for command in {name.split()[0] for name in COMMANDS}:
        (line,) = [line for line in listed.splitlines() if line.startswith(f"│ {command} ")]
        assert len(line.strip("│ ").split()) > 2


def modules(*arguments: str) -> set[str]:
    done = tiersync(*arguments, options=("-X", "importtime"))
    assert done.returncode == 0, done.stderr
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


def imported(*arguments: str) -> set[str]:
    return {name.split(".")[0] for name in modules(*arguments)}


def test_version_and_help_import_nothing_heavy() -> None:
    assert imported("--version") & HEAVY == set()


def test_evaluating_files_imports_no_crm_and_no_database(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("account_id,name\n1,a\n")
    (tmp_path / "deals.csv").write_text(",".join(field.name for field in DEALS) + "\n")
    found = imported("evaluate", "--data", str(tmp_path), "--rules", str(ROOT / "rules"))
    assert (
        found & {"sqlalchemy", "hubspot", "requests", "urllib3", "apscheduler", "rich", "starlette", "structlog"}
        == set()
    )


LOOKING = HEAVY - {"pydantic"} | {"sqlglot", "alembic", "urllib3", "asyncio"}
"""What no call needs that only looks; options and settings are checked by pydantic."""


def test_checking_rules_imports_neither_data_nor_network() -> None:
    assert imported("rules", "check", str(ROOT / "rules")) & LOOKING == set()


def test_explaining_again_imports_no_database_no_engine_and_no_rule_parser(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("account_id,name\n1,a\n")
    (tmp_path / "deals.csv").write_text(",".join(field.name for field in DEALS) + "\n")
    settings = tmp_path / "settings.toml"
    settings.write_text(f'[crm]\nkind = "files"\npath = "."\n[rules]\ndirectory = "{ROOT}/rules"\n')
    for command in (("pull",), ("explain", "1")):
        assert tiersync(*command, "--settings", str(settings)).returncode == 0
    found = modules("explain", "1", "--settings", str(settings))
    assert {name.split(".")[0] for name in found} & (LOOKING - {"pyarrow"} | {"yaml"}) == set()
    assert "pyarrow.compute" not in found


def test_the_version_is_the_package_version() -> None:
    assert tiersync("--version").stdout.strip() == "tiersync 0.1.0"
