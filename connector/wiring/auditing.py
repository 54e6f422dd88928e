"""What was ever written, as a file; and an account that asks to be forgotten."""

from __future__ import annotations

import csv
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from connector.errors import UsageError
from connector.model.changes import Target
from connector.sync.history import WRITTEN, written
from connector.wiring.explaining import own_id
from connector.wiring.lookup import accounts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.wiring import Wiring

ROWS_AT_ONCE = 50_000
KINDS = (".csv", ".parquet")
IS_IT_RIGHT = "is the id right? `tiersync runs export --out all.csv` lists what is kept"


def export(wiring: Wiring, file: Path, *, account: str | None) -> int:
    """Write every acknowledged value to a CSV or Parquet file, oldest first; returns their number.

    Raises UsageError for another kind of file, one that cannot be written, or an account that nothing was written on:
    then there is no file.
    """
    if file.suffix not in KINDS:
        raise UsageError(f"{file}: an export is CSV or Parquet", hint="end the name in .csv or .parquet")
    rows = written(wiring.journal, account=account and own_id(wiring, account))
    first = next(rows, None)
    if account and first is None:
        raise UsageError(f"nothing was ever written on account {account}", hint=IS_IT_RIGHT)
    rows = chain([first] if first else [], rows)
    try:
        return _to_csv(file, rows) if file.suffix == ".csv" else _to_parquet(file, rows)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}", hint="choose another file for --out") from None


def _to_csv(file: Path, rows: Iterator[dict[str, Any]]) -> int:
    count = 0
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, WRITTEN)
        writer.writeheader()
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def _to_parquet(file: Path, rows: Iterator[dict[str, Any]]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema, count = pa.schema([(name, pa.string()) for name in WRITTEN]), 0
    with pq.ParquetWriter(file, schema, compression="zstd") as out:
        while chunk := list(islice(rows, ROWS_AT_ONCE)):
            out.write_table(pa.Table.from_pylist(chunk, schema))
            count += len(chunk)
    return count


def forget(wiring: Wiring, account: str) -> int:
    """Delete what the journal holds of an account that no longer exists; returns the number of its rows.

    Raises UsageError for an account it knows nothing of, and while the CRM has it: the next run would take our values
    on it for a person's.
    """
    account = own_id(wiring, account)
    if any(accounts(wiring.store.mirror.current(), [account])):
        raise UsageError(
            f"account {account} is in the CRM, as of the last pull",
            hint="delete it there, then `tiersync pull`; to leave it out of the segmentation fill in seg_exclude",
        )
    rows = wiring.journal.forget(Target.ACCOUNT, [account])
    if not rows:
        raise UsageError(
            f"the journal knows no account {account}",
            hint=IS_IT_RIGHT,
        )
    return rows
