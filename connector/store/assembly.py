"""From pulled files, and the base when they hold changes only, to the files of a snapshot."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from connector.errors import StopRun
from connector.model.fields import CATALOGUE, KEY, Table
from connector.store import disk
from connector.store.keys import check_keys, ids
from connector.store.parquet import TableFile, columns_of, filled_of, rows_of
from connector.store.said import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from connector.model.texts import Said
    from connector.ports import PullSummary, Snapshot
    from connector.store.merge import Ids

_LINKED = {Table.DEAL_ACCOUNTS: Table.DEALS, Table.TICKET_ACCOUNTS: Table.TICKETS}
"""Link table -> the table that its `from_id` names."""
NAMED = 5
"""New columns that a message names."""
_CHANGING = {Table.ACCOUNTS, Table.DEALS, Table.TICKETS, Table.ACTIVITIES, *_LINKED}
"""Of these a pull of changes holds changed rows; any other table is pulled whole, or not at all."""


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
        self._gone = {} if gone is None else _gone_ids(gone.path)

    def tables(self) -> list[Table]:
        """What the snapshot will hold; the list of ids that are gone has then been used up."""
        known = set(self._pulled) | set(self._summary.rows)
        if self._base is not None:
            known |= set(self._base.files)
        return sorted(known - {Table.GONE})

    def settle(self, table: Table) -> dict[str, Any]:
        """Make the table's file and tell about it; nothing when it is not connected (any more)."""
        place = self._folder / f"{table}.parquet"
        base = self._base.files.get(table) if self._base else None
        if base and (table in _CHANGING or table not in self._pulled):
            columns = self._merged(table, place, base[0])
        elif self._base is not None and table in _CHANGING - set(_LINKED):
            raise _needs_full_pull(say("connected_now", table=table.value))
        else:
            columns = self._taken(table, place)
        if not columns:
            return {}
        told = {"rows": rows_of(place), "columns": list(columns), "filled": filled_of(place)}
        return told | {"footer": disk.fingerprint(place)}

    def _taken(self, table: Table, place: Path) -> Sequence[str]:
        """The pulled rows are the table; none pulled means connected and empty: known, unlike an absent table."""
        file = self._pulled.get(table)
        if file is None:
            columns = [field.name for field in CATALOGUE[table] if field.name not in self._hidden(table)]
            if columns:
                TableFile(place, table, columns).finish()
            return columns
        if table in KEY:
            check_keys(file.path, KEY[table], table)
        if gone := self._gone_rows(table):
            return self._merge_into(TableFile(place, table, file.columns), (file.path, None), {}, gone)
        file.path.rename(place)
        return file.columns

    def _merged(self, table: Table, place: Path, base: Path) -> Sequence[str]:
        """The base's rows with the pulled changes in them."""
        changed, known = self._pulled.get(table), columns_of(base)
        columns = self._common_columns(table, known)
        if changed is None and columns != known and set(columns) <= {KEY.get(table)}:
            return ()  # the CRM shows nothing of it any more, besides ids we knew
        gone = self._gone_rows(table)
        if changed is None and not gone and columns == known:
            _link(base, place)
            return columns
        replaced = {} if changed is None else {_id(table): ids(changed.path, _id(table))}
        files = (base, None if changed is None else changed.path)
        return self._merge_into(TableFile(place, table, columns), files, replaced, gone)

    def _merge_into(self, into: TableFile, files: tuple[Path, Path | None], replaced: Ids, gone: Ids) -> Sequence[str]:
        from connector.store.merge import merge

        key = (_id(Table(into.table)), "account_id") if into.table in _LINKED else (_id(Table(into.table)),)
        try:
            merge(*files, into, key=key, replaced=replaced, gone=gone)
        except BaseException:
            into.abandon()
            raise
        into.finish()
        return into.columns

    def _common_columns(self, table: Table, known: Sequence[str]) -> tuple[str, ...]:
        """The base's columns that the CRM still shows; one that is new is unknown for the unchanged rows."""
        shown = self._pulled[table].columns if table in self._pulled else known
        new = sorted(set(shown) - set(known))
        if new:
            names = ", ".join(new[:NAMED])
            if len(new) > NAMED:
                names = say("and_more", names=names, n=len(new) - NAMED)
            raise _needs_full_pull(say("new_columns", table=table.value, names=names))
        hidden = self._hidden(table)
        return tuple(name for name in known if name in shown and name not in hidden)

    def _hidden(self, table: Table) -> frozenset[str]:
        return self._summary.not_connected.get(table, frozenset())

    def _gone_rows(self, table: Table) -> Ids:
        """Column -> ids that are gone: of the table's own records, or of those it links."""
        if table in _LINKED:
            found = {"from_id": self._gone.get(_LINKED[table]), "account_id": self._gone.get(Table.ACCOUNTS)}
        else:
            found = {_id(table): self._gone.get(table)} if table in KEY else {}
        return {column: ids for column, ids in found.items() if ids is not None}


def _gone_ids(path: Path) -> Mapping[str, pa.Array]:
    from connector.store.merge import gone_ids

    return gone_ids(path)


def _id(table: Table) -> str:
    """The column that names a record: of a link table, the record whose links come together."""
    return KEY.get(table, "from_id")


def _link(base: Path, place: Path) -> None:
    """The same file under another name: snapshots never change, so two may share one; a copy where that cannot be."""
    try:
        place.hardlink_to(base)
    except OSError:
        shutil.copyfile(base, place)


def _needs_full_pull(why: Said) -> StopRun:
    return StopRun(why, hint="`tiersync pull --full`", code="NEEDS_FULL_PULL")
