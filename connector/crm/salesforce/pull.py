"""One pull: everything or the changes, delivered page by page from the calling thread; complete or not at all."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.crm.crew import gather
from connector.crm.salesforce import bulk_query, checks, discounts, gone, keyset, queries, soql, watermark
from connector.crm.salesforce.bulk_query import NotInBulk
from connector.crm.salesforce.columns import Imprecise
from connector.crm.salesforce.sources import SOURCES
from connector.crm.salesforce.values import instant
from connector.model.fields import KEY, Table
from connector.model.runs import Reason
from connector.ports import Page, PullSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from connector.crm.salesforce.columns import Cells, Columns
    from connector.crm.salesforce.intake import Intake
    from connector.crm.salesforce.keyset import Ask
    from connector.crm.salesforce.queries import Rows
    from connector.crm.salesforce.sources import Source
    from connector.ports import Progress

    Put = Callable[[Page], None]
    Job = Callable[[Put], None]
    Part = tuple[int, dict[str, Cells], datetime | None]
    """How many records of a page are new, its columns, and since when a change is too late for it."""

BULK_FROM = 25
"""Pages of a query from which a bulk job needs fewer calls and less time."""
_SLICE = 5_000
"""Rows of a delivered page of a bulk job: texts take more room here than in the file."""
_SMALL_PAGE = 200
"""Rows of a query's page with two or more long texts."""


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
    gather([_reading(intake, columns) for columns in intake.columns.values()], deliver)


def _changes(intake: Intake, mark: watermark.Watermark, deliver: Put) -> None:
    """Changed records, the winners of merges with what came to them, then ids that are gone."""
    merged = gone.since(intake.client, SOURCES[Table.ACCOUNTS][0], mark.since("Account")).winners()
    _remember(intake, merged, f"Opportunity.{queries.changed_since(mark.since('Opportunity'))}")
    delivered: dict[Table, set[str | None]] = {}

    def note(page: Page) -> None:
        delivered.setdefault(page.table, set()).update(page.columns[KEY[page.table]])
        deliver(page)

    changing = [columns for columns in intake.columns.values() if columns.source.table is not Table.OWNERS]
    jobs = [_reading(intake, columns, since=mark.since(columns.source.entity)) for columns in changing]
    gather([*jobs, *(_reading(intake, owners) for owners in intake.of(Table.OWNERS))], note)
    for ids in queries.in_parts(sorted(merged)):
        _remember(intake, merged, f"Opportunity.AccountId IN {soql.any_of(ids)}")
        # Whether a merge moves the stamps of what it re-parents is not documented: it is read anyway.
        gather([_reading(intake, columns, _of_accounts(columns, ids)) for columns in changing], note)
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


def _reading(intake: Intake, columns: Columns, *where: str, since: datetime | None = None) -> Job:
    """A job: the records of one kind, in bulk when they are many."""
    entity, table = columns.source.entity, columns.source.table
    what = f"reading {entity}"

    def job(put: Put) -> None:
        size = _SMALL_PAGE if columns.long_texts > 1 else keyset.PAGE
        ask = keyset.Ask(entity=entity, fields=columns.expressions, where=where, since=since, size=size)
        before = queries.count(intake.client, entity, *ask.conditions)
        read = _in_bulk if before > BULK_FROM * size else _by_query
        seen, asked = 0, None
        for new, cells, at in read(intake, columns, ask, what, before):
            seen, asked = seen + new, at
            put(Page(table, cells))
        if seen < before:
            _explain_shortage(intake, ask, asked, seen)

    return job


def _by_query(intake: Intake, columns: Columns, ask: Ask, what: str, counted: int) -> Iterator[Part]:
    """Over REST: the pages, and how many of their records are new."""
    if ask.since is not None:
        yield from _changed(intake, columns, ask, what, counted)
        return
    for page, reached in keyset.pages(intake.client, ask, what):
        yield len(checks.ids(page.records, what)), _cells(columns, page), reached.asked


def _changed(intake: Intake, columns: Columns, ask: Ask, what: str, counted: int) -> Iterator[Part]:
    """Changes, of which a record that is touched meanwhile brings two.

    Records may be touched faster than they are read: past the moment where the next pull begins, reading ends when
    none that was counted is missing, or when more came again than were counted: then nothing excuses a missing one.
    """
    until, known, arrived = instant(intake.stamps.get(ask.entity)), set[str](), 0
    for page, reached in keyset.pages(intake.client, ask, what):
        before = len(known)
        known.update(checks.ids(page.records, what))
        arrived += len(page.records)
        past = until and reached.stamp and reached.stamp > until
        ends = past and (len(known) >= counted or arrived - len(known) > counted)
        yield len(known) - before, _cells(columns, page), None if ends else reached.asked
        if ends:
            return


def _cells(columns: Columns, page: Rows) -> dict[str, Cells]:
    try:
        return columns.of_records(page.records)
    except Imprecise:
        return columns.of_records(page.exact())


def _column(table: Any, name: str) -> Cells:
    return list(table.column(name).to_pylist())


def _in_bulk(intake: Intake, columns: Columns, ask: Ask, what: str, counted: int) -> Iterator[Part]:
    """By a bulk job; over REST where Salesforce does not do this one in bulk."""
    begun = False
    query = soql.select(columns.expressions, ask.entity, *ask.conditions)
    try:
        for table in bulk_query.pages(intake.client, query, what, expressions=columns.expressions):
            begun = True
            for start in range(0, max(1, table.num_rows), _SLICE):
                part = table.slice(start, _SLICE)
                yield part.num_rows, columns.build(partial(_column, part)), None
    except NotInBulk as error:
        if begun:
            raise
        intake.warnings.append(Reason("NOT_IN_BULK", f"read over REST instead: {error}"))
        yield from _by_query(intake, columns, ask, what, counted)


def _explain_shortage(intake: Intake, ask: Ask, asked: datetime | None, seen: int) -> None:
    """People delete meanwhile: fewer records than counted before are right when a second count says so too.

    It leaves out what changed since the last page was `asked` for, by Salesforce's clock: no page could hold that.
    """
    settled = () if asked is None else (f"SystemModstamp < {soql.moment(asked)}",)
    expected = queries.count(intake.client, ask.entity, *ask.conditions, *settled)
    if seen < expected:
        raise checks.bad(
            f"reading {ask.entity}",
            f"{seen:,} records arrived and Salesforce counts {expected:,}: the pull is incomplete",
        )


def _deliver_rates(intake: Intake, deliver: Put) -> None:
    if intake.rates is not None:
        asked = intake.request.columns[Table.CURRENCY_RATES]
        deliver(Page(Table.CURRENCY_RATES, {name: intake.rates[name] for name in asked if name in intake.rates}))


def _summary(intake: Intake, rows: dict[Table, int], *, full: bool) -> PullSummary:
    absent = {table: intake.absent(table) for table in intake.request.columns}
    closed = [Reason("NOT_CONNECTED", f"{table.value}: {words}") for table, words in intake.closed.items()]
    return PullSummary(
        watermark=watermark.Watermark(intake.stamps).text(),
        full=full,
        rows=rows,
        not_connected={table: names for table, names in absent.items() if names},
        home_currency=intake.user.currency,
        warnings=(*intake.warnings, *closed),
    )
