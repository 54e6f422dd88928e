"""`tiersync run`: a run at once, then it waits; SIGTERM ends it well, and the next one starts where it stopped."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.cli.ending import run
from connector.sandbox import running
from tests.acceptance.commands import tiersync, wait_until

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "connector"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    with running(now=lambda: datetime.now(UTC), population=40) as sandbox:
        (tmp_path / "token").write_text("pat-na1-worker-test")
        (tmp_path / "token").chmod(0o600)
        (tmp_path / "settings.toml").write_text(
            f'[crm]\nkind = "hubspot"\ntoken = "file:token"\nbase_url = "{sandbox.url}"\n'
            f'[rules]\ndirectory = "{ROOT / "rules"}"\n[schedule]\nevery = "1h"\n'
        )
        assert run(["provision"]) == 0
        yield tmp_path


def answer(capfd: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capfd.readouterr()
    assert run([*arguments, "--json"]) == 0
    return json.loads(capfd.readouterr().out)


def lines_until(worker: subprocess.Popen[str], word: str) -> list[str]:
    assert worker.stderr is not None
    lines = []
    for line in worker.stderr:
        lines.append(line)
        if word in line:
            return lines
    raise AssertionError("".join(lines))


def work(home: Path) -> tuple[int, str]:
    """Start the worker, let it finish its first run, end it; return its exit code and what it said."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([*COMMAND, "run"], cwd=home, env=environ, stderr=subprocess.PIPE, text=True) as worker:
        try:
            said = lines_until(worker, "next run at")
            worker.send_signal(signal.SIGTERM)
            _, rest = worker.communicate(timeout=20)
        finally:
            worker.kill()
    return worker.returncode, "".join(said) + rest


def test_the_worker_never_confirms_a_first_run_and_goes_on_once_it_is_approved(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, said = work(home)
    assert code == 0
    assert "FIRST_RUN" in said
    lines = [line for line in said.splitlines() if line.startswith("timestamp=")]
    assert {line.split(" run=")[1].split()[0] for line in lines if "FIRST_RUN" in line or "held" in line} == {
        answer(capfd, "status")["last"]["run"]
    }
    status = answer(capfd, "status")
    assert status["last"]["command"] == "run"
    held = status["held"]["run"]
    assert answer(capfd, "approve", held, "--reason", "looked at it")["written"] > 0
    code, said = work(home)
    assert code == 0
    assert "0 wijzigingen" in said


def test_a_run_that_fails_is_told_with_what_to_do(home: Path) -> None:
    settings = (home / "settings.toml").read_text()
    here = re.sub(r'base_url = ".*"', 'base_url = "http://127.0.0.1:9"\nretry_seconds = 0.1', settings)
    (home / "settings.toml").write_text(here)
    code, said = work(home)
    assert code == 0
    assert "cannot be reached" in said
    assert "check [crm] base_url" in said


def test_a_dry_run_prints_the_times_and_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("settings.toml").write_text('[run]\ntime_zone = "Europe/Amsterdam"\n[schedule]\ncron = "30 2 * * *"\n')
    asked = ["run", "--dry-run", "--from", "2026-10-24", "--until", "2026-10-27"]
    times = ["2026-10-24T02:30:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
    assert answer(capfd, *asked) == {"times": times}
    assert run(asked) == 0
    assert capfd.readouterr().out.split() == times
    assert [path.name for path in tmp_path.iterdir()] == ["settings.toml"]
    assert run(asked[:2]) == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["run", "--from", "2026-10-24"], "--from needs --dry-run"),
        (["run", "--from", "2026-10-24", "--until", "2026-10-27"], "--from and --until need --dry-run"),
        (["run", "--until", "2026-10-27", "--json"], "--until needs --dry-run"),
        (["run", "--dry-run", "--from", "2026-10-27", "--until", "2026-10-24"], "--until lies before --from"),
        (["run", "--dry-run", "--from", "2026-10-24T08:00-05:00", "--until", "2026-10-24T09:00+02:00"], "lies before"),
        (["run", "--dry-run", "--from", "0001-01-01", "--until", "0001-01-02"], "must lie in the years 1000 to 8999"),
    ],
)
def test_moments_given_to_run_never_start_the_worker_by_mistake(given: list[str], said: str, tmp_path: Path) -> None:
    Path(tmp_path / "settings.toml").write_text('[crm]\nkind = "files"\npath = "."\n[schedule]\ncron = "30 2 * * *"\n')
    refused = tiersync(*given, cwd=tmp_path, timeout=20)
    assert refused.code == 2, refused.stderr
    assert said in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["settings.toml"]


NIGHTS = {
    "spring, at a time that does not come": (
        'cron = "30 2 * * *"',
        "2026-03-28",
        ["28T02:30+01", "29T03:30+02", "30T02:30+02"],
    ),
    "spring, after it": ('cron = "0 6 * * *"', "2026-03-28", ["28T06:00+01", "29T06:00+02", "30T06:00+02"]),
    "autumn, at a time that comes twice": (
        'cron = "30 2 * * *"',
        "2026-10-24",
        ["24T02:30+02", "25T02:30+02", "26T02:30+01"],
    ),
    "autumn, after it": ('cron = "0 6 * * *"', "2026-10-24", ["24T06:00+02", "25T06:00+01", "26T06:00+01"]),
    "spring, every day": ('every = "1d"', "2026-03-28T02:30", ["28T02:30+01", "29T03:30+02", "30T02:30+02"]),
    "autumn, every day": ('every = "1d"', "2026-10-24T02:30", ["24T02:30+02", "25T02:30+02", "26T02:30+01"]),
}


@pytest.mark.parametrize("now", ["2026-03-29T01:30:00+00:00", "2026-10-25T01:30:00+00:00", "2026-10-25T00:30:00+00:00"])
@pytest.mark.parametrize("night", NIGHTS)
def test_a_dry_run_shows_one_run_per_local_day_on_both_nights_whatever_the_clock_says_now(
    night: str, now: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    plan, first, days = NIGHTS[night]
    month, last = first[:8], f"{first[:8]}{int(first[8:10]) + 3}"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIERSYNC_NOW", now)
    Path("settings.toml").write_text(f'[run]\ntime_zone = "Europe/Amsterdam"\n[schedule]\n{plan}\n')
    told = answer(capfd, "run", "--dry-run", "--from", first, "--until", last)
    assert told == {"times": [f"{month}{day[:8]}:00{day[8:]}:00" for day in days]}


def test_a_request_to_stop_in_the_middle_of_the_writes_ends_well_after_the_batch_in_hand(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    crm = tomllib.loads((home / "settings.toml").read_text())["crm"]["base_url"]

    def asked(what: str) -> list[dict[str, Any]]:
        return list(requests.get(f"{crm}/_sandbox/{what}", timeout=30).json()["results"])

    def goes_wrong(**how: Any) -> None:
        requests.delete(f"{crm}/_sandbox/faults", timeout=30).raise_for_status()
        requests.post(f"{crm}/_sandbox/faults", json={"path": "batch/update$", **how}, timeout=30).raise_for_status()

    goes_wrong(action="429-daily")
    assert run(["sync", "--yes"]) == 1  # it confirms the first run, and writes nothing
    goes_wrong(action="slow-after", nth=1, seconds=2)
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([*COMMAND, "run"], cwd=home, env=environ, stderr=subprocess.PIPE, text=True) as worker:
        try:
            wait_until(lambda: asked("faults")[0]["struck"], seconds=120)
            began = time.monotonic()
            worker.send_signal(signal.SIGTERM)
            _, said = worker.communicate(timeout=30)
            took = time.monotonic() - began
        finally:
            worker.kill()
    assert (worker.returncode, took < 10) == (0, True), said
    last = answer(capfd, "status")["last"]
    assert last["reasons"][0]["code"] == "STOPPED"
    assert 0 < last["written"] < last["changes"]
    done = answer(capfd, "sync")
    assert done["written"] == last["changes"] - last["written"]
    assert answer(capfd, "sync")["changes"] == 0
