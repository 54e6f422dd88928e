"""What somebody relies on who has read the documents alone and never our code."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from connector.sandbox import running
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
