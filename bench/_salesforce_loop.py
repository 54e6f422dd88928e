"""One process, one measurement: `python -m bench._salesforce_loop WHAT URL`.

library   every opportunity by simple-salesforce's query_all_iter into dicts
provider  every opportunity by our provider, pages thrown away
write     ten thousand changed accounts, in the batches and with the reads of a run
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce

from connector.crm.salesforce import Login, connect
from connector.model.changes import RecordWrite, Target
from connector.model.fields import Table
from connector.model.secrets import Secret
from connector.ports import PullRequest
from connector.sync.write import FIRST_BATCH

SESSION = "00D5g00000000G8!sandbox-integration"
COLUMNS = (
    "deal_id", "account_id", "name", "stage", "is_won", "is_closed", "amount", "close_date", "created_at", "deal_type",
    "probability", "owner_id",
)  # fmt: skip
EVERY = (
    "SELECT Id, AccountId, Name, StageName, IsWon, IsClosed, Amount, CloseDate, CreatedDate, Type, Probability, "
    "OwnerId FROM Opportunity"
)
CHANGED = 10_000


class Loopback(HTTPAdapter):
    """simple-salesforce always says https."""

    def __init__(self, base: str) -> None:
        self.base = base
        super().__init__()

    def send(self, request: Any, *args: Any, **options: Any) -> Any:
        request.url = self.base + request.path_url
        return super().send(request, *args, **options)


def library(url: str) -> dict[str, Any]:
    """The field's usual way."""
    session = requests.Session()
    session.mount("https://", Loopback(url))
    sf = Salesforce(session_id=SESSION, instance="sandbox.my.salesforce.com", session=session, version="66.0")
    return {"rows": sum(1 for _ in sf.query_all_iter(EVERY))}


def provider(url: str) -> dict[str, Any]:
    """Ours."""
    crm = connect(now=_now, instance_url=url, login=Login("session", token=Secret(SESSION)))
    summary = crm.pull(PullRequest({Table.DEALS: COLUMNS}), lambda _: None, lambda *_: None)
    crm.close()
    return {"rows": summary.rows[Table.DEALS], "calls": crm.requests()}


def write(url: str) -> dict[str, Any]:
    """As a run does it: look what the CRM holds, then write; the first batch is small and read back."""
    crm = connect(now=_now, instance_url=url, login=Login("session", token=Secret(SESSION)))
    names: list[str] = []
    asked = PullRequest({Table.ACCOUNTS: ("account_id",)})
    crm.pull(asked, lambda page: names.extend(map(str, page.columns["account_id"])), lambda *_: None)
    names = names[:CHANGED]
    before = crm.requests()
    written = 0
    for start, end in ((0, FIRST_BATCH), (FIRST_BATCH, CHANGED)):
        batch = names[start:end]
        crm.read(Target.ACCOUNT, batch, ["pain_fit"])
        changes = [RecordWrite(Target.ACCOUNT, name, (("pain_fit", "low"),)) for name in batch]
        written += sum(outcome.landed.value == "written" for outcome in crm.write(changes))
    crm.read(Target.ACCOUNT, names[:FIRST_BATCH], ["pain_fit"])
    crm.close()
    return {"written": written, "calls": crm.requests() - before}


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    began, used = time.perf_counter(), time.process_time()
    found = {"library": library, "provider": provider, "write": write}[sys.argv[1]](sys.argv[2])
    took = {"pull_wall": time.perf_counter() - began, "pull_cpu": time.process_time() - used}
    print(json.dumps(found | took))
