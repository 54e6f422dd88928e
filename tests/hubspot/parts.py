"""What the HubSpot tests share: a clock that only moves when slept on, and providers put together around it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from connector.crm.hubspot import HubSpot, connect
from connector.model.changes import RecordWrite, Target
from connector.model.fields import Table
from connector.ports import Page, PullRequest, PullSummary

if TYPE_CHECKING:
    from tests.hubspot.tiny import Tiny

TOKEN = "pat-na1-0a1b2c3d-planted-token-4e5f"
NOW = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)

LIST = "GET /crm/v3/objects/companies"
COLUMNS = {Table.ACCOUNTS: ("account_id", "name"), Table.DEALS: ("deal_id", "name", "amount")}


@dataclass
class FakeClock:
    """Time that passes only by sleeping."""

    at: float = 0.0
    slept: list[float] = field(default_factory=list)

    def ticks(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.at)


def hubspot_at(url: str, clock: FakeClock | None = None, **options: Any) -> HubSpot:
    """A provider on an address, whose waits take no time."""
    clock = clock or FakeClock()
    given: dict[str, Any] = {"token": TOKEN, "timeout_seconds": 2.0, "chance": lambda: 0.5} | options
    return connect(base_url=url, now=clock.now, sleep=clock.sleep, ticks=clock.ticks, **given)


def hubspot_of(tiny: Tiny, clock: FakeClock | None = None, **options: Any) -> HubSpot:
    """A provider on a tiny HubSpot, without a wire between."""
    crm = hubspot_at("http://tiny.invalid", clock, **options)
    crm._client.wire = cast("Any", tiny)
    return crm


Tables = dict[Table, dict[str, list[str | None]]]


def pulled(crm: HubSpot, *, since: str | None = None, **asked: Any) -> tuple[Tables, PullSummary]:
    """All pages of one pull, put together per table."""
    rows: Tables = defaultdict(lambda: defaultdict(list))

    def deliver(page: Page) -> None:
        for name, cells in page.columns.items():
            rows[page.table][name].extend(cells)

    request = PullRequest(**({"columns": COLUMNS, "since": since} | asked))
    summary = crm.pull(request, deliver, lambda *_: None)
    return {table: dict(columns) for table, columns in rows.items()}, summary


def account(record: str | int, **values: str | None) -> RecordWrite:
    return RecordWrite(Target.ACCOUNT, str(record), tuple(values.items()))


def page(*ids: object, after: object = None, **more: Any) -> dict[str, Any]:
    records = [{"id": number, "properties": {"name": "x"}} for number in ids]
    return {"results": records, **({"paging": {"next": {"after": after}}} if after else {}), **more}
