"""Parquet files of text columns, written row group by row group so that memory stays flat."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from connector.errors import BadAnswer
from connector.store.contradictions import PULL_AGAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

pa.set_memory_pool(pa.system_memory_pool())  # gives freed pages back, which Arrow's own pools keep

ROWS_PER_GROUP = 16_384
"""Rows that wait in memory until they are written."""
TABLE_KEY = "tiersync.table"
"""In the file's metadata: which table it holds."""


class TableFile:
    """One table's file being filled; rows wait in Arrow batches until a row group is full."""

    def __init__(self, path: Path, table: str, columns: Sequence[str]) -> None:
        self.path = path
        self.table = table
        self.columns = tuple(columns)
        self.rows = 0
        self._schema = pa.schema([(name, pa.string()) for name in columns], metadata={TABLE_KEY: str(table)})
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0
        self._sink = path.open("xb")
        try:
            self._writer = pq.ParquetWriter(self._sink, self._schema, compression="zstd", write_page_checksum=True)
        except BaseException:
            _give_up(self._sink)
            raise

    def add(self, columns: Mapping[str, Sequence[str | None]]) -> None:
        """Append rows. Raises BadAnswer when the columns are not this table's, unequally long, or not text."""
        if set(columns) != set(self.columns):
            odd = sorted(set(columns) ^ set(self.columns))
            text = f"a page of {self.table} has other columns than the first one: {', '.join(odd)}"
            raise BadAnswer(text, hint=PULL_AGAIN)
        try:
            arrays = [pa.array(columns[name], pa.string()) for name in self.columns]
            batch = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        except (pa.ArrowException, UnicodeError, TypeError, ValueError) as error:
            raise BadAnswer(f"a page of {self.table} cannot be kept: {error}", hint=PULL_AGAIN) from error
        self.append(batch)

    def append(self, batch: pa.RecordBatch) -> None:
        """Append rows that are Arrow already, with this file's columns."""
        self._waiting.append(batch)
        self._waiting_rows += batch.num_rows
        self.rows += batch.num_rows
        if self._waiting_rows >= ROWS_PER_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._waiting_rows:
            self._writer.write_table(
                pa.Table.from_batches(self._waiting, self._schema), row_group_size=self._waiting_rows
            )
        self._waiting, self._waiting_rows = [], 0

    def finish(self) -> None:
        """Write what waits and the footer, and have it all on disk; where that fails the file is let go of."""
        try:
            self._flush()
            self._writer.close()
            self._sink.flush()
            os.fsync(self._sink.fileno())
            self._sink.close()
        except BaseException:
            self.abandon()
            raise

    def abandon(self) -> None:
        """Let go of the file, whatever is in it."""
        self._waiting = []
        self._writer.is_open = False  # its end would write a footer, to a disk that may be full
        _give_up(self._sink)


def _give_up(sink: BinaryIO) -> None:
    """Close a file whose disk may be full: what is still buffered is lost, the file is let go of."""
    try:
        sink.close()
    except OSError:
        sink.close()  # the second time the buffered rest is given up


def release_memory() -> None:
    """Give freed pages back to the system, those of the reading threads' answers among them."""
    pa.default_memory_pool().release_unused()


def columns_of(path: Path) -> tuple[str, ...]:
    """The columns of a file of ours."""
    return tuple(pq.read_schema(path).names)


def rows_of(path: Path) -> int:
    """The rows of a file of ours, as its footer on disk counts them."""
    return int(pq.read_metadata(path).num_rows)


def filled_of(path: Path) -> dict[str, int]:
    """Per column of a file of ours, the rows that have a value, as its footer on disk counts them."""
    footer = pq.read_metadata(path)
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    names = footer.schema.names
    return {
        name: sum(group.num_rows - group.column(place).statistics.null_count for group in groups)
        for place, name in enumerate(names)
    }


def filled(path: Path, key: str, name: str) -> Iterator[tuple[str, str]]:
    """The key and the text of every row of a file of ours where column `name` is not empty."""
    import pyarrow.compute as pc

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=[key, name], batch_size=ROWS_PER_GROUP):
            rows = batch.filter(pc.and_(pc.is_valid(batch.column(name)), pc.not_equal(batch.column(name), "")))
            yield from zip(rows.column(key).to_pylist(), rows.column(name).to_pylist(), strict=True)
