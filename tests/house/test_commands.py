"""Every command of the contract is there, explains itself, and starts without what it does not need."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMANDS = [
    "init",
    "demo",
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
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env={"COLUMNS": "200"})


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_its_shared_options(command: str) -> None:
    done = tiersync(*command.split(), "--help")
    assert done.returncode == 0, done.stderr
    assert all(option in done.stdout for option in SHARED)
    assert f"Usage: tiersync {command} " in done.stdout


def test_the_help_lists_every_command_with_a_sentence() -> None:
    listed = tiersync("--help").stdout
    for command in {name.split()[0] for name in COMMANDS}:
        (line,) = [line for line in listed.splitlines() if line.startswith(f"│ {command} ")]
        assert len(line.strip("│ ").split()) > 2


def imported(*arguments: str) -> set[str]:
    done = tiersync(*arguments, options=("-X", "importtime"))
    assert done.returncode == 0, done.stderr
    return {
        line.rpartition("|")[2].strip().split(".")[0]
        for line in done.stderr.splitlines()
        if line.startswith("import time:")
    }


def test_version_and_help_import_nothing_heavy() -> None:
    assert imported("--version") & HEAVY == set()


def test_the_version_is_the_package_version() -> None:
    assert tiersync("--version").stdout.strip() == "tiersync 0.1.0"
