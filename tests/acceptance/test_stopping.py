"""A command that is stopped, or meets another one, ends at once and well."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from connector.cli.ending import run
from connector.sandbox import running

ROOT = Path(__file__).parents[2]


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.chdir(tmp_path)
    Path("token").write_text("pat-na1-stopping-test")
    Path("token").chmod(0o600)
    with running(now=lambda: datetime.now(UTC), population=20) as sandbox:
        Path("settings.toml").write_text(
            f'[crm]\nkind = "hubspot"\ntoken = "file:token"\nbase_url = "{sandbox.url}"\n'
            f'[rules]\ndirectory = "{ROOT / "rules"}"\n[state]\nlease_wait_seconds = 0.2\n'
        )
        yield sandbox.url


@pytest.fixture(autouse=True)
def hearing() -> Iterator[None]:
    """A shell makes what it runs in the background deaf to Ctrl-C, and what that starts as well; not here."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@contextmanager
def a_slow_pull(url: str) -> Iterator[subprocess.Popen[str]]:
    """A pull whose first page of companies takes half a minute; it has begun when the block does."""
    slow = {"action": "slow-before", "path": "objects/companies", "seconds": 30}
    assert requests.post(f"{url}/_sandbox/faults", json=slow, timeout=10).status_code == 201
    command = [sys.executable, "-m", "connector", "pull"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as pull:
        try:
            while requests.get(f"{url}/_sandbox/state", timeout=10).json()["requests"] < 3:
                assert pull.poll() is None
                time.sleep(0.1)
            yield pull
        finally:
            pull.kill()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stopped_run_ends_at_once_without_a_traceback_and_is_in_the_journal(
    url: str, number: signal.Signals, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    with a_slow_pull(url) as pull:
        pull.send_signal(number)
        _, said = pull.communicate(timeout=15)
    assert pull.returncode == code
    assert "error: interrupted in run " in said
    assert "the next `tiersync sync` goes on" in said
    assert "Traceback" not in said
    capfd.readouterr()
    assert run(["status", "--json"]) == 0
    last = json.loads(capfd.readouterr().out)["last"]
    assert (last["outcome"], last["reasons"][0]["code"]) == ("failed", "STOPPED")
    assert f"interrupted in run {last['run']}" in said
    assert run(["status"]) == 0
    assert "mislukt (onderbroken; " in capfd.readouterr().out


def test_the_second_of_two_is_held_and_says_who_runs(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    with a_slow_pull(url) as pull:
        code = run(["sync", "--json"])
        document = json.loads(capfd.readouterr().out)
    assert code == 3
    assert [reason["code"] for reason in document["reasons"]] == ["ANOTHER_RUN"]
    assert str(pull.pid) in document["reasons"][0]["message"]
