"""A snapshot being filled: pages in, one complete folder out."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from connector.errors import BadAnswer, StopRun
from connector.model.fields import BESIDE
from connector.store import disk
from connector.store.contradictions import PULL_AGAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from connector.model.fields import Table
    from connector.ports import Page, PullSummary, Read, Snapshot
    from connector.store.parquet import TableFile

    Commit = Callable[[Path, dict[str, Any]], Snapshot]


class ParquetDraft:
    """Pages go to files as they arrive; `commit` checks them, merges them with the base, and names the folder."""

    def __init__(self, folder: Path, *, base: Snapshot | None, commit: Commit) -> None:
        self._folder = folder
        self._pulled = folder / "pulled"
        self._base = base
        self._commit = commit
        self._filling: dict[Table, TableFile] = {}
        self._beside: dict[str, TableFile] = {}
        with disk.errors_in_our_words(folder):
            self._pulled.mkdir()

    def add(self, page: Page) -> None:
        """Append rows. Raises BadAnswer for a page that does not fit its table, StopRun when the disk fails."""
        with disk.errors_in_our_words(self._folder):
            if page.table not in self._filling:
                path = self._pulled / f"{page.table}.parquet"
                self._filling[page.table] = _table_file(path, page.table, tuple(page.columns))
            self._filling[page.table].add(page.columns)

    def add_beside(self, name: str, columns: Mapping[str, Sequence[str | None]]) -> None:
        """Append rows of a table beside the CRM; it goes as it is into the snapshot."""
        with disk.errors_in_our_words(self._folder):
            if name not in self._beside:
                path = self._folder / f"{BESIDE}{name}.parquet"
                self._beside[name] = _table_file(path, BESIDE + name, tuple(columns))
            self._beside[name].add(columns)

    def commit(self, summary: PullSummary, *, now: datetime, beside: Mapping[str, Read] | None = None) -> Snapshot:
        """Make the pull the current snapshot. Raises StopRun, and leaves the former one current, when it cannot be.

        Code NEEDS_FULL_PULL: the changes hold a table or column that the base does not know.
        """
        from connector.store.assembly import assemble
        from connector.store.parquet import release_memory

        if not summary.full and self._base is None:
            raise StopRun(
                "a pull of changes has nothing to build on", hint="pull everything once", code="NEEDS_FULL_PULL"
            )
        with disk.errors_in_our_words(self._folder):
            self._finish(summary)
            made = assemble(self._folder, self._filling, base=self._base, summary=summary)
            made |= {BESIDE + name: self._settled(name, read) for name, read in (beside or {}).items()}
            release_memory()
            shutil.rmtree(self._pulled)
        full_at = now if summary.full or self._base is None else self._base.full_at
        about = {"made_at": now, "full_at": full_at, "watermark": summary.watermark, "tables": made}
        return self._commit(self._folder, about)

    def close(self) -> None:
        """Let go of every file."""
        for file in (*self._filling.values(), *self._beside.values()):
            file.abandon()
        self._filling.clear()
        self._beside.clear()

    def _settled(self, name: str, read: Read) -> dict[str, Any]:
        """Close the file of a table beside the CRM and tell about it, and the day its data are of."""
        file = self._beside.pop(name)
        file.finish()
        if file.rows != read.rows:
            raise BadAnswer(f"tables.{name}: {read.rows} rows were told and {file.rows} delivered", hint=PULL_AGAIN)
        footer = disk.fingerprint(file.path)
        return {"rows": file.rows, "columns": list(file.columns), "footer": footer, "made_on": read.made_on.isoformat()}

    def _finish(self, summary: PullSummary) -> None:
        """Close the pulled files and compare their rows with what the pull says it delivered."""
        for file in self._filling.values():
            file.finish()
        for table, told in summary.rows.items():
            got = self._filling[table].rows if table in self._filling else 0
            if got != told:
                raise BadAnswer(f"the pull told {told} rows of {table} and delivered {got}", hint=PULL_AGAIN)


def _table_file(path: Path, table: str, columns: Sequence[str]) -> TableFile:
    from connector.store.parquet import TableFile

    return TableFile(path, table, columns)
