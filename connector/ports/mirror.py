"""Where pulled pages are kept: immutable snapshots, committed by one row in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime
    from pathlib import Path

    from connector.model.fields import Table
    from connector.ports.beside import Read
    from connector.ports.crm import Page, PullSummary


class TableSnapshot(Struct, frozen=True):
    """A table beside the CRM in a snapshot."""

    files: tuple[Path, ...]
    rows: int
    made_on: date
    """The day its data are of."""


class Snapshot(Struct, frozen=True):
    """An immutable, complete picture of the CRM: Parquet files of text columns per table.

    A table that is not connected is absent; so is a column. `watermark` continues the pull.
    """

    id: str
    made_at: datetime
    files: Mapping[Table, tuple[Path, ...]]
    rows: Mapping[Table, int]
    watermark: str
    full_at: datetime
    """When everything was last pulled, not only changes."""
    columns: Mapping[Table, tuple[str, ...]] = field(default_factory=dict)
    """The columns of each table: what is connected. A pull that asks for more of them must be a full one."""
    beside: Mapping[str, TableSnapshot] = field(default_factory=dict)
    """Tables beside the CRM, by their names in the settings."""
    filled: Mapping[Table, Mapping[str, int]] = field(default_factory=dict)
    """Per table and column, the rows that have a value."""


class SnapshotDraft(Protocol):
    """A snapshot being filled; without `commit` it never was."""

    def add(self, page: Page) -> None:
        """Append rows; memory stays flat in their number. Raises BadAnswer for a page unlike the table's first one."""

    def add_beside(self, name: str, columns: Mapping[str, Sequence[str | None]]) -> None:
        """Append rows of a table beside the CRM, which replace those of the base as a whole."""

    def commit(self, summary: PullSummary, *, now: datetime, beside: Mapping[str, Read] | None = None) -> Snapshot:
        """Merge with the base when the pull held changes only, and make it current with one row in the journal.

        Raises BadAnswer when rows are missing, without an id, or doubled in a full pull; StopRun with code
        NEEDS_FULL_PULL when changes hold a table or column that the base does not know.
        """


class Mirror(Protocol):
    """Where snapshots live."""

    def current(self) -> Snapshot | None:
        """The last committed snapshot, or None before the first pull.

        Raises StopRun when a file of it was lost, cut or replaced.
        """

    def snapshot(self, name: str) -> Snapshot | None:
        """A committed snapshot that was not pruned yet."""

    def merged(self) -> Mapping[str, Sequence[str]]:
        """In the last committed snapshot, per account the ids that were merged into it; accounts without are absent."""

    def owners(self) -> Mapping[str, str]:
        """In the last committed snapshot, per account its owner; accounts without are absent."""

    def draft(self, *, base: Snapshot | None) -> AbstractContextManager[SnapshotDraft]:
        """A new draft; leaving the context without commit removes every trace of it."""

    def prune(self, *, keep: int, spare: Sequence[str] = ()) -> None:
        """Remove all but the newest `keep` snapshots and those of `spare`, and what dead drafts left behind."""
