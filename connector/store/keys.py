"""The ids of a file of ours: read whole, and checked.

By Arrow's functions themselves: its module `compute` makes hundreds of Python functions, which takes a tenth of a
second that only a pull of changes need pay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq
from pyarrow._compute import call_function

from connector.errors import BadAnswer

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

ONE_EACH = "nothing of this pull was kept: where the records come from files give each an id of its own, else run again"


def ids(path: Path, column: str) -> pa.Array:
    """One column of a file, whole."""
    with pq.ParquetFile(path) as file:  # pq.read_table would load Arrow's datasets too
        return file.read(columns=[column]).column(0).combine_chunks()


def check_keys(path: Path, key: str, table: str) -> None:
    """Raise BadAnswer when a record came without an id, or twice."""
    found = ids(path, key)
    if found.null_count:
        raise BadAnswer(f"{found.null_count} rows of {table} came without an id", hint=ONE_EACH)
    if call_function("count_distinct", [found]).as_py() != len(found):
        counted = call_function("value_counts", [found])
        twice = [each["values"] for each in counted.to_pylist() if each["counts"] > 1]
        text = f"{len(twice)} records of {table} came twice in one pull, {twice[0]} for one"
        raise BadAnswer(text, hint=ONE_EACH)
