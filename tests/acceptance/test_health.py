"""`tiersync run` seen from outside: probes and figures over HTTP, of the one that works and of the one that waits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from connector.cli.ending import run
from tests.acceptance.commands import TIERSYNC, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TOKEN = "planted-metrics-token-0123456789"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("METRICS_TOKEN", TOKEN)
    Path("accounts.csv").write_text("account_id,name\n1,a\n2,b\n")
    Path("deals.csv").write_text("deal_id,account_id,amount,is_won,is_closed,close_date\n")
    settings()
    return tmp_path


def settings(*, every: str = "1h", worker: str = "") -> None:
    Path("settings.toml").write_text(
        f'[crm]\nkind = "files"\npath = "."\n[rules]\ndirectory = "{ROOT / "rules"}"\n'
        f'[schedule]\nevery = "{every}"\n[worker]\nhealth = "127.0.0.1:0"\n{worker}'
        "[state]\nlease_wait_seconds = 0.1\n"
    )


class Working:
    """A worker in its own process, and what it said so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = self.lines_until("answering at ")
        self.url = self.said[-1].split("answering at ")[1].split(": ")[0]

    def lines_until(self, word: str) -> list[str]:
        assert self.process.stderr is not None
        lines = []
        for line in self.process.stderr:
            lines.append(line)
            if word in line:
                return lines
        raise AssertionError("".join(lines))

    def asked(self, path: str, *, seconds: float = 5, token: str = "") -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.get(self.url + path, timeout=seconds, headers=headers)


@contextmanager
def working() -> Iterator[Working]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([*TIERSYNC, "run"], env=environ, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield Working(process)
        finally:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.communicate(timeout=20)


@pytest.mark.usefixtures("home")
def test_a_good_worker_is_green_everywhere_and_tells_its_figures_to_who_shows_the_token() -> None:
    settings(worker='metrics_token = "env:METRICS_TOKEN"\n')
    assert run(["sync", "--yes"]) == 0
    with working() as worker:
        worker.lines_until("next run at")
        answers = {path: worker.asked(path) for path in ("/livez", "/readyz", "/healthz", "/metrics")}
        figures = worker.asked("/metrics", token=TOKEN)
    codes = {path: answer.status_code for path, answer in answers.items()}
    assert codes == {"/livez": 200, "/readyz": 200, "/healthz": 200, "/metrics": 403}
    assert answers["/healthz"].json()["last_good_age_seconds"] < 60
    assert "tiersync_healthy 1.0" in figures.text
    assert 'tiersync_runs_total{outcome="ok"} 1.0' in figures.text
    assert 'tiersync_last_run_records{table="accounts"} 2.0' in figures.text
    assert "planted" not in "".join([*(answer.text for answer in answers.values()), figures.text, *worker.said])


@pytest.mark.usefixtures("home")
def test_a_worker_whose_runs_are_held_turns_red_on_age_and_stays_alive() -> None:
    settings(every="1s", worker="deadline_minutes = 0.01\n")
    with working() as worker:
        wait_until(lambda: "no good run since the one due at" in worker.asked("/healthz").text, seconds=20)
        assert worker.asked("/healthz").status_code == 503
        assert worker.asked("/livez").status_code == worker.asked("/readyz").status_code == 200


@pytest.mark.usefixtures("home")
def test_a_process_that_stands_still_does_not_answer() -> None:
    with working() as worker:
        wait_until(lambda: worker.asked("/livez").status_code == 200, seconds=20)
        worker.process.send_signal(signal.SIGSTOP)
        with pytest.raises(requests.Timeout):
            worker.asked("/livez", seconds=1)
        worker.process.send_signal(signal.SIGCONT)
        worker.process.terminate()  # taken by any thread, now that it has just woken
        worker.process.communicate(timeout=12)
    with pytest.raises(requests.ConnectionError):
        worker.asked("/livez", seconds=1)


HOLDER = """
import sys, time
from pathlib import Path
from connector.wiring import wire
with wire(Path("settings.toml"), as_of=None, overrides={}).store.lease.hold(wait_seconds=0):
    print("holding", flush=True)
    time.sleep(60)
"""


@pytest.mark.usefixtures("home")
def test_a_replica_that_does_not_hold_the_lease_is_ready_and_healthy_by_the_others_runs() -> None:
    assert run(["sync", "--yes"]) == 0
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], env=environ, stdout=subprocess.PIPE, text=True)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holding\n"
        with working() as worker:
            said = worker.lines_until("trying again at")
            assert "ANOTHER_RUN" in "".join(said)
            assert worker.asked("/readyz").status_code == worker.asked("/healthz").status_code == 200
            assert "tiersync_healthy 1.0" in worker.asked("/metrics").text
        holder.kill()


@pytest.mark.usefixtures("home")
def test_an_address_that_is_taken_ends_the_worker_before_it_begins(capfd: pytest.CaptureFixture[str]) -> None:
    with working() as worker:
        text = Path("settings.toml").read_text().replace("127.0.0.1:0", worker.url.removeprefix("http://"))
        Path("settings.toml").write_text(text)
        assert run(["run"]) == 2
    assert "[worker] health" in capfd.readouterr().err
