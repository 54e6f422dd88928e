"""Only what changed: ids by search and of what we wrote, values by id, links of what changed, and what is gone."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from connector.crm.crew import gather
from connector.crm.hubspot import mapping
from connector.crm.hubspot.pulling import links
from connector.crm.hubspot.pulling.counts import INDEX_LAG, archived_since, check_complete
from connector.crm.hubspot.pulling.intake import LINK_TABLE
from connector.crm.hubspot.pulling.links import LINKS_BATCH
from connector.crm.hubspot.pulling.objects import BATCH, BEGINNING, in_batches, merged_ids
from connector.model.fields import Table
from connector.ports import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from connector.crm.hubspot.pulling.intake import Intake
    from connector.crm.hubspot.pulling.watermark import Watermark
    from connector.crm.hubspot.session.checks import Record

    Put = Callable[[Page], None]
    Job = Callable[[Put], None]

LINKS_REFRESH = timedelta(hours=24)
"""How often all links are read again: adding or removing one does not reliably touch its records' modified date."""


def pull(intake: Intake, mark: Watermark, deliver: Put, *, refresh_links: bool) -> None:
    """Deliver the changes since a watermark: records, then links, then ids that are gone."""
    changed: dict[Table, set[str]] = {table: set() for table in intake.columns}
    gone: dict[Table, set[str]] = {table: set() for table in intake.columns}
    jobs = [_searching(intake, table, _since(mark, table), changed[table], gone[table]) for table in intake.columns]
    if Table.OWNERS in intake.request.columns:
        jobs.append(intake.owners)
    gather(jobs, deliver)
    find = _all_ids if refresh_links else partial(_touched, changed=changed)
    gather([_linking(intake, table, find) for table in changed if table in LINK_TABLE], deliver)
    for table, ids in gone.items():
        _deliver_gone(table, sorted(ids, key=int), deliver)


def _since(mark: Watermark, table: Table) -> datetime:
    """The lower bound of a search: what the index had not shown by the last pull lies within its lag."""
    newest = mark.newest.get(mapping.KIND[table])
    return newest - INDEX_LAG if newest else BEGINNING


def _searching(intake: Intake, table: Table, since: datetime, changed: set[str], gone: set[str]) -> Job:
    """A job: the records of one table that changed since, and those that are gone."""
    objects, columns = intake.objects(table), intake.columns[table]

    def job(put: Put) -> None:
        before = objects.standing(since=since)
        seen = 0
        merged: list[Record] = []
        absorbed: set[str] = set()

        def read(numbers: Iterable[str]) -> None:
            for ids in in_batches(numbers, BATCH):
                found = objects.read(ids, columns.properties)
                records = _each_once([*found.records, *found.survivors.values()], changed)
                columns.settle(records)
                merged.extend(record for record in records if merged_ids(record))
                put(Page(table, columns.build(records)))
                gone.update(found.gone, found.survivors)
                absorbed.update(*(merged_ids(record) for record in records))

        for page in objects.changed(since):
            seen += len(page)
            read(page)
        read(sorted(_wrote(intake, table) - changed - gone, key=int))
        # A merge may keep one of its ids; what was deleted is asked last: a record that is changed and gone is gone.
        gone.update(absorbed - changed, archived_since(objects, since))
        pause = intake.client.transport.brake.pause
        check_complete(objects, rows=seen, merged=merged, before=before, since=since, pause=pause)

    return job


def _wrote(intake: Intake, table: Table) -> set[str]:
    """The records we wrote since: the index may not show that for minutes."""
    targets = (target for target, its in mapping.TABLE_OF.items() if its is table)
    return {record for target in targets for record in intake.request.wrote.get(target, ())}


def _each_once(records: Iterable[Record], changed: set[str]) -> list[Record]:
    """The records not delivered before (a survivor stands for several old ids), noted as changed."""
    fresh = {record["id"]: record for record in records if record["id"] not in changed}
    changed.update(fresh)
    return list(fresh.values())


def _linking(intake: Intake, table: Table, find: Callable[[Intake, Table], Iterable[str]]) -> Job:
    """A job: the links of the records found."""

    def job(put: Put) -> None:
        for batch in in_batches(sorted(find(intake, table), key=int), LINKS_BATCH):
            put(intake.link_page(table, batch, keep_empty=True))

    return job


def _all_ids(intake: Intake, table: Table) -> list[str]:
    return [record["id"] for page in intake.objects(table).pages(["hs_object_id"]) for record in page]


def _touched(intake: Intake, table: Table, changed: dict[Table, set[str]]) -> set[str]:
    """Changed records, and the records that changed accounts are linked to."""
    ids = set(changed[table])
    accounts, kind = mapping.KIND[Table.ACCOUNTS], mapping.KIND[table]
    for batch in in_batches(sorted(changed.get(Table.ACCOUNTS, ()), key=int), LINKS_BATCH):
        found = links.read(intake.client, intake.paths, accounts, kind, batch)
        ids.update(target for targets in found.targets.values() for target in targets)
    return ids


def _deliver_gone(table: Table, ids: list[str], deliver: Put) -> None:
    columns: dict[str, list[str | None]] = {"table": [table.value] * len(ids), "id": list(ids)}
    deliver(Page(Table.GONE, columns))
