"""How much memory an evaluation takes: what does not fit lies in a folder meanwhile, and no evaluation ends for it.

DuckDB takes what it can get, and gives memory back only when its limit is near. Confined to what its rows need, a
large population takes less; work that cannot do with it, or that finds the folder full, gets what the machine has.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import duckdb

from connector.engine.tables.sources import is_csv, quoted_text
from connector.errors import StopRun
from connector.model.fields import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from duckdb import DuckDBPyConnection

    from connector.ports import EvaluationRequest

LEAST = 260_000_000
"""Bytes that a large population gets whatever its rows."""
EACH_THREAD = 40_000_000
"""Bytes for what each thread has in hand, which cannot lie elsewhere."""
ROW_GROUP = 122_880
"""Rows that DuckDB gives one thread at a time: with fewer accounts hardly anything is left for a second one."""
MANY = 1_000_000
"""Rows of all tables, from which on a second thread is worth what it costs."""
EACH_ROW = 200
"""Bytes for each row of its tables."""
EACH_ACCOUNT = 7
"""Rows an account counts for at the least, as with four deals, a ticket and a call: its own verdict weighs most."""
BLOCK = 1 << 20
"""Bytes of a CSV file looked at at a time."""

SPILL = "tiersync-spill-"
"""How the folders begin that DuckDB makes when it first needs one, and removes at the end."""
LEFT_BEHIND = 24 * 3600
"""Seconds after which such a folder is one of a process that was killed."""

SHORT = (duckdb.OutOfMemoryException, duckdb.IOException)
"""What DuckDB raises when memory is used up, and when what does not fit cannot be written."""

T = TypeVar("T")


def spill(folder: Path | None) -> Path:
    """A name no other database has, in the folder where what does not fit lies."""
    return _room(folder) / f"{SPILL}{uuid.uuid4().hex}"


def sweep(folder: Path | None, *, now: float) -> None:
    """Remove what killed processes left there; `now` in seconds of the file system's clock."""
    for left in _room(folder).glob(f"{SPILL}*"):
        with suppress(FileNotFoundError):  # its process has just removed it
            if left.stat().st_mtime < now - LEFT_BEHIND:
                shutil.rmtree(left, ignore_errors=True)


def tables(request: EvaluationRequest) -> dict[str, Sequence[Path]]:
    """The files of every table, of those beside the CRM too."""
    found: dict[str, Sequence[Path]] = {table.value: files for table, files in request.files.items() if files}
    return found | {f"beside {name}": table.files for name, table in request.beside.items()}


def confine(db: DuckDBPyConnection, request: EvaluationRequest) -> None:
    """Let it take the memory and the threads that the request's rows need, and never more than it may already."""
    rows = {table: _rows(db, files) for table, files in tables(request).items()}
    accounts, all_rows = rows.get(Table.ACCOUNTS.value, 0), sum(rows.values())
    if accounts <= ROW_GROUP and all_rows <= MANY:
        db.execute("set threads = 1")
    ((most, threads),) = db.execute(
        "select parse_formatted_bytes(current_setting('memory_limit')), current_setting('threads')"
    ).fetchall()
    wanted = LEAST + EACH_THREAD * threads + EACH_ROW * max(all_rows, EACH_ACCOUNT * accounts)
    db.execute(f"set memory_limit = '{min(wanted, most)}B'")


def leaves_a_core(db: DuckDBPyConnection) -> bool:
    """Whether the machine has more cores than the database uses for a query."""
    ((threads,),) = db.execute("select current_setting('threads')").fetchall()
    return bool(threads < (os.cpu_count() or 1))


def enough(db: DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Do the work, again with all memory there is where it was short; StopRun where that does not do either."""
    try:
        return work()
    except SHORT:
        db.execute("reset memory_limit")
    with or_stop():
        return work()


@contextmanager
def or_stop() -> Iterator[None]:
    """Raise StopRun where there is no memory left, nor room in the folder; other faults stay what they are."""
    try:
        yield
    except SHORT as error:
        if isinstance(error, duckdb.IOException) and SPILL not in str(error):
            raise
        raise StopRun(
            f"the population does not fit in memory: {str(error).splitlines()[0]}",
            hint="give the process more memory, or the disk of its state and temporary files more room",
        ) from error


def _room(folder: Path | None) -> Path:
    """The folder where it is there, else where temporary files lie."""
    return folder if folder and folder.is_dir() else Path(tempfile.gettempdir())


def _rows(db: DuckDBPyConnection, files: Sequence[Path]) -> int:
    """Rows of a table, in CSV its lines; files that are not there, or are no Parquet, have none."""
    present = [file for file in files if file.is_file()]
    if not present or is_csv(present[0]):
        return sum(map(_lines, present))
    names = ", ".join(quoted_text(str(file)) for file in present)
    try:
        ((counted,),) = db.execute(f"select sum(num_rows) from parquet_file_metadata([{names}])").fetchall()
    except duckdb.Error:  # a broken file is told where it is read
        return 0
    return int(counted)


def _lines(file: Path) -> int:
    with file.open("rb") as opened:
        return sum(block.count(b"\n") for block in iter(partial(opened.read, BLOCK), b""))
