"""One pull: everything or the changes, delivered page by page from the calling thread; complete or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from connector.crm.crew import gather
from connector.crm.said import say
from connector.crm.salesforce import soql
from connector.crm.salesforce.pulling import discounts, gone, watermark
from connector.crm.salesforce.pulling.reading import reading
from connector.crm.salesforce.pulling.sources import SOURCES
from connector.crm.salesforce.session import queries
from connector.model.fields import KEY, Table
from connector.model.runs import Reason
from connector.ports import Page, PullSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.crm.salesforce.pulling.columns import Columns
    from connector.crm.salesforce.pulling.intake import Intake
    from connector.crm.salesforce.pulling.sources import Source
    from connector.ports import Progress

    Put = Callable[[Page], None]


def pull(intake: Intake, deliver: Put, progress: Progress) -> PullSummary:
    """Deliver every page of the request; see ports.Crm.pull."""
    since = intake.request.since
    mark = None if since is None else watermark.parse(since)
    intake.prepare()
    intake.stamp()
    rows: dict[Table, int] = dict.fromkeys(intake.tables(), 0)

    def hand_over(page: Page) -> None:
        arrived = len(next(iter(page.columns.values()), ()))
        if arrived:
            deliver(page)
            rows[page.table] = rows.get(page.table, 0) + arrived
            progress(f"read {page.table.value}", rows[page.table], None)

    if mark is None:
        _everything(intake, hand_over)
    else:
        _changes(intake, mark, hand_over)
    _deliver_rates(intake, hand_over)
    return _summary(intake, rows, full=mark is None)


def _everything(intake: Intake, deliver: Put) -> None:
    _remember(intake, gone.since(intake.client, SOURCES[Table.ACCOUNTS][0], None).winners())
    gather([reading(intake, columns) for columns in intake.columns.values()], deliver)


def _changes(intake: Intake, mark: watermark.Watermark, deliver: Put) -> None:
    """Changed records, the winners of merges with what came to them, then ids that are gone."""
    merged = gone.since(intake.client, SOURCES[Table.ACCOUNTS][0], mark.since("Account")).winners()
    _remember(intake, merged, f"Opportunity.{queries.changed_since(mark.since('Opportunity'))}")
    delivered: dict[Table, set[str | None]] = {}

    def note(page: Page) -> None:
        delivered.setdefault(page.table, set()).update(page.columns[KEY[page.table]])
        deliver(page)

    changing = [columns for columns in intake.columns.values() if columns.source.table is not Table.OWNERS]
    jobs = [reading(intake, columns, since=mark.since(columns.source.entity)) for columns in changing]
    gather([*jobs, *(reading(intake, owners) for owners in intake.of(Table.OWNERS))], note)
    for ids in queries.in_parts(sorted(merged)):
        _remember(intake, merged, f"Opportunity.AccountId IN {soql.any_of(ids)}")
        # Whether a merge moves the stamps of what it re-parents is not documented: it is read anyway.
        gather([reading(intake, columns, _of_accounts(columns, ids)) for columns in changing], note)
    for columns in changing:
        _deliver_gone(intake, mark, columns.source, delivered.get(columns.source.table, set()), deliver)


def _remember(intake: Intake, merged: Mapping[str, list[str]], *lines: str) -> None:
    """What rows need that are read after it: merges, and the discounts of line items where they count."""
    found = None if intake.situation.discounts is None else discounts.read(intake.client, *lines)
    intake.situation = replace(intake.situation, merged=merged, discounts=found)
    for columns in intake.columns.values():
        columns.situate(intake.situation)


def _of_accounts(columns: Columns, ids: list[str]) -> str:
    return f"{'Id' if columns.source.table is Table.ACCOUNTS else 'AccountId'} IN {soql.any_of(ids)}"


def _deliver_gone(
    intake: Intake, mark: watermark.Watermark, source: Source, delivered: set[str | None], deliver: Put
) -> None:
    """Asked last: a record that is changed and gone is gone; one that was taken out of the bin again has changed."""
    begin = mark.since(source.entity)
    logged = gone.logged(intake.client, source, begin) - delivered
    ids = sorted(gone.since(intake.client, source, begin).ids | {name for name in logged if name})
    deliver(Page(Table.GONE, {"table": [source.table.value] * len(ids), "id": [*ids]}))


def _deliver_rates(intake: Intake, deliver: Put) -> None:
    if intake.rates is not None:
        asked = intake.request.columns[Table.CURRENCY_RATES]
        deliver(Page(Table.CURRENCY_RATES, {name: intake.rates[name] for name in asked if name in intake.rates}))


def _summary(intake: Intake, rows: dict[Table, int], *, full: bool) -> PullSummary:
    absent = {table: intake.absent(table) for table in intake.request.columns}
    closed = [
        Reason("NOT_CONNECTED", say("prop", place=table.value, what=words)) for table, words in intake.closed.items()
    ]
    return PullSummary(
        watermark=watermark.Watermark(intake.stamps).text(),
        full=full,
        rows=rows,
        not_connected={table: names for table, names in absent.items() if names},
        home_currency=intake.user.currency,
        warnings=(*intake.warnings, *closed),
    )
