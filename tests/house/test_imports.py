"""Imports point down only, and the contract that says so fails when it is broken."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(folder)}
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "connector", tmp_path / "connector", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_imports_keep_their_contracts() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("model/runs.py", "import connector.planning"),
        ("store/__init__.py", "import connector.engine"),
        ("crm/files/provider.py", "import connector.wiring"),
        ("sandbox/__init__.py", "import connector.crm.files.provider"),
    ],
)
def test_a_planted_upward_or_sideways_import_breaks_the_contract(copy: Path, module: str, line: str) -> None:
    with (copy / "connector" / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    done = lint_imports(copy)
    assert done.returncode == 1
    assert "BROKEN" in done.stdout


def test_a_room_that_is_not_on_the_drawing_breaks_the_contract(copy: Path) -> None:
    (copy / "connector" / "attic.py").write_text("")
    assert lint_imports(copy).returncode != 0
