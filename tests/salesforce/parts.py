"""What the Salesforce tests share: providers put together around a clock that only moves when slept on."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from connector.crm.salesforce import Login, Salesforce, connect
from connector.model.changes import RecordWrite, Target
from connector.model.fields import Table
from connector.model.secrets import Secret
from connector.ports import Page, PullRequest, PullSummary
from tests.hubspot.parts import FakeClock

TOKEN = "00Dxx0000000001!planted.session"
SESSION = Login("session", token=Secret(TOKEN))

COLUMNS = {
    Table.ACCOUNTS: ("account_id", "name", "own_turnover"),
    Table.DEALS: ("deal_id", "account_id", "name", "amount"),
}


def salesforce_at(url: str, clock: FakeClock | None = None, **options: Any) -> Salesforce:
    """A provider on an address, whose waits take no time."""
    clock = clock or FakeClock()
    given: dict[str, Any] = {"login": SESSION, "timeout_seconds": 2.0, "chance": lambda: 0.5, "ticks": clock.ticks}
    return connect(instance_url=url, now=clock.now, sleep=clock.sleep, **given | options)


Tables = dict[Table, dict[str, list[str | None]]]


def pulled(crm: Salesforce, *, since: str | None = None, **asked: Any) -> tuple[Tables, PullSummary]:
    """All pages of one pull, put together per table."""
    rows: Tables = defaultdict(lambda: defaultdict(list))

    def deliver(page: Page) -> None:
        for name, cells in page.columns.items():
            rows[page.table][name].extend(cells)

    request = PullRequest(**({"columns": COLUMNS, "since": since} | asked))
    summary = crm.pull(request, deliver, lambda *_: None)
    return {table: dict(columns) for table, columns in rows.items()}, summary


def write_to(record: str, **values: str | None) -> RecordWrite:
    return RecordWrite(Target.ACCOUNT, record, tuple(values.items()))
