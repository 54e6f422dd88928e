"""The records of one object, and what finds them quickly.

A record is never changed: a write puts a new one in its place, so that an open cursor goes on as it began.
It holds JSON values under its fields' own names and leaves out what is null.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from itertools import filterfalse
from operator import methodcaller
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.sandbox.salesforce.org.schema import SObject

Record = dict[str, Any]
NOTHING: list[Any] = []
DELETED = methodcaller("get", "IsDeleted")


class Table:
    """All records of one object, the deleted ones in the recycle bin included."""

    def __init__(self, sobject: SObject) -> None:
        self.sobject = sobject
        self.rows: dict[str, Record] = {}
        self.version = 0
        self._ordered: tuple[int, list[str], list[Record]] = (-1, [], [])
        self._ids: tuple[int, list[str], list[Record]] = (-1, [], [])
        self._bin: tuple[int, bool] = (-1, False)
        self._by: dict[str, tuple[int, dict[Any, list[Record]]]] = {}

    def put(self, record: Record) -> Record:
        """Place a new record or the next version of one."""
        self.rows[record["Id"]] = record
        self.version += 1
        return record

    def drop(self, identity: str) -> None:
        """Take a record away for good."""
        del self.rows[identity]
        self.version += 1

    def live(self, among: Iterable[Record] | None = None) -> Iterable[Record]:
        """Give the records, or those among some of them, that are not deleted; quick while the recycle bin is empty."""
        if self._bin[0] != self.version:
            self._bin = (self.version, any(map(DELETED, self.rows.values())))
        rows = self.rows.values() if among is None else among
        return filterfalse(DELETED, rows) if self._bin[1] else rows

    def stamped(self, low: str | None, high: str | None) -> list[Record]:
        """Give the records with a SystemModstamp within bounds, in ascending (SystemModstamp, Id)."""
        if self._ordered[0] != self.version:
            rows = sorted(self.rows.values(), key=lambda row: (row["SystemModstamp"], row["Id"]))
            self._ordered = (self.version, [row["SystemModstamp"] for row in rows], rows)
        return _between(self._ordered[1], self._ordered[2], low, high)

    def numbered(self, low: str | None, high: str | None) -> list[Record]:
        """Give the records with an Id within bounds, in ascending Id."""
        if self._ids[0] != self.version:
            ids = sorted(self.rows)
            self._ids = (self.version, ids, [self.rows[identity] for identity in ids])
        return _between(self._ids[1], self._ids[2], low, high)

    def having(self, name: str, values: Iterable[Any]) -> list[Record]:
        """Give the records whose lookup holds one of these ids, in no order."""
        known = self._by.get(name)
        if known is None or known[0] != self.version:
            index: dict[Any, list[Record]] = defaultdict(list)
            for row in self.rows.values():
                index[row.get(name)].append(row)
            known = self._by[name] = (self.version, index)
        return [row for wanted in dict.fromkeys(values) for row in known[1].get(wanted, NOTHING)]


def _between(keys: list[str], rows: list[Record], low: str | None, high: str | None) -> list[Record]:
    start = 0 if low is None else bisect_left(keys, low)
    end = len(keys) if high is None else bisect_right(keys, high)
    return rows[start:end]
