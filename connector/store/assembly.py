"""From pulled files, and the base when they hold changes only, to the files of a snapshot."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from connector.errors import StopRun
from connector.model.fields import CATALOGUE, KEY, Table
from connector.store import disk, merge
from connector.store.parquet import TableFile, columns_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from connector.ports import PullSummary, Snapshot

_LINKED = {Table.DEAL_ACCOUNTS: Table.DEALS, Table.TICKET_ACCOUNTS: Table.TICKETS}
"""Link table -> the table that its `from_id` names."""


def assemble(
    folder: Path, pulled: Mapping[Table, TableFile], *, base: Snapshot | None, summary: PullSummary
) -> dict[str, dict[str, Any]]:
    """Make one file per table in `folder`; returns per table name its rows, columns and footer.

    Raises BadAnswer for ids that are missing or doubled, StopRun (NEEDS_FULL_PULL) when changes do not fit the base.
    """
    assembly = _Assembly(folder, pulled, None if summary.full else base, summary)
    made = {str(table): assembly.settle(table) for table in assembly.tables()}
    return {table: about for table, about in made.items() if about}


class _Assembly:
    def __init__(
        self, folder: Path, pulled: Mapping[Table, TableFile], base: Snapshot | None, summary: PullSummary
    ) -> None:
        self._folder = folder
        self._pulled = pulled
        self._base = base
        self._summary = summary
        gone = pulled.get(Table.GONE)
        self._gone = {} if gone is None or base is None else merge.gone_ids(gone.path)

    def tables(self) -> list[Table]:
        """What the snapshot will hold; the list of ids that are gone has then been used up."""
        known = set(self._pulled) | set(self._summary.rows)
        if self._base is not None:
            known |= set(self._base.files)
        return sorted(known - {Table.GONE})

    def settle(self, table: Table) -> dict[str, Any]:
        """Make the table's file and tell about it; nothing when it is not connected (any more)."""
        place = self._folder / f"{table}.parquet"
        whole = self._base is None or table in self._summary.whole
        columns = self._take(table, place) if whole else self._merged(table, place)
        if not columns:
            return {}
        return {"rows": rows_of(place), "columns": list(columns), "footer": disk.fingerprint(place)}

    def _hidden(self, table: Table) -> frozenset[str]:
        return self._summary.not_connected.get(table, frozenset())

    def _take(self, table: Table, place: Path) -> Sequence[str]:
        """The pulled rows are the table; none pulled means connected and empty: known, unlike an absent table."""
        if table in self._pulled:
            file = self._pulled[table]
            if table in KEY:
                merge.check_keys(file.path, KEY[table], table)
            file.path.rename(place)
            return file.columns
        columns = [field.name for field in CATALOGUE[table] if field.name not in self._hidden(table)]
        if columns:
            TableFile(place, table, columns).finish()
        return columns

    def _merged(self, table: Table, place: Path) -> Sequence[str]:
        """The base's rows with the pulled changes in them."""
        base, changed = self._base_file(table), self._pulled.get(table)
        known, columns = columns_of(base), self._common_columns(table)
        if changed is None and columns != known and set(columns) <= {KEY.get(table)}:
            return ()  # the CRM shows nothing of it any more, besides ids we knew
        replaced = {column: ids for column, ids in self._replaced(table).items() if len(ids)}
        if changed is not None and table not in KEY and table not in _LINKED:
            return self._take(table, place)  # rows without a key come whole or not at all
        if not replaced and (changed is None or not changed.rows) and columns == known:
            _link(base, place)
            return columns
        into = TableFile(place, table, columns)
        key = (KEY[table],) if table in KEY else ("from_id", "account_id")
        merge.merge(base, None if changed is None else changed.path, into, key=key, replaced=replaced)
        into.finish()
        return columns

    def _base_file(self, table: Table) -> Path:
        if self._base is None or table not in self._base.files:
            raise _needs_full_pull(f"{table} is connected now")
        return self._base.files[table][0]

    def _common_columns(self, table: Table) -> tuple[str, ...]:
        """The base's columns that the CRM still shows; one that is new is unknown for the unchanged rows."""
        known = columns_of(self._base_file(table))
        shown = self._pulled[table].columns if table in self._pulled else known
        new = sorted(set(shown) - set(known))
        if new:
            raise _needs_full_pull(f"{table} has new columns ({', '.join(new)})")
        return tuple(name for name in known if name in shown and name not in self._hidden(table))

    def _replaced(self, table: Table) -> dict[str, pa.Array]:
        """Column -> ids whose rows in the base are replaced or gone."""
        if table in _LINKED:
            return {
                "from_id": self._ids(_LINKED[table], relinked=True),
                "account_id": self._ids(Table.ACCOUNTS, relinked=True),
            }
        return {KEY[table]: self._ids(table)} if table in KEY else {}

    def _ids(self, table: Table, *, relinked: bool = False) -> pa.Array:
        """The ids of a table that changed or are gone; of changed ones only those that came with all their links."""
        found = [self._gone[table]] if table in self._gone else []
        if table in self._pulled and (not relinked or table in self._summary.relinked):
            found.append(merge.ids(self._pulled[table].path, KEY[table]))
        return pa.concat_arrays(found) if found else pa.array([], pa.string())


def _link(base: Path, place: Path) -> None:
    """The same file under another name: snapshots never change, so two may share one; a copy where that cannot be."""
    try:
        place.hardlink_to(base)
    except OSError:
        shutil.copyfile(base, place)


def _needs_full_pull(what: str) -> StopRun:
    return StopRun(
        f"{what}: its unchanged rows are not in the mirror", hint="`tiersync pull --full`", code="NEEDS_FULL_PULL"
    )
