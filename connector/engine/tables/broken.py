"""Why the file of a table cannot be read: looked for once reading it failed, and told with its line."""

from __future__ import annotations

import csv
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import duckdb

from connector.errors import UsageError
from connector.model.texts import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import TextIO

BLOCK = 1 << 20
"""Bytes looked at at a time."""
LONGEST_LINE = 1 << 24
"""Bytes of a CSV line that is still read."""
PARQUET = b"PAR1"
"""How a Parquet file begins and ends."""
KINDS = {
    PARQUET: "Parquet",
    b"PK\x03\x04": "a spreadsheet or zip file",
    b"\xd0\xcf\x11\xe0": "a spreadsheet of old Excel",
    b"\xff\xfe": "text in UTF-16 or UTF-32",
    b"\xfe\xff": "text in UTF-16 or UTF-32",
}
"""What a file is that holds NUL bytes and begins like this."""
ENDS = {"\n": "LF", "\r": "CR", "\r\n": "CRLF"}
SHOWN = 200
"""Characters of a reader's own words that are shown."""
AS_CSV = "save it as UTF-8 CSV with commas (RFC 4180)"
AGAIN = "export or copy it again"


@contextmanager
def told(files: Sequence[Path], *, of_csv: bool) -> Iterator[None]:
    """Raise UsageError with the place where a file is to blame; other faults stay what they are."""
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.InterruptException):
        raise
    except (duckdb.Error, UnicodeDecodeError, csv.Error, OSError) as error:
        for file in files:
            _blame(file, of_csv=of_csv)
        if not isinstance(error, duckdb.InvalidInputException):
            raise
        raise UsageError(f"{files[0]}: {_in_short(error)}", hint=AS_CSV if of_csv else AGAIN) from None


def refuse_binary(file: Path) -> None:
    """Raise UsageError for a CSV file with a NUL byte: it is no text, whatever its name."""
    with file.open("rb") as opened:
        line, head = 1, b""
        for block in iter(partial(opened.read, BLOCK), b""):
            head = head or block[:4]
            if (at := block.find(b"\0")) >= 0:
                raise _binary(file, head, line + block.count(b"\n", 0, at))
            line += block.count(b"\n")


def _binary(file: Path, head: bytes, line: int) -> UsageError:
    kind = next((kind for begin, kind in KINDS.items() if head.startswith(begin)), None)
    if kind == KINDS[PARQUET]:
        return UsageError(f"{file}: this is Parquet, not CSV", hint=f"name it {file.stem}.parquet")
    if kind:
        return UsageError(f"{file}: this is {kind}", hint=AS_CSV)
    return UsageError(f"{file}:{line}: a NUL byte; this is no text in UTF-8, or it is damaged", hint=AS_CSV)


def _blame(file: Path, *, of_csv: bool) -> None:
    """Raise UsageError for what is wrong with the file, if anything is."""
    try:
        if of_csv:
            _refuse_csv(file)
        else:
            _refuse_parquet(file)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise UsageError(f"{file}: cannot be read: {why}", hint="check the file and who may read it") from None


def _refuse_csv(file: Path) -> None:
    refuse_binary(file)
    with opened_lines(file) as lines:
        rows = csv.reader(lines, strict=True)
        width, end = 0, ""
        while True:
            begins = lines.number + 1
            try:
                cells = next(rows, None)
            except csv.Error as error:
                raise _at(file, begins, _quoting(str(error))) from None
            if cells is None:
                return
            width, end = width or len(cells), end or lines.end
            if cells and len(cells) != width:
                raise _at(file, begins, f"{_counted(len(cells))}, where the header has {width}")
            if lines.end not in {end, ""}:
                raise _at(file, lines.number, f"the line ends with {ENDS[lines.end]}, those before with {ENDS[end]}")


@contextmanager
def opened_lines(file: Path) -> Iterator[Lines]:
    """Open a CSV file to be read line by line."""
    csv.field_size_limit(LONGEST_LINE)  # for all of Python: its own is 128 kB, and DuckDB reads longer ones
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as opened:
        yield Lines(file, opened)


class Lines:
    """The lines of a text file, and how the last one ended; raises UsageError for one that cannot be read.

    No more of a line is read than of one that is still good.
    """

    def __init__(self, file: Path, opened: TextIO) -> None:
        self._file, self._opened = file, opened
        self.number = 0
        self.end = ""

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self._opened.readline(LONGEST_LINE + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self.end = line[len(line.rstrip("\r\n")) :][-2:]
        try:
            size = len(line.encode())
        except UnicodeEncodeError as error:  # a byte that is no text was set aside as a surrogate
            byte = ord(line[error.start]) - 0xDC00
            raise _at(self._file, self.number, f"the byte 0x{byte:02x} is not UTF-8") from None
        if size > LONGEST_LINE:
            raise _at(self._file, self.number, f"the line is longer than {LONGEST_LINE >> 20} MB")
        return line


def _quoting(words: str) -> str:
    if words == "unexpected end of data" or words.startswith("field larger"):
        return "a quote is opened and never closed"
    return "a quote within a quoted value is not doubled" if "expected after" in words else words


def _counted(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells} cells"


def _at(file: Path, line: int, words: str) -> UsageError:
    return UsageError(f"{file}:{line}: {words}", hint=AS_CSV)


def _refuse_parquet(file: Path) -> None:
    with file.open("rb") as opened:
        head = opened.read(BLOCK)
        opened.seek(-min(len(PARQUET), len(head)), 2)
        tail = opened.read()
    if not head:
        raise UsageError(f"{file}: the file is empty", hint=AGAIN)
    if not head.startswith(PARQUET):
        looks = "" if b"\0" in head else "; it looks like text"
        raise UsageError(f"{file}: this is not Parquet{looks}", hint=f"name it {file.stem}.csv if it is CSV")
    if tail != PARQUET:
        raise UsageError(f"{file}: the file is cut off, its end is missing", hint=AGAIN)
    with duckdb.connect() as own:
        try:
            own.execute("select bit_xor(hash(t)) from read_parquet(?, binary_as_string=true) t", [str(file)]).fetchall()
        except duckdb.OutOfMemoryException:
            return
        except duckdb.Error as error:
            raise UsageError(f"{file}: the file is damaged: {_in_short(error)}", hint=AGAIN) from None


def _in_short(error: Exception) -> str:
    first = str(error).removeprefix("Invalid Input Error: ").split("\nPossible")[0].split("\n\n")[0]
    return shortened(" ".join(first.split()), SHOWN)
