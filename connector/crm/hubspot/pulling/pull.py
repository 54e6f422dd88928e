"""One pull: everything or the changes, delivered page by page from the calling thread; complete or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.crm.hubspot import mapping
from connector.crm.hubspot.pulling import changes, full, watermark
from connector.crm.said import say
from connector.model.runs import Reason
from connector.ports import PullSummary

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connector.crm.hubspot.pulling.intake import Intake
    from connector.model.fields import Table
    from connector.ports import Page, Progress


def pull(
    intake: Intake, deliver: Callable[[Page], None], progress: Progress, *, now: Callable[[], datetime]
) -> PullSummary:
    """Deliver every page of the request; see ports.Crm.pull."""
    intake.prepare()
    rows: dict[Table, int] = dict.fromkeys([*intake.columns, *sorted(intake.others())], 0)

    def hand_over(page: Page) -> None:
        arrived = len(next(iter(page.columns.values()), ()))
        if arrived:
            deliver(page)
            rows[page.table] = rows.get(page.table, 0) + arrived
            standing = intake.standings.get(page.table) if intake.request.since is None else None
            progress(f"read {page.table.value}", rows[page.table], standing.total if standing else None)

    links_at = _pull(intake, hand_over, began=now())
    newest = {mapping.KIND[table]: standing.newest for table, standing in intake.standings.items()}
    return _summary(intake, rows, watermark.Watermark(newest, links_at))


def _pull(intake: Intake, deliver: Callable[[Page], None], *, began: datetime) -> datetime:
    """Returns when all links were last read."""
    if intake.request.since is None:
        full.pull(intake, deliver)
        return began
    mark = watermark.parse(intake.request.since)
    recent = mark.links_at is not None and mark.links_at <= began < mark.links_at + changes.LINKS_REFRESH
    changes.pull(intake, mark, deliver, refresh_links=not recent)
    return mark.links_at if recent and mark.links_at is not None else began


def _summary(intake: Intake, rows: dict[Table, int], mark: watermark.Watermark) -> PullSummary:
    intake.require()
    absent = {table: intake.absent(table) for table in intake.request.columns}
    closed = [
        Reason("NOT_CONNECTED", say("closed_table", table=table.value, words=words))
        for table, words in intake.closed.items()
    ]
    return PullSummary(
        watermark=mark.text(),
        full=intake.request.since is None,
        rows={table: count for table, count in rows.items() if table not in intake.closed},
        not_connected={table: names for table, names in absent.items() if names},
        home_currency=intake.details.currency,
        warnings=(*intake.warnings, *closed),
    )
