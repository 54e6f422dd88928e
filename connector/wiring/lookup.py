"""Single accounts as the mirror has them: few, looked for among all.

By Arrow's functions themselves, as in `connector.store.keys`: its modules `compute` and `dataset` take time to load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model.fields import KEY, Table
from connector.model.texts import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connector.ports import Snapshot

ID = KEY[Table.ACCOUNTS]


def accounts(snapshot: Snapshot | None, wanted: Sequence[str], *columns: str) -> Iterator[dict[str, str | None]]:
    """Yield these accounts with their id and the columns asked for; one that the mirror does not have is left out."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow._compute import SetLookupOptions, call_function

    among = SetLookupOptions(value_set=pa.array(wanted, pa.string()), skip_nulls=False)
    for path in snapshot.files.get(Table.ACCOUNTS, ()) if snapshot and wanted else ():
        with pq.ParquetFile(path) as file:
            rows = file.read(columns=[ID, *(name for name in columns if name in file.schema_arrow.names)])
        found = call_function("is_in", [rows.column(ID)], among)
        yield from call_function("filter", [rows, found]).to_pylist()


def names(snapshot: Snapshot | None, wanted: Sequence[str]) -> Mapping[str, str]:
    """Return the names of some accounts as one line each, as far as they have one."""
    return {str(row[ID]): one_line(name) for row in accounts(snapshot, wanted, "name") if (name := row.get("name"))}
