"""Single accounts as the mirror has them: few, looked for among all."""

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
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    for file in snapshot.files.get(Table.ACCOUNTS, ()) if snapshot and wanted else ():
        there = pq.read_schema(file).names
        rows = pq.read_table(file, columns=[ID, *(name for name in columns if name in there)])
        yield from rows.filter(pc.is_in(rows.column(ID), value_set=pa.array(wanted, pa.string()))).to_pylist()


def names(snapshot: Snapshot | None, wanted: Sequence[str]) -> Mapping[str, str]:
    """Return the names of some accounts as one line each, as far as they have one."""
    return {str(row[ID]): one_line(name) for row in accounts(snapshot, wanted, "name") if (name := row.get("name"))}
