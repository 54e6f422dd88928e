"""A table beside the CRM in a CSV or Parquet file."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from connector.crm.beside.table import Inspection, asked, broken, counted
from connector.crm.files import tables
from connector.errors import ConnectorError
from connector.ports import Finding, Read

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from connector.crm.beside.table import Terms
    from connector.ports import Progress

    Columns = Mapping[str, Sequence[str | None]]

T = TypeVar("T")
SUFFIXES = (".csv", ".parquet")
SEMICOLON = ";"


class FileTable:
    """The port `Source` on one file; the day of its data is that of the file, unless a column says it."""

    def __init__(self, path: Path, terms: Terms) -> None:
        self.name, self.join = terms.name, terms.join
        self._path, self._terms = path, terms

    def read(self, wanted: Sequence[str], deliver: Callable[[Columns], None], progress: Progress) -> Read:
        """Read it whole; a file that changed meanwhile is refused."""
        before = self._stat()
        inspection = Inspection(self._terms, until=self._day(before))
        for columns in self._pieces(asked(self._terms, wanted, self._header())):
            inspection.pass_on(columns)
            deliver(columns)
            progress(f"read tables.{self.name}", inspection.rows)
        if inspection.rows == 0:
            deliver({name: [] for name in asked(self._terms, wanted, self._header())})
        if _mark(self._stat()) != _mark(before):
            raise broken(self.name, f"{self._path} changed while it was read", hint="nothing was taken; run again")
        made_on = inspection.day()
        progress(f"read tables.{self.name}", inspection.rows, inspection.rows)
        return Read(inspection.rows, made_on)

    def look(self, wanted: Sequence[str]) -> Finding:
        """Read it, and tell how many rows it has and of when they are."""
        subject = f"tables.{self.name}"
        try:
            found = self.read(wanted, lambda _: None, lambda *_: None)
            absent = [name for name in wanted if self.join.columns.get(name, name) not in self._header()]
        except ConnectorError as error:
            return Finding("bad", subject, str(error).removeprefix(f"{subject}: "), error.hint)
        return counted(self.name, self._path.name, found, absent)

    def _stat(self) -> os.stat_result:
        try:
            return self._path.stat()
        except OSError as error:
            hint = f"[tables.{self.name}] path is relative to the settings file"
            raise broken(self.name, f"{self._path}: {error.strerror}", hint=hint) from None

    def _header(self) -> Sequence[str]:
        if self._path.suffix.lower() not in SUFFIXES:
            raise broken(self.name, f"{self._path} is neither .csv nor .parquet", hint="export it as one of these")
        names = self._in_our_words(lambda: tables.header(self._path))
        if len(names) == 1 and SEMICOLON in names[0]:
            raise broken(self.name, f"{self._path} is separated by semicolons", hint="export it with commas (RFC 4180)")
        return names

    def _pieces(self, columns: Sequence[str]) -> Iterator[Columns]:
        batches = tables.batches(self._path, columns, zone=self._terms.time_zone)
        while (batch := self._in_our_words(lambda: next(batches, None))) is not None:
            yield {name: batch.column(name).to_pylist() for name in columns}

    def _in_our_words(self, step: Callable[[], T]) -> T:
        try:
            return step()
        except ConnectorError as error:
            raise broken(self.name, str(error), hint=error.hint) from None

    def _day(self, found: os.stat_result) -> date:
        return datetime.fromtimestamp(found.st_mtime, ZoneInfo(self._terms.time_zone)).date()


def _mark(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_ino
