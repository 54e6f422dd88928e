"""Records cassettes/salesforce again: `make cassettes`.

Against Salesforce itself for the situations that allow it when SF_INSTANCE and SF_SESSION are set, against the sandbox
for all others. Use a small developer organisation: what it holds ends up in the recording.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
import vcr

from connector.crm.salesforce import Login
from connector.model.secrets import Secret
from connector.sandbox import running
from tests.cassette.salesforce.playing import ADMIN, FOLDER, SESSION, as_told, provider, settings
from tests.cassette.salesforce.situations import SITUATIONS, TODAY, Situation
from tests.salesforce.parts import salesforce_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.model.outputs import Output

FILES = {
    "accounts": "account_id,name,employees,country\n001000000000101AAA,Alpha,12,NL\n001000000000102AAA,Beta,,BE\n"
    "001000000000103AAA,Gamma,7,\n",
    "deals": "deal_id,account_id,name,stage,is_won,is_closed,amount,close_date,created_at,deal_type,probability\n"
    "006000000000201AAA,001000000000101AAA,Order 1,closedwon,true,true,201.50,2026-05-01,2026-01-01T09:00:00Z,new,1\n"
    "006000000000202AAA,001000000000102AAA,Two,offer,false,false,202,2026-09-01,2026-01-01T09:00:00Z,existing,0.4\n",
    "tickets": "ticket_id,account_id,created_at,category\n"
    "500000000000301AAA,001000000000101AAA,2026-05-01T09:00:00Z,BILLING_ISSUE\n",
}


class Org:
    """The sandbox as a situation prepares it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, method: str, path: str, body: Any = None) -> None:
        headers = {"Authorization": f"Bearer {SESSION}"}
        answer = requests.request(method, self.url + path, json=body, headers=headers, timeout=30)
        assert answer.ok, answer.text

    def provision(self, outputs: Sequence[Output]) -> None:
        admin = Login("session", token=Secret(ADMIN))
        with closing(salesforce_at(self.url, login=admin, assignee=lambda: "0055g00000000G9AAI")) as crm:
            crm.provision(outputs, language="nl", dry_run=False)


def from_sandbox(situation: Situation, folder: Path) -> None:
    """Record one situation against a fresh sandbox."""
    now = datetime.fromisoformat(TODAY)
    with running(now=lambda: now, crm="salesforce", data=folder) as sandbox:
        situation.prepare(Org(sandbox.url))
        _record(situation, sandbox.url, "")


def _record(situation: Situation, url: str, session: str) -> None:
    path = FOLDER / f"{situation.name}.yaml"
    path.unlink(missing_ok=True)
    with as_told(situation), vcr.VCR(**settings("all")).use_cassette(str(path)):
        crm = provider(situation, url, session)
        outcome = situation.outcome(crm)
    crm.close()
    situation.check(outcome)


def main(names: Sequence[str]) -> None:
    """Record the situations named, or all."""
    instance, session = os.environ.get("SF_INSTANCE", ""), os.environ.get("SF_SESSION", "")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for name, text in FILES.items():
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        for situation in (SITUATIONS[name] for name in names or SITUATIONS):
            live = bool(instance and session) and situation.live
            _record(situation, instance, session) if live else from_sandbox(situation, folder)
            sys.stdout.write(f"{situation.name}: recorded against {'Salesforce' if live else 'the sandbox'}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
