"""A planted token turns up nowhere: not in what is printed, not in the state, not in a cassette."""

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from connector.sandbox import running

ROOT = Path(__file__).parents[2]
PLANTED = "pat-na1-planted/0123+4567=89"
FORMS = [PLANTED, quote(PLANTED, safe=""), base64.b64encode(PLANTED.encode()).decode()[:-4], "planted/0123"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("planted")
    with running(now=lambda: datetime.now(UTC), population=60) as sandbox:
        text = f"""
            [crm]
            kind = "hubspot"
            token = "env:PLANTED"
            base_url = "{sandbox.url}"
            [crm.admin]
            token = "file:token"
            [rules]
            directory = "{ROOT / "rules"}"
        """
        (folder / "settings.toml").write_text(text)
        (folder / "token").write_text(PLANTED)
        yield folder


def tiersync(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PLANTED": PLANTED, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "connector", "--verbose", *arguments]
    return subprocess.run(command, cwd=home, env=environ, capture_output=True, text=True, check=False)


def assert_clean(what: str, text: str) -> None:
    for form in FORMS:
        assert form not in text, f"{what} holds the planted token as {form}"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("doctor", {0, 1}),
        ("provision", {0}),
        ("plan --out plan.json", {0}),
        ("sync --yes", {0, 4}),
        ("sync --json", {0, 4}),
        ("status --json", {0}),
        ("pull --set nope=1", {2}),
    ],
)
def test_no_command_prints_a_secret(home: Path, command: str, code: set[int]) -> None:
    done = tiersync(home, *command.split())
    assert done.returncode in code, done.stderr
    assert_clean(command, done.stdout + done.stderr)


def test_an_error_with_its_traceback_prints_no_secret(home: Path) -> None:
    broken = home / "broken.toml"
    broken.write_text((home / "settings.toml").read_text().replace("http://127.0.0.1", "http://user.invalid"))
    done = tiersync(home, "--settings", "broken.toml", "pull", "--full")
    assert done.returncode == 1
    assert_clean("an unreachable host", done.stdout + done.stderr)


def test_the_state_holds_no_secret(home: Path) -> None:
    assert tiersync(home, "sync", "--yes").returncode in {0, 4}
    for path in home.rglob("*"):
        if path.is_file() and path.name != "token":
            assert_clean(str(path), path.read_bytes().decode("latin-1"))


def test_no_cassette_holds_a_token() -> None:
    for path in (ROOT / "cassettes").rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert_clean(str(path), text)
        assert "Bearer pat-" not in text
