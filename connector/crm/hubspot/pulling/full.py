"""Everything, by list: one walker per table and one reader of links beside it, sharing the pacing."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from connector.crm.crew import Pipe, gather
from connector.crm.hubspot.mapping import MERGED
from connector.crm.hubspot.pulling.counts import check_complete
from connector.crm.hubspot.pulling.intake import LINK_TABLE
from connector.crm.hubspot.pulling.links import LINKS_BATCH
from connector.crm.hubspot.pulling.objects import in_batches
from connector.model.fields import Table
from connector.ports import Page

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.crm.hubspot.pulling.columns import Cells
    from connector.crm.hubspot.pulling.intake import Intake
    from connector.crm.hubspot.session.checks import Record

    Put = Callable[[Page], None]
    Job = Callable[[Put], None]

CHUNK = 1_000
"""Rows per delivered page, at the least: ten list pages when HubSpot fills them, which it need not."""


def pull(intake: Intake, deliver: Put) -> None:
    """Deliver every record, link and owner; each table is checked against HubSpot's count."""
    jobs: list[Job] = []
    pipes: list[Pipe[list[str]]] = []
    for table in intake.columns:
        pipe: Pipe[list[str]] = Pipe(4)
        pipes.append(pipe)
        jobs.append(_listing(intake, table, pipe))
        if table in LINK_TABLE:
            jobs.append(_linking(intake, table, pipe))
    if Table.OWNERS in intake.request.columns:
        jobs.append(intake.owners)
    gather(jobs, deliver, pipes=pipes)


def _listing(intake: Intake, table: Table, pipe: Pipe[list[str]]) -> Job:
    """A job: all records of one table, their ids passed on to the reader of links, then the count."""
    objects, columns = intake.objects(table), intake.columns[table]

    def job(put: Put) -> None:
        rows = 0
        ids: list[str] = []
        chunk: dict[str, Cells] = {}
        merged: list[Record] = []
        for records in objects.pages(columns.properties):
            if not rows:
                columns.settle(records)
            rows += len(records)
            ids += [record["id"] for record in records]
            for name, cells in columns.build(records).items():  # page by page, while the page is in the cache
                chunk.setdefault(name, []).extend(cells)
            merged += [record for record in records if record["properties"].get(MERGED)]
            if len(ids) >= CHUNK:
                _hand_on(table, ids, chunk, put, pipe)
                ids, chunk = [], {}
        if ids:
            _hand_on(table, ids, chunk, put, pipe)
        pipe.close()
        before, pause = intake.standings[table], intake.client.transport.brake.pause
        check_complete(objects, rows=rows, merged=merged, before=before, since=None, pause=pause)

    return job


def _hand_on(table: Table, ids: list[str], chunk: dict[str, Cells], put: Put, pipe: Pipe[list[str]]) -> None:
    put(Page(table, chunk))
    if table in LINK_TABLE:
        pipe.put(ids)


def _linking(intake: Intake, table: Table, pipe: Pipe[list[str]]) -> Job:
    """A job: the accounts of each thousand records, as their ids arrive; a chunk of short pages may hold more."""

    def job(put: Put) -> None:
        for ids in in_batches(chain.from_iterable(pipe), LINKS_BATCH):
            put(intake.link_page(table, ids, keep_empty=False))

    return job
