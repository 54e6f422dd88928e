"""Reading companies, deals and tickets: listed, searched by keyset, counted, and by id."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.crm.hubspot import mapping
from connector.crm.hubspot.session import checks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from connector.crm.hubspot.paths import Paths
    from connector.crm.hubspot.session.checks import Record
    from connector.crm.hubspot.session.client import Client

LIST_LIMIT = 100
SEARCH_LIMIT = 200
BATCH = 100

ASK_AGAIN_AFTER = (1.0, 3.0, 6.0)
"""Seconds between questions to a search index that contradicts itself or the list: it is late by "a few moments"."""

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""A lower bound for "everything": epoch 0 has made HubSpot's search fail."""


class Standing(Struct, frozen=True):
    """What the search index says of one kind of object: how many there are, and the newest change it knows."""

    total: int
    newest: datetime | None


class Found(Struct, frozen=True):
    """Records read by id: those that exist under the id asked for, those that live on under another, and the gone."""

    records: list[Record]
    survivors: dict[str, Record]
    """Merged-away id -> the record it was merged into."""
    gone: frozenset[str]


class Objects:
    """One kind of HubSpot object (`companies`, `deals`, `tickets`)."""

    def __init__(self, client: Client, paths: Paths, kind: str) -> None:
        self.kind = kind
        self._client = client
        self._paths = paths

    def pages(self, properties: Sequence[str], *, archived: bool = False) -> Iterator[list[Record]]:
        """Every record, ascending by id, 100 at a time; strongly ordered and without the search's ceiling."""
        what = f"listing {'archived ' if archived else ''}{self.kind}"
        query = {"limit": str(LIST_LIMIT), "properties": ",".join(properties), "archived": str(archived).lower()}
        cursor: str | None = None
        last = -1
        while True:
            page = {**query, "after": cursor} if cursor else query
            document = self._client.get(self._paths.objects(self.kind), what, **page)
            records = checks.records(document, what)
            last = checks.ascending(records, last, what)
            cursor = checks.after(document, cursor, what)
            if cursor and not records:
                raise checks.bad(what, "an empty page claims that more follow")
            yield records
            if cursor is None:
                return

    def standing(self, *, since: datetime | None = None) -> Standing:
        """The index's count (of what changed since, when given) and its newest modified date, in one call."""
        what = f"counting {self.kind}"
        body = {
            **_modified_since(since, above=None),
            "sorts": [{"propertyName": mapping.MODIFIED, "direction": "DESCENDING"}],
            "properties": [mapping.MODIFIED],
            "limit": 1,
        }
        document = self._client.post(self._paths.search(self.kind), what, body, lane="search")
        records = checks.records(document, what)
        newest = records[0]["properties"].get(mapping.MODIFIED) if records else None
        return Standing(checks.total(document, what), timestamp(newest, what) if newest else None)

    def changed(self, since: datetime) -> Iterator[list[str]]:
        """Ids of the records modified at or after `since`, ascending, up to 200 at a time.

        Each page asks for ids above the last one seen, sorted by id, and never for an offset: the cursor only
        grows, so it cannot loop; the 10,000 ceiling counts from the cursor, so it is never met; and equal
        modified dates do not matter. A record that changes during the walk keeps its id and only enters the set:
        behind the cursor it is found by the next pull, whose `since` lies before this one began. The walk ends
        where neither the total nor the paging tells of more: the index is late, and each may be wrong for a moment.
        """
        what = f"searching changed {self.kind}"
        last, waits = -1, iter(ASK_AGAIN_AFTER)
        while True:
            body = {
                **_modified_since(since, above=last),
                "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                "properties": ["hs_object_id"],
                "limit": SEARCH_LIMIT,
            }
            document = self._client.post(self._paths.search(self.kind), what, body, lane="search")
            records = checks.records(document, what)
            left = checks.left(document, what)
            last = checks.ascending(records, last, what)
            if records:
                yield [record["id"] for record in records]
            if left <= 0:
                return
            if not records:
                self._wait_for_index(waits, left, what)

    def _wait_for_index(self, waits: Iterator[float], left: int, what: str) -> None:
        """Give the index a moment. Raises BadAnswer when it had them all."""
        wait = next(waits, None)
        if wait is None:
            raise checks.bad(what, f"HubSpot counts {left} more records and shows none of them")
        self._client.transport.brake.pause(wait)

    def read(self, ids: Sequence[str], properties: Sequence[str]) -> Found:
        """At most 100 records by id, each accounted for. Raises BadAnswer when one is left out without a word."""
        what = f"reading {self.kind} by id"
        body = {
            "inputs": [{"id": record} for record in ids],
            "properties": [*dict.fromkeys((*properties, mapping.MERGED))],
            "propertiesWithHistory": [],
        }
        document = self._client.post(self._paths.batch(self.kind, "read"), what, body)
        records = checks.records(document, what)
        gone = checks.ids_in_errors(document, "ids", category="OBJECT_NOT_FOUND")
        asked = set(ids)
        own = {record["id"]: record for record in records if record["id"] in asked}
        survivors = {old: record for record in records for old in merged_ids(record) if old in asked and old not in own}
        checks.nothing_missing(ids, own.keys() | survivors.keys() | gone, what)
        return Found([*own.values()], survivors, frozenset(gone & asked - own.keys() - survivors.keys()))

    def histories(self, ids: Sequence[str], names: Sequence[str]) -> list[Record]:
        """At most 50 records by id, each with the history of these properties."""
        what = f"reading the history of {self.kind}"
        body = {"inputs": [{"id": record} for record in ids], "properties": [], "propertiesWithHistory": [*names]}
        return checks.records(self._client.post(self._paths.batch(self.kind, "read"), what, body), what)


def merged_ids(record: Record) -> list[str]:
    """The ids merged into this record."""
    text = record["properties"].get(mapping.MERGED)
    return [part.strip() for part in text.split(";") if part.strip()] if isinstance(text, str) else []


def in_batches(ids: Iterable[str], size: int) -> Iterator[list[str]]:
    """The ids in lists of at most `size`."""
    batch: list[str] = []
    for record in ids:
        batch.append(record)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def timestamp(text: object, what: str) -> datetime:
    """A HubSpot timestamp: ISO with or without fraction, or epoch milliseconds."""
    try:
        found = datetime.fromisoformat(mapping.moment(str(text)))
    except ValueError:
        raise checks.bad(what, "HubSpot's answer holds a date that cannot be read") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _modified_since(since: datetime | None, *, above: int | None) -> dict[str, object]:
    filters: list[dict[str, str]] = []
    if since is not None:
        milliseconds = str(int(since.timestamp() * 1000))
        filters.append({"propertyName": mapping.MODIFIED, "operator": "GTE", "value": milliseconds})
    if above is not None and above >= 0:
        filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": str(above)})
    return {"filterGroups": [{"filters": filters}]} if filters else {"filterGroups": []}
