"""A snapshot being filled: pages in, one complete folder out."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from connector.errors import BadAnswer, StopRun
from connector.store import disk
from connector.store.assembly import assemble
from connector.store.parquet import TableFile, release_memory

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from connector.model.fields import Table
    from connector.ports import Page, PullSummary, Snapshot

    Commit = Callable[[Path, dict[str, Any]], Snapshot]


class ParquetDraft:
    """Pages go to files as they arrive; `commit` checks them, merges them with the base, and names the folder."""

    def __init__(self, folder: Path, *, base: Snapshot | None, commit: Commit) -> None:
        self._folder = folder
        self._pulled = folder / "pulled"
        self._base = base
        self._commit = commit
        self._filling: dict[Table, TableFile] = {}
        with disk.errors_in_our_words(folder):
            self._pulled.mkdir()

    def add(self, page: Page) -> None:
        """Append rows. Raises BadAnswer for a page that does not fit its table, StopRun when the disk fails."""
        with disk.errors_in_our_words(self._folder):
            if page.table not in self._filling:
                path = self._pulled / f"{page.table}.parquet"
                self._filling[page.table] = TableFile(path, page.table, tuple(page.columns))
            self._filling[page.table].add(page.columns)

    def commit(self, summary: PullSummary, *, now: datetime) -> Snapshot:
        """Make the pull the current snapshot. Raises StopRun, and leaves the former one current, when it cannot be.

        Code NEEDS_FULL_PULL: the changes hold a table or column that the base does not know.
        """
        if not summary.full and self._base is None:
            raise StopRun(
                "a pull of changes has nothing to build on", hint="pull everything once", code="NEEDS_FULL_PULL"
            )
        with disk.errors_in_our_words(self._folder):
            self._finish(summary)
            made = assemble(self._folder, self._filling, base=self._base, summary=summary)
            release_memory()
            shutil.rmtree(self._pulled)
        full_at = now if summary.full or self._base is None else self._base.full_at
        about = {"made_at": now, "full_at": full_at, "watermark": summary.watermark, "tables": made}
        return self._commit(self._folder, about)

    def close(self) -> None:
        """Let go of every file."""
        for file in self._filling.values():
            file.abandon()
        self._filling.clear()

    def _finish(self, summary: PullSummary) -> None:
        """Close the pulled files and compare their rows with what the pull says it delivered."""
        for file in self._filling.values():
            file.finish()
        for table, told in summary.rows.items():
            got = self._filling[table].rows if table in self._filling else 0
            if got != told:
                raise BadAnswer(f"the pull told {told} rows of {table} and delivered {got}")
