"""Snapshots in memory."""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from connector.model.fields import KEY, Table
from connector.ports import (
    Page,
    PullSummary,
    Snapshot,
)
from tests.twins.words import TABLE, Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connector.ports import Read


@dataclass
class MemoryMirror:
    """Snapshots as dictionaries; a path names one of their tables."""

    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    tables: dict[Path, dict[str, Row]] = field(default_factory=dict)
    newest: str | None = None

    def current(self) -> Snapshot | None:
        return self.snapshots[self.newest] if self.newest else None

    def snapshot(self, name: str) -> Snapshot | None:
        return self.snapshots.get(name)

    def merged(self) -> dict[str, list[str]]:
        return {name: ids.split(";") for name, row in self._accounts().items() if (ids := row.get("merged_ids"))}

    def owners(self) -> dict[str, str]:
        return {name: owner for name, row in self._accounts().items() if (owner := row.get("owner_id"))}

    def _accounts(self) -> dict[str, Row]:
        return self.tables[self.snapshots[self.newest].files[Table.ACCOUNTS][0]] if self.newest else {}

    def draft(self, *, base: Snapshot | None) -> AbstractContextManager[MemoryDraft]:
        return nullcontext(MemoryDraft(self, base))

    def prune(self, *, keep: int, spare: Sequence[str] = ()) -> None:
        kept = {*list(self.snapshots)[-keep:], *spare}
        self.snapshots = {name: snapshot for name, snapshot in self.snapshots.items() if name in kept}


@dataclass
class MemoryDraft:
    """A snapshot being filled."""

    mirror: MemoryMirror
    base: Snapshot | None
    rows: dict[Table, dict[str, Row]] = field(default_factory=dict)

    def add(self, page: Page) -> None:
        names = list(page.columns)
        for cells in zip(*page.columns.values(), strict=True):
            row = dict(zip(names, cells, strict=True))
            self.rows.setdefault(page.table, {})[str(row[KEY[page.table]])] = row

    def add_beside(self, name: str, columns: Mapping[str, Sequence[str | None]]) -> None:
        """Nothing beside the CRM is kept in memory."""

    def commit(self, summary: PullSummary, *, now: datetime, beside: Mapping[str, Read] | None = None) -> Snapshot:
        assert not beside, "nothing beside the CRM is kept in memory"
        base = None if summary.full else self.base
        name = f"snapshot-{len(self.mirror.tables) // 2 + 1}"
        files = {}
        for table in TABLE.values():
            older = self.mirror.tables[base.files[table][0]] if base else {}
            path = Path(name) / table.value
            files[table] = (path,)
            self.mirror.tables[path] = {**older, **self.rows.get(table, {})}
        counts = {table: len(self.mirror.tables[paths[0]]) for table, paths in files.items()}
        snapshot = Snapshot(name, now, files, counts, summary.watermark, now if base is None else base.full_at)
        rows = {table: self.mirror.tables[paths[0]].values() for table, paths in files.items()}
        filled = {
            table: Counter(name for row in mine for name, cell in row.items() if cell) for table, mine in rows.items()
        }
        snapshot = replace(snapshot, filled=filled)
        self.mirror.snapshots[name] = snapshot
        self.mirror.newest = name
        return snapshot
