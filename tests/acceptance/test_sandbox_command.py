"""`tiersync sandbox` as a person starts it: a process, a port, a file that survives."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import requests

from connector.sandbox.server import bind

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "connector", "sandbox"]
HEADERS = {"Authorization": "Bearer pat-eu1-test"}
COMPANIES = "/crm/v3/objects/companies"


@contextmanager
def started(*options: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the command; give the process and the URL it printed."""
    env = {**os.environ, **environment}
    command = [*COMMAND, "--limits", "off", *options]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line.startswith("listening on http://127.0.0.1:"), line
            yield process, line.removeprefix("listening on ").strip()
        finally:
            process.kill()


def ask(url: str, method: str, path: str, body: object = None, **headers: str) -> Any:
    reply = requests.request(method, url + path, json=body, headers=HEADERS | headers, timeout=10)
    return reply.json() if reply.content else None


def stop(process: subprocess.Popen[str], sign: signal.Signals = signal.SIGTERM) -> int:
    process.send_signal(sign)
    return process.wait(timeout=15)


def refused(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *options], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)


def names(url: str) -> set[str]:
    return {record["properties"]["name"] for record in ask(url, "GET", f"{COMPANIES}?limit=100")["results"]}


def test_it_prints_where_it_listens_and_ends_well_at_sigterm() -> None:
    with started("--companies", "30") as (process, url):
        assert len(ask(url, "GET", f"{COMPANIES}?limit=100")["results"]) == 30
        assert stop(process) == 0


def test_it_listens_on_this_machine_only() -> None:
    with bind(0) as taken:
        assert taken.getsockname()[0] == "127.0.0.1"


def test_it_serves_the_files_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("account_id,name\n7,Alpha\n", encoding="utf-8")
    (tmp_path / "deals.csv").write_text("deal_id,account_id,amount\n9,7,100.00\n", encoding="utf-8")
    with started("--data", str(tmp_path)) as (_, url):
        assert names(url) == {"Alpha"}
        assert ask(url, "GET", "/crm/v3/objects/deals/9?properties=amount")["properties"]["amount"] == "100.00"


def test_a_state_file_keeps_the_account_over_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "sandbox.json"
    options = ("--companies", "5", "--state", str(state))
    with started(*options) as (process, url):
        made = ask(url, "POST", COMPANIES, {"properties": {"name": "Alpha"}})["id"]
        group = {"groupName": "companyinformation", "type": "string", "fieldType": "text"}
        ask(url, "POST", "/crm/v3/properties/companies", {"name": "ct_tier", "label": "Tier", **group})
        deal = ask(url, "GET", "/crm/v3/objects/deals?limit=1")["results"][0]["id"]
        before = ask(url, "POST", "/crm/v4/associations/deals/companies/batch/read", {"inputs": [{"id": deal}]})
        assert stop(process) == 0
    with started(*options) as (process, url):
        assert ask(url, "GET", f"{COMPANIES}/{made}?properties=name,ct_tier")["properties"]["ct_tier"] is None
        after = ask(url, "POST", "/crm/v4/associations/deals/companies/batch/read", {"inputs": [{"id": deal}]})
        assert after["results"] == before["results"]
        assert ask(url, "POST", COMPANIES, {"properties": {"name": "Beta"}})["id"] > made
        assert ask(url, "POST", f"{COMPANIES}/search", {})["total"] == 7
        assert stop(process) == 0


def test_a_killed_sandbox_leaves_a_whole_state_file(tmp_path: Path) -> None:
    state = tmp_path / "sandbox.json"
    with started("--state", str(state)) as (process, url):
        ask(url, "POST", COMPANIES, {"properties": {"name": "Alpha"}})
        end = time.monotonic() + 10
        while not (state.exists() and b"Alpha" in state.read_bytes()):
            assert time.monotonic() < end, "the state is written while it serves"
            time.sleep(0.05)
        assert stop(process, signal.SIGKILL) == -signal.SIGKILL
    assert orjson.loads(state.read_bytes())["version"] == 1
    with started("--state", str(state)) as (_, url):
        assert names(url) == {"Alpha"}


def test_a_state_file_of_something_else_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "notes.json"
    state.write_text('{"version": 99}', encoding="utf-8")
    done = refused("--state", str(state))
    assert (done.returncode, done.stdout) == (2, "")
    assert "notes.json" in done.stderr
    assert state.read_text(encoding="utf-8") == '{"version": 99}'


def test_a_fixed_clock_is_the_accounts_clock() -> None:
    with started(TIERSYNC_NOW="2020-06-01T08:00:00+02:00") as (_, url):
        made = ask(url, "POST", COMPANIES, {"properties": {"name": "Alpha"}})
        assert made["createdAt"] == "2020-06-01T06:00:00Z"


def test_only_the_named_token_opens_it() -> None:
    with started("--token", "pat-eu1-right") as (_, url):
        assert ask(url, "GET", COMPANIES)["category"] == "INVALID_AUTHENTICATION"
        assert ask(url, "GET", COMPANIES, Authorization="Bearer pat-eu1-right")["results"] == []


def test_the_real_limits_are_on_by_default() -> None:
    command = [*COMMAND, "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("listening on ").strip()
        with requests.Session() as session:
            codes = [session.post(f"{url}{COMPANIES}/search", json={}, headers=HEADERS).status_code for _ in range(20)]
        process.kill()
    assert 429 in codes


def test_it_serves_salesforce_and_keeps_the_org_over_a_restart(tmp_path: Path) -> None:
    session = {"Authorization": "Bearer 00D5g00000000G8!sandbox-integration"}
    options = ("--crm", "salesforce", "--companies", "30", "--state", str(tmp_path / "org.json"))
    accounts = "/services/data/v66.0/sobjects/Account"
    with started(*options) as (process, url):
        made = ask(url, "POST", accounts, {"Name": "Alpha"}, **session)["id"]
        assert stop(process) == 0
    with started(*options) as (process, url):
        assert ask(url, "GET", f"{accounts}/{made}", **session)["Name"] == "Alpha"
        counted = ask(url, "GET", "/services/data/v66.0/query?q=SELECT+COUNT()+FROM+Account", **session)
        assert counted["totalSize"] == 31
        assert stop(process) == 0


def test_a_certificate_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("nothing", encoding="utf-8")
    done = refused("--crm", "salesforce", "--certificate", str(tmp_path / "key.pem"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "key.pem" in done.stderr


def test_a_folder_without_accounts_is_wrong_usage(tmp_path: Path) -> None:
    done = refused("--data", str(tmp_path))
    assert done.returncode == 2
    assert "no accounts file" in done.stderr


def test_a_port_in_use_is_wrong_usage() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = refused("--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "--port" in done.stderr
