"""A base snapshot and what changed since, made one: row group by row group, set-wise, memory flat in the base."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connector.store.parquet import ROWS_PER_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from connector.store.parquet import TableFile

    Ids = Mapping[str, pa.Array]


def gone_ids(path: Path) -> dict[str, pa.Array]:
    """Per table name, the ids that are gone."""
    rows = _read(path, ["table", "id"])
    names = pc.unique(rows["table"]).to_pylist()
    return {name: rows.filter(pc.equal(rows["table"], name))["id"].combine_chunks() for name in names}


def merge(base: Path, changed: Path | None, into: TableFile, *, key: Sequence[str], replaced: Ids, gone: Ids) -> None:
    """Write the base's rows whose ids are neither replaced nor gone, then the changed rows that are not gone.

    Of several changed rows with one key the last one counts; one with an empty cell in its key only said that there
    is nothing.
    """
    for batch in _batches(base, into.columns):
        into.append(_without(_without(batch, replaced), gone))
    if changed is not None:
        rows = _last_per_key(_read(changed, into.columns), key)
        for batch in rows.to_batches():
            into.append(_without(batch, gone))


def _without(batch: pa.RecordBatch, ids: Ids) -> pa.RecordBatch:
    for column, values in ids.items():
        batch = batch.filter(pc.invert(pc.is_in(batch[column], value_set=values)))
    return batch


def _read(path: Path, columns: Sequence[str]) -> pa.Table:
    with pq.ParquetFile(path) as file:  # pq.read_table would load Arrow's datasets too
        return file.read(columns=list(columns)).select(list(columns))


def _batches(path: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=ROWS_PER_GROUP, columns=list(columns)):
            yield batch.select(list(columns))


def _last_per_key(rows: pa.Table, key: Sequence[str]) -> pa.Table:
    for column in key:
        rows = rows.filter(pc.is_valid(rows[column]))
    numbered = rows.select(list(key)).append_column("row", pa.array(range(rows.num_rows), pa.int64()))
    last = numbered.group_by(list(key)).aggregate([("row", "max")])["row_max"]
    return rows.take(last.take(pc.sort_indices(last)))
