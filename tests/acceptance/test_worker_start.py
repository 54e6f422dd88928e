"""A worker that can never work ends at once with 2, where a supervisor shows it; what breaks later ends no worker."""

from __future__ import annotations

import os
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connector.sandbox import running
from tests.acceptance.commands import TIERSYNC, tiersync
from tests.acceptance.test_people_told import listener

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
FILES = 'kind = "files"\npath = "."'
HUBSPOT = 'kind = "hubspot"\nbase_url = "http://127.0.0.1:9"'
INVOICES = 'query = "select 1"\nmatch = {vat_number = "name"}'


def settings(home: Path, crm: str, more: str = "", *, rules: Path = ROOT / "rules") -> None:
    (home / "settings.toml").write_text(
        f'[crm]\n{crm}\n[rules]\ndirectory = "{rules}"\n[run]\nlanguage = "en"\n[schedule]\nevery = "1s"\n{more}\n'
    )


@pytest.mark.parametrize(
    ("crm", "more", "said"),
    [
        (f'{HUBSPOT}\ntoken = "env:NOT_SET"', "", "crm.token: env:NOT_SET is not set or empty"),
        (f'{HUBSPOT}\ntoken = "file:gone"', "", "No such file"),
        (FILES, '[alerts]\nurls = ["env:NOT_SET"]', "alerts.urls[0]: env:NOT_SET is not set"),
        (FILES, f'[tables.invoices]\nurl = "env:NOT_SET"\n{INVOICES}', "tables.invoices.url: env:NOT_SET is not set"),
        (FILES, '[run.on_edit]\nseg_teir = "keep"', "did you mean 'seg_tier'?"),
        (FILES, '[engine]\nkind = "spark"', "not in this version"),
        (FILES, '[parameters]\n"pyramid.no_such" = 1', "pyramid.no_such"),
    ],
)
def test_a_worker_that_can_never_work_says_so_at_once_and_ends_with_2(
    crm: str, more: str, said: str, tmp_path: Path
) -> None:
    settings(tmp_path, crm, more)
    ended = tiersync("run", cwd=tmp_path, timeout=60)
    assert (ended.code, ended.stderr.count("error:")) == (2, 1), ended.stderr
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_worker_whose_rules_are_broken_shows_the_place_and_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/own.yaml").write_text("version: 1\nvalues:\n  doubled: 2 * revenu\n")
    settings(tmp_path, FILES, rules=tmp_path / "rules")
    ended = tiersync("run", cwd=tmp_path, timeout=60)
    assert (ended.code, "own.yaml:3:" in ended.stderr) == (2, True), ended.stderr


def test_people_hear_once_of_a_worker_that_cannot_start_however_often_it_is_started(tmp_path: Path) -> None:
    with listener() as (port, heard, texts):
        settings(tmp_path, f'{HUBSPOT}\ntoken = "env:NOT_SET"', f'[alerts]\nurls = ["json://127.0.0.1:{port}/alert"]')
        assert [tiersync("run", cwd=tmp_path, timeout=60).code for _ in range(2)] == [2, 2]
    assert len(heard) == 1
    assert "env:NOT_SET is not set" in texts[0]


def test_people_hear_of_broken_rules_at_the_start_also_where_there_are_tables_beside_the_crm(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/own.yaml").write_text("version: 1\nvalues:\n  doubled: 2 * revenu\n")
    table = '[tables.invoices]\npath = "invoices.csv"\nmatch = {vat_number = "name"}'
    with listener() as (port, heard, texts):
        more = f'{table}\n[alerts]\nurls = ["json://127.0.0.1:{port}/alert"]'
        settings(tmp_path, FILES, more, rules=tmp_path / "rules")
        assert tiersync("run", cwd=tmp_path, timeout=60).code == 2
    assert len(heard) == 1
    assert "own.yaml:3:" in texts[0]


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A worker that runs every second, on a sandbox, with its token in a file."""
    with running(now=lambda: datetime.now(UTC), population=5) as sandbox:
        (tmp_path / "token").write_text("pat-na1-worker-test")
        (tmp_path / "token").chmod(0o600)
        settings(tmp_path, f'kind = "hubspot"\ntoken = "file:token"\nbase_url = "{sandbox.url}"')
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen([*TIERSYNC, "run"], cwd=tmp_path, env=environ, stderr=subprocess.PIPE, text=True) as made:
            try:
                yield made
            finally:
                made.kill()


def hear(worker: subprocess.Popen[str], words: str) -> str:
    """The next line of its log that holds the words."""
    assert worker.stderr is not None
    return next(line for line in worker.stderr if words in line)


def test_a_secret_that_goes_missing_later_fails_the_run_and_the_worker_goes_on(
    worker: subprocess.Popen[str], tmp_path: Path
) -> None:
    hear(worker, "FIRST_RUN")
    (tmp_path / "token").rename(tmp_path / "elsewhere")
    assert "crm.token: cannot read" in hear(worker, "the run failed")
    (tmp_path / "elsewhere").rename(tmp_path / "token")
    hear(worker, "FIRST_RUN")
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=30)
    assert worker.returncode == 0
