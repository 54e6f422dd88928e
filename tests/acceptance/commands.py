"""The installed command and the sandbox, as a user starts them: processes and real HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from connector.cli.ending import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pytest

TOKEN = "pat-eu1-00000000-0000-4000-8000-000000000001"
TIERSYNC = [sys.executable, "-m", "connector"]


@dataclass(frozen=True)
class Ended:
    """A command that ended."""

    code: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.stdout)


def ended(capture: pytest.CaptureFixture[str], *arguments: str, code: int | None = None) -> Ended:
    """Run the command in this process to its end; `code` is the exit code it must have."""
    capture.readouterr()
    found = run(arguments)
    out, err = capture.readouterr()
    assert code is None or found == code, out + err
    return Ended(found, out, err)


def tiersync(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 120) -> Ended:
    """Run the command to its end in a folder."""
    ended = subprocess.run(
        [*TIERSYNC, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(Path.cwd()), "HUBSPOT_TOKEN": TOKEN, **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@contextmanager
def sandbox(*arguments: str, cwd: Path, crm: str = "hubspot", env: Mapping[str, str] | None = None) -> Iterator[str]:
    """A sandbox in its own process; gives its base URL."""
    own = ["--token", TOKEN] if crm == "hubspot" else []
    server = subprocess.Popen(
        [*TIERSYNC, "sandbox", "--crm", crm, "--port", "0", *own, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(Path.cwd()), **(env or {})},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line.startswith("listening on "), line
        yield line.split()[-1]
    finally:
        server.terminate()
        server.wait(timeout=20)
        if server.stdout is not None:
            server.stdout.close()


def settings(folder: Path, url: str, *, more: str = "", rules: str | None = None) -> Path:
    """A settings file for the sandbox, with the shipped rules."""
    text = f"""
[crm]
kind = "hubspot"
token = "env:HUBSPOT_TOKEN"
base_url = "{url}"
[rules]
directory = "{rules or (folder / "rules")}"
[state]
database = "sqlite:///var/tiersync.db"
mirror = "var/mirror"
[run]
time_zone = "Europe/Amsterdam"
home_currency = "EUR"
language = "en"
{more}
"""
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


class Portal:
    """The CRM's own HTTP interface, used as its owner would: what is in there, whoever wrote it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {TOKEN}"

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """One call that must succeed."""
        answer = self.session.post(self.url + path, json=body, timeout=60)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def create(self, kind: str, inputs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """Create records in batches of 100; gives name -> id."""
        key = "dealname" if kind == "deals" else "name"
        ids: dict[str, str] = {}
        for start in range(0, len(inputs), 100):
            done = self.post(f"/crm/v3/objects/{kind}/batch/create", {"inputs": inputs[start : start + 100]})
            assert "errors" not in done, done
            ids |= {record["properties"][key]: record["id"] for record in done["results"]}
        return ids

    def records(self, kind: str, properties: Sequence[str]) -> dict[str, dict[str, str | None]]:
        """Every record by id, with the named properties."""
        found: dict[str, dict[str, str | None]] = {}
        after = None
        while True:
            query = {"limit": "100", "properties": ",".join(properties)} | ({"after": after} if after else {})
            page = self.session.get(f"{self.url}/crm/v3/objects/{kind}", params=query, timeout=60).json()
            found |= {record["id"]: record["properties"] for record in page["results"]}
            after = page.get("paging", {}).get("next", {}).get("after")
            if not after:
                return found

    def journal(self) -> list[dict[str, Any]]:
        """What the sandbox was asked so far."""
        answer = self.session.get(f"{self.url}/_sandbox/journal", timeout=60).json()
        return list(answer["results"])


def wait_until(condition: Any, *, seconds: float, step: float = 0.1) -> None:
    """Poll until true; fails when it never becomes so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(step)
