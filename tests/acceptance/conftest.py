"""What the groups share."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.sandbox import running
from tests.acceptance.home import TOKEN, Home
from tests.acceptance.organisation import ASIDE, Organisation, organisation

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Home]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOKEN", TOKEN)
    shutil.copytree(ROOT / "rules", "rules")
    with running(now=lambda: datetime.now(UTC), population=30, token=TOKEN) as sandbox:
        yield Home(sandbox.url, capfd)


@pytest.fixture
def office(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Organisation]:
    with organisation(tmp_path, monkeypatch, without=ASIDE) as made:
        made.capture = capfd
        yield made
