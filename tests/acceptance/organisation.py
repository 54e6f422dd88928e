"""A folder with settings and the Salesforce organisation they lead to: commands as typed, and what people do there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from connector.crm.salesforce.soql import select
from connector.sandbox import running
from connector.sandbox.population import generate
from connector.sandbox.tables import write_tables
from tests.acceptance.commands import TIERSYNC, Ended, ended

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = """
[crm]
kind = "salesforce"
instance_url = "{url}"
{login}
{admin}
[rules]
directory = "rules"
[run]
language = "en"
{more}
"""
LOGIN = 'login = "client_credentials"\nclient_id = "sandbox-integration"\nclient_secret = "env:SF_SECRET"'
ADMIN = '[crm.admin]\nlogin = "client_credentials"\nclient_id = "sandbox-admin"\nclient_secret = "env:SF_SECRET"'
LIMITS = """
[limits]
max_new_say_no_pct = 100
max_tier_change_pct = 100
max_revenue_moved_pct = 100
max_owner_book_pct = 100
"""
ASIDE = ("acquisition", "customer-value", "ladder", "loyalty", "movement", "payment", "service")
"""Models that tests about Salesforce have no need of."""
EVERY = '[schedule]\nevery = "1h"'
V = "/services/data/v66.0"
SESSION = {"Authorization": "Bearer 00D5g00000000G8!sandbox-integration"}
ADMIN_SESSION = {"Authorization": "Bearer 00D5g00000000G8!sandbox-admin"}


class Organisation:
    """One office: its folder, its CRM."""

    capture: pytest.CaptureFixture[str]
    """Of the test that runs."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.settle()

    def settle(self, *, login: str = LOGIN, admin: str = ADMIN, more: str = LIMITS + EVERY) -> None:
        """Write the settings."""
        text = SETTINGS.format(url=self.url, login=login, admin=admin, more=more)
        (self.folder / "settings.toml").write_text(text)

    def run(self, *arguments: str, code: int | None = None) -> Ended:
        """One command to its end; `code` is the exit code it must have."""
        return ended(self.capture, *arguments, code=code)

    def told(self, *arguments: str, code: int = 0) -> Any:
        """The one document a command prints with --json."""
        return self.run(*arguments, "--json", code=code).json()

    def ready(self) -> None:
        """Provisioned, and the first run confirmed."""
        self.run("provision", code=0)
        self.run("sync", "--yes", code=0)

    def work(self) -> tuple[int, str]:
        """Start the worker, let it finish its first run, end it by SIGTERM; its exit code and what it said."""
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(
            [*TIERSYNC, "run"], cwd=self.folder, env=environ, stderr=subprocess.PIPE, text=True
        ) as worker:
            try:
                assert worker.stderr is not None
                said = []
                for line in worker.stderr:
                    said.append(line)
                    if "next run at" in line:
                        break
                worker.send_signal(signal.SIGTERM)
                _, rest = worker.communicate(timeout=60)
            finally:
                worker.kill()
        return worker.returncode, "".join(said) + rest

    def query(self, text: str) -> list[dict[str, Any]]:
        """What the organisation holds."""
        answer = requests.get(f"{self.url}{V}/query", params={"q": text}, headers=SESSION, timeout=30)
        assert answer.ok, answer.text
        return list(answer.json()["records"])

    def accounts(self, *names: str) -> dict[str, dict[str, Any]]:
        """Values by account id."""
        rows = self.query(select(["Id", *names], "Account", order="Id"))
        return {row["Id"]: {name: row[name] for name in names} for row in rows}

    def edit(self, entity: str, record: str, **values: Any) -> None:
        """What a person types."""
        place = f"{self.url}{V}/sobjects/{entity}/{record}"
        assert requests.patch(place, json=values, headers=SESSION, timeout=30).ok

    def win(self, account: str, amount: int) -> None:
        """A deal won today."""
        day = datetime.now(UTC).date().isoformat()
        stage = self.query("SELECT ApiName FROM OpportunityStage WHERE IsWon = true")[0]["ApiName"]
        body = {"Name": f"won {amount}", "AccountId": account, "StageName": stage, "CloseDate": day, "Amount": amount}
        place = f"{self.url}{V}/sobjects/Opportunity"
        answer = requests.post(place, json=body, headers=ADMIN_SESSION, timeout=30)
        assert answer.ok, answer.text

    def control(self, path: str, body: Any) -> Any:
        """The sandbox's own paths."""
        answer = requests.post(f"{self.url}/_sandbox/{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    @contextmanager
    def fault(self, action: str, path: str, **more: Any) -> Iterator[None]:
        """A fault as long as it lasts; it must have struck."""
        with self.faults([(action, {"path": path, **more})]):
            yield

    @contextmanager
    def faults(self, wanted: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[None]:
        """Faults as long as they last; each must have struck."""
        for action, where in wanted:
            self.control("faults", {"action": action, **where})
        yield
        struck = requests.get(f"{self.url}/_sandbox/faults", timeout=30).json()["results"]
        requests.delete(f"{self.url}/_sandbox/faults", timeout=30)
        assert [bool(fault["struck"]) for fault in struck] == [True] * len(wanted), struck

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        requests.delete(f"{self.url}/_sandbox/faults", timeout=30)
        self.control("rules", {"validations": [], "locks": [], "bulk_failures": [], "record_type_values": {}})
        self.control("switches", {"page_rows": 2000, "bulk_polls": 1, "log_days": 15})

    def calls(self) -> list[dict[str, Any]]:
        """Every call so far."""
        return list(requests.get(f"{self.url}/_sandbox/journal", timeout=30).json()["results"])


@contextmanager
def organisation(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, companies: int = 40, without: Sequence[str] = ()
) -> Iterator[Organisation]:
    """A generated population in a Salesforce of its own, with the shipped rules; the folder is the current one.

    `without` names models that are left out: where a test is about Salesforce, most of them only take time.
    """
    now = datetime.now(UTC)
    write_tables(generate(companies=companies, as_of=now.date(), seed=3), folder / "data")
    shutil.copytree(ROOT / "rules", folder / "rules")
    for model in without:
        (folder / "rules" / f"{model}.yaml").unlink()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SF_SECRET", "sandbox-secret")
    with running(now=lambda: datetime.now(UTC), crm="salesforce", data=folder / "data") as sandbox:
        yield Organisation(folder, sandbox.url)
