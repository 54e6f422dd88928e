"""Read the table files of a folder as batches of text columns; docs/reference/files.md names them."""

from __future__ import annotations

import csv
import math
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from connector.errors import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ROWS = 50_000
"""Rows per Parquet batch; CSV comes in blocks of about the same size."""
BLOCK_BYTES = 8 << 20
HINT = "the file must be UTF-8 CSV with a header line (RFC 4180), or Parquet"


def find(folder: Path, name: str) -> Path | None:
    """Return the file of a table: NAME.csv or NAME.parquet; raises BadAnswer when both are there."""
    found = [path for suffix in ("csv", "parquet") if (path := folder / f"{name}.{suffix}").is_file()]
    if len(found) > 1:
        raise BadAnswer(f"{folder}: both {found[0].name} and {found[1].name} are there", hint="keep one of them")
    return found[0] if found else None


def header(path: Path) -> tuple[str, ...]:
    """Return the column names; raises BadAnswer for a name that stands twice or no header at all."""
    with _explained(path):
        if path.suffix == ".parquet":
            names = tuple(pa.parquet.read_schema(path).names)
        else:
            with path.open(encoding="utf-8-sig", newline="") as file:
                names = tuple(next(csv.reader(file), ()))
    if not any(names):
        raise BadAnswer(f"{path}: there is no header line", hint=HINT)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadAnswer(f"{path}: column {', '.join(twice)} stands twice in the header", hint="remove one of the two")
    return names


def batches(path: Path, columns: Sequence[str], *, zone: str | None = None) -> Iterator[pa.RecordBatch]:
    """Yield the named columns as text, an empty cell as null, a few ten thousand rows at a time.

    A Parquet time without a zone is one of `zone`, where that is given.

    Raises BadAnswer with the file and, for CSV, the row of what cannot be read.
    """
    with _explained(path):
        if path.suffix == ".parquet":
            for batch in pa.parquet.ParquetFile(path).iter_batches(batch_size=ROWS, columns=list(columns)):
                yield _as_text(batch, columns, zone)
        else:
            with path.open("rb") as file:
                yield from _open_csv(file, columns)


def _open_csv(file: object, columns: Sequence[str]) -> pyarrow.csv.CSVStreamingReader:
    return pyarrow.csv.open_csv(
        file,
        read_options=pyarrow.csv.ReadOptions(block_size=BLOCK_BYTES, use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()),
            include_columns=list(columns),
            null_values=[""],
            strings_can_be_null=True,
        ),
    )


def _as_text(batch: pa.RecordBatch, columns: Sequence[str], zone: str | None) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([_text(batch.column(name), zone) for name in columns], names=list(columns))


def _text(array: pa.Array, local: str | None) -> pa.Array:
    """Write a typed Parquet column as the CSV would: ISO dates and times, plain decimals, true and false."""
    if pa.types.is_timestamp(array.type):
        if local is not None and array.type.tz is None:
            array = pc.assume_timezone(array, local, ambiguous="earliest", nonexistent="earliest")
        zone = "" if array.type.tz is None else "Z"
        utc = array.cast(pa.timestamp("us"))
        return pc.binary_join_element_wise(pc.strftime(utc, format="%Y-%m-%dT%H:%M:%S"), zone, "")
    if pa.types.is_floating(array.type):
        return pa.array([None if v is None else _plain(v) for v in array.to_pylist()], pa.string())
    text = array.cast(pa.string())
    return pc.if_else(pc.equal(text, ""), None, text)


def _plain(number: float) -> str | None:
    """Write a float without exponent; not-a-number is a missing value."""
    if not math.isfinite(number):
        return None
    return format(Decimal(repr(number)), "f").removesuffix(".0")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the reader says of a file into one error with its name."""
    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowKeyError, UnicodeDecodeError, csv.Error) as error:
        raise BadAnswer(f"{path}: {str(error).splitlines()[0]}", hint=HINT) from None
    except OSError as error:
        raise BadAnswer(f"{path}: {error.strerror or error}", hint="check the file and who may read it") from None
