"""The query resources: a page of rows, and the way to the next (salesforce.md 2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.sandbox.answers import Answer, answer
from connector.sandbox.salesforce.answers import Refusal, malformed
from connector.sandbox.salesforce.soql.run import Runner

if TYPE_CHECKING:
    from connector.sandbox.salesforce.calls import Asked
    from connector.sandbox.salesforce.org.tables import Record
    from connector.sandbox.salesforce.soql.select import Selection, Shape

SMALLEST, LARGEST, LONG_TEXTS = 200, 2000, 200
KEPT = 200
"""Cursors kept; the vendor keeps them for two days."""
PREFIX = "0r8"


@dataclass(frozen=True, slots=True)
class Cursor:
    """A query under way."""

    records: list[Record]
    shape: Shape
    page: int
    user: str


def query(asked: Asked) -> Answer:
    """Answer the first page of the rows that are not deleted."""
    return _first(asked, deleted=False)


def query_all(asked: Asked) -> Answer:
    """Answer the first page of all rows, deleted and merged ones too."""
    return _first(asked, deleted=True)


def _first(asked: Asked, *, deleted: bool) -> Answer:
    text = asked.call.first("q")
    if not text:
        raise malformed("A query string has to be specified")
    found = Runner(asked.view, asked.root, deleted=deleted).run(text)
    if found.selection is None:
        return answer({"totalSize": found.total, "done": True, "records": found.rows})
    cursor = Cursor(found.records, found.selection.shape, _size(asked, found.selection), asked.user)
    return _page(asked, asked.org.mint.next(PREFIX), cursor, 0)


def _size(asked: Asked, selection: Selection) -> int:
    text = asked.options("sforce-query-options").get("batchsize", str(LARGEST))
    size = min(LARGEST, max(SMALLEST, int(text))) if text.isdigit() else LARGEST
    return min(size, LONG_TEXTS) if selection.long_texts > 1 else size


def more(asked: Asked, locator: str) -> Answer:
    """Answer the next page; a locator holds its offset behind a dash."""
    identity, _, offset = locator.rpartition("-")
    cursor = asked.org.cursors.get(identity)
    if cursor is None or cursor.user != asked.user or not offset.isdigit() or int(offset) >= len(cursor.records):
        raise Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return _page(asked, identity, cursor, int(offset))


def _page(asked: Asked, identity: str, cursor: Cursor, start: int) -> Answer:
    org, total, size = asked.org, len(cursor.records), max(1, min(cursor.page, asked.org.switches.page_rows))
    if org.switches.short_pages:
        # Size and complexity of the rows make pages shorter than asked for; nobody can tell beforehand.
        size = org.chance.randint(1, size)
    write = cursor.shape.write
    rows = [write(record) for record in cursor.records[start : start + size]]
    content: dict[str, Any] = {"totalSize": total, "done": start + size >= total}
    if not content["done"]:
        _keep(asked, identity, cursor)
        content["nextRecordsUrl"] = f"{asked.root}/query/{identity}-{start + size}"
    return answer(content | {"records": rows})


def _keep(asked: Asked, identity: str, cursor: Cursor) -> None:
    cursors = asked.org.cursors
    cursors[identity] = cursor
    while len(cursors) > KEPT:
        del cursors[next(iter(cursors))]
