"""Reading one kind of record: over REST or by a bulk job, counted before, and again where some are missing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.crm.said import say
from connector.crm.salesforce import soql
from connector.crm.salesforce.pulling import bulk_query, keyset
from connector.crm.salesforce.pulling.bulk_query import NotInBulk
from connector.crm.salesforce.pulling.columns import Imprecise
from connector.crm.salesforce.pulling.keyset import Selection
from connector.crm.salesforce.session import checks, queries
from connector.crm.salesforce.values import instant
from connector.model.runs import Reason
from connector.ports import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from connector.crm.salesforce.pulling.columns import Columns
    from connector.crm.salesforce.pulling.intake import Intake
    from connector.crm.salesforce.pulling.sources import Cells
    from connector.crm.salesforce.session.queries import Rows

    Put = Callable[[Page], None]
    Job = Callable[[Put], None]

BULK_FROM = 25
"""Pages of a query from which a bulk job needs fewer calls and less time."""
_SLICE = 5_000
"""Rows of a delivered page of a bulk job: texts take more room here than in the file."""
_SMALL_PAGE = 200
"""Rows of a query's page with two or more long texts."""


class Part(NamedTuple):
    """Some of the records, as they come."""

    new: int
    """How many of them no earlier part held."""
    columns: dict[str, Cells]
    asked: datetime | None
    """Salesforce's time before they were asked for: a later change is too late for them; None excuses nothing."""


def reading(intake: Intake, columns: Columns, *where: str, since: datetime | None = None) -> Job:
    """A job: the records of one kind, in bulk when they are many; BadAnswer when some are missing."""
    entity, table = columns.source.entity, columns.source.table
    what = f"reading {entity}"

    def job(put: Put) -> None:
        size = _SMALL_PAGE if columns.long_texts > 1 else keyset.PAGE
        selection = Selection(entity=entity, fields=columns.expressions, where=where, since=since, size=size)
        counted = queries.count(intake.client, entity, *selection.conditions)
        read = _in_bulk if counted > BULK_FROM * size else _by_query
        arrived, asked = 0, None
        for part in read(intake, columns, selection, what, counted):
            arrived, asked = arrived + part.new, part.asked
            put(Page(table, part.columns))
        if arrived < counted:
            _explain_shortage(intake, selection, asked, arrived)

    return job


def _by_query(intake: Intake, columns: Columns, selection: Selection, what: str, counted: int) -> Iterator[Part]:
    if selection.since is not None:
        yield from _changed(intake, columns, selection, what, counted)
        return
    for page, reached in keyset.pages(intake.client, selection, what):
        yield Part(len(checks.ids(page.records, what)), _cells(columns, page), reached.asked)


def _changed(intake: Intake, columns: Columns, selection: Selection, what: str, counted: int) -> Iterator[Part]:
    """Changes, of which a record that is touched meanwhile brings two.

    Records may be touched faster than they are read: past the moment where the next pull begins, reading ends when
    none that was counted is missing, or when more came again than were counted: then nothing excuses a missing one.
    """
    until, known, arrived = instant(intake.stamps.get(selection.entity)), set[str](), 0
    for page, reached in keyset.pages(intake.client, selection, what):
        before = len(known)
        known.update(checks.ids(page.records, what))
        arrived += len(page.records)
        past = until and reached.stamp and reached.stamp > until
        ends = past and (len(known) >= counted or arrived - len(known) > counted)
        yield Part(len(known) - before, _cells(columns, page), None if ends else reached.asked)
        if ends:
            return


def _cells(columns: Columns, page: Rows) -> dict[str, Cells]:
    try:
        return columns.of_records(page.records)
    except Imprecise:
        return columns.of_records(page.exact())


def _in_bulk(intake: Intake, columns: Columns, selection: Selection, what: str, counted: int) -> Iterator[Part]:
    """Over REST where Salesforce does not do this one in bulk."""
    asked = intake.client.server_time()
    query = soql.select(columns.expressions, selection.entity, *selection.conditions)
    try:
        for table in bulk_query.pages(intake.client, query, what, expressions=columns.expressions):
            for start in range(0, max(1, table.num_rows), _SLICE):
                part = table.slice(start, _SLICE)
                yield Part(part.num_rows, columns.build(partial(_column, part)), asked)
    except NotInBulk as error:  # before the first row
        intake.warnings.append(Reason("NOT_IN_BULK", say("over_rest", why=str(error))))
        yield from _by_query(intake, columns, selection, what, counted)


def _column(table: Any, name: str) -> Cells:
    return list(table.column(name).to_pylist())


def _explain_shortage(intake: Intake, selection: Selection, asked: datetime | None, arrived: int) -> None:
    """People delete meanwhile: fewer records than counted before are right when a second count says so too.

    It leaves out what changed since the last page, or the job, was `asked` for, by Salesforce's clock: that may come
    too late for it.
    """
    settled = () if asked is None else (f"SystemModstamp < {soql.moment(asked)}",)
    expected = queries.count(intake.client, selection.entity, *selection.conditions, *settled)
    if arrived < expected:
        raise checks.bad(
            f"reading {selection.entity}",
            f"{arrived:,} records arrived and Salesforce counts {expected:,}: the pull is incomplete",
        )
