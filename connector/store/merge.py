"""A base snapshot and what changed since, made one: row group by row group, set-wise, memory flat in the base."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connector.errors import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from connector.store.parquet import TableFile


def ids(path: Path, column: str) -> pa.Array:
    """One column of a file, whole."""
    return pq.read_table(path, columns=[column]).column(0).combine_chunks()


def gone_ids(path: Path | None) -> dict[str, pa.Array]:
    """Per table name, the ids that are gone."""
    if path is None:
        return {}
    rows = pq.read_table(path, columns=["table", "id"])
    names = pc.unique(rows["table"]).to_pylist()
    return {name: rows.filter(pc.equal(rows["table"], name))["id"].combine_chunks() for name in names}


def check_keys(path: Path, key: str, table: str) -> None:
    """Raise BadAnswer when a record came without an id, or twice."""
    found = ids(path, key)
    if found.null_count:
        raise BadAnswer(f"{found.null_count} rows of {table} came without an id")
    if pc.count_distinct(found).as_py() != len(found):
        counts = pc.value_counts(found)
        twice = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")
        raise BadAnswer(f"{len(twice)} records of {table} came twice in one pull, {twice[0].as_py()} for one")


def merge(
    base: Path, changed: Path | None, into: TableFile, *, key: Sequence[str], replaced: Mapping[str, Any]
) -> None:
    """Write the base's rows, without those whose column holds a replaced id, then the changed rows.

    Of several changed rows with one key the last one counts. `replaced` is column -> Arrow array of ids.
    """
    for batch in _batches(base, into.columns):
        keep = None
        for column, values in replaced.items():
            kept = pc.invert(pc.is_in(batch[column], value_set=values))
            keep = kept if keep is None else pc.and_(keep, kept)
        into.append(batch if keep is None else batch.filter(keep))
    if changed is not None:
        for batch in _last_per_key(pq.read_table(changed, columns=list(into.columns)), key).to_batches():
            into.append(batch)


def _batches(path: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=list(columns)):
            yield batch.select(list(columns))


def _last_per_key(rows: pa.Table, key: Sequence[str]) -> pa.Table:
    if not key or rows.num_rows == 0:
        return rows
    numbered = rows.select(list(key)).append_column("row", pa.array(range(rows.num_rows), pa.int64()))
    last = numbered.group_by(list(key)).aggregate([("row", "max")])["row_max"]
    return rows.take(last.take(pc.sort_indices(last)))
