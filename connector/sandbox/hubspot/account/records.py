"""Records and the shelf that holds those of one object type, in ascending id.

A record is never changed: a write puts a new one in its place, so the lagging search index can go on
holding the old one, and the bytes rendered for a page stay true.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from connector.sandbox.hubspot.account.times import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.sandbox.hubspot.account.kinds import Kind


_NO_VERSIONS: Mapping[str, tuple[Version, ...]] = {}
VERSIONS_KEPT = 20
"""Versions of a property's value that its history tells."""


class Version(NamedTuple):
    """One value that a property was given: when (epoch milliseconds), and by which user; None is an integration."""

    value: str
    at: int
    user: str | None


class Record:
    """One version of one record; `changed` and `archived_at` are epoch milliseconds.

    `versions` are the values its properties were given since it was loaded, the newest first.
    """

    __slots__ = ("_names", "_rendered", "archived_at", "changed", "created", "id", "kind", "properties", "versions")

    def __init__(
        self,
        kind: Kind,
        identity: int,
        properties: dict[str, str],
        *,
        created: int,
        changed: int,
        archived_at: int | None = None,
        versions: Mapping[str, tuple[Version, ...]] = _NO_VERSIONS,
    ) -> None:
        self.kind = kind
        self.id = identity
        self.properties = properties
        self.created = created
        self.changed = changed
        self.archived_at = archived_at
        self.versions = versions
        self._names: tuple[str, ...] | None = None
        self._rendered = b""

    def replaced(self, properties: dict[str, str], *, changed: int | None = None) -> Record:
        """Give the next version of this record."""
        stamp = self.changed if changed is None else changed
        return Record(self.kind, self.id, properties, created=self.created, changed=stamp, versions=self.versions)

    def given(self, names: Iterable[str], user: str | None) -> Record:
        """Note in the history that these properties were just given their values by somebody."""
        versions = dict(self.versions)
        for name in names:
            version = Version(self.properties.get(name, ""), self.changed, user)
            versions[name] = (version, *versions.get(name, ()))[:VERSIONS_KEPT]
        self.versions = versions
        return self

    def binned(self, now: int) -> Record:
        """Give this record as the recycling bin holds it."""
        return Record(self.kind, self.id, self.properties, created=self.created, changed=self.changed, archived_at=now)

    def rendered(self, names: tuple[str, ...], url: str) -> bytes:
        """Write the record with exactly these properties; the last rendering is kept."""
        if self._names is not names:
            self._names, self._rendered = names, orjson.dumps(self.content(names, url))
        return self._rendered

    def content(self, names: Iterable[str], url: str) -> dict[str, Any]:
        """Give the record as HubSpot shapes it; a property without value is null (hubspot.md 4)."""
        get = self.properties.get
        identity = get("hs_object_id")
        content = {
            "id": identity,
            "properties": {name: get(name) for name in names},
            # The top-level dates equal the properties of that meaning, to the letter.
            "createdAt": get(self.kind.created),
            "updatedAt": get(self.kind.modified),
            "archived": self.archived_at is not None,
            "url": f"{url}/{identity}",
        }
        return content if self.archived_at is None else content | {"archivedAt": iso(self.archived_at)}


class Index:
    """What search sees: every change, but only after the lag (hubspot.md 5.5)."""

    def __init__(self, lag_ms: int) -> None:
        self.lag_ms = lag_ms
        self._seen: dict[int, Record] = {}
        self._order: list[int] = []
        self._waiting: deque[tuple[int, int, Record | None]] = deque()

    def note(self, now: int, identity: int, record: Record | None) -> None:
        """Take in a new version, or None for a record that is gone."""
        if self.lag_ms or self._waiting:
            self._waiting.append((now + self.lag_ms, identity, record))
        else:
            self._show(identity, record)

    def records(self, now: int) -> list[Record]:
        """Give what is visible now, in ascending id: creation order, oldest first."""
        while self._waiting and self._waiting[0][0] <= now:
            _, identity, record = self._waiting.popleft()
            self._show(identity, record)
        return [self._seen[identity] for identity in self._order]

    def settle(self) -> None:
        """Show everything that still waits, as long after a load."""
        while self._waiting:
            _, identity, record = self._waiting.popleft()
            self._show(identity, record)

    def _show(self, identity: int, record: Record | None) -> None:
        if record is not None:
            if identity not in self._seen:
                insort(self._order, identity)
            self._seen[identity] = record
        elif self._seen.pop(identity, None) is not None:
            del self._order[bisect_left(self._order, identity)]


class Shelf:
    """All records of one object type: live, archived, and the old ids of merged ones."""

    def __init__(self, kind: Kind, *, lag_ms: int = 0) -> None:
        self.kind = kind
        self.live: dict[int, Record] = {}
        self.archived: dict[int, Record] = {}
        self.aliases: dict[int, int] = {}
        self.index = Index(lag_ms)
        self._order: list[int] = []

    def get(self, text: str) -> Record | None:
        """Find a live record by its id."""
        return self.live.get(int(text)) if text.isascii() and text.isdigit() else None

    def resolve(self, text: str) -> Record | None:
        """Find a live record by its id or by an id that was merged into it."""
        if not (text.isascii() and text.isdigit()):
            return None
        return self.live.get(self.aliases.get(int(text), int(text)))

    def put(self, record: Record, now: int) -> None:
        """Place a new record or the next version of one."""
        if record.id not in self.live:
            insort(self._order, record.id)
        self.live[record.id] = record
        self.index.note(now, record.id, record)

    def take(self, identity: int, now: int) -> Record | None:
        """Take a live record off the shelf."""
        record = self.live.pop(identity, None)
        if record is not None:
            del self._order[bisect_left(self._order, identity)]
            self.index.note(now, identity, None)
        return record

    def archive(self, identity: int, now: int) -> bool:
        """Move a record to the recycling bin; False when it is not there."""
        record = self.take(identity, now)
        if record is not None:
            self.archived[identity] = record.binned(now)
        return record is not None

    def page(self, after: int, limit: int, *, archived: bool = False) -> tuple[list[Record], int | None]:
        """Give up to `limit` records with ids from `after` on, and the id of the next one if there is one."""
        held, order = (self.archived, sorted(self.archived)) if archived else (self.live, self._order)
        start = bisect_left(order, after)
        ids = order[start : start + limit + 1]
        following = ids[limit] if len(ids) > limit else None
        return [held[identity] for identity in ids[:limit]], following
