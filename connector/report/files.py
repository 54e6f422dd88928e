"""The report as files: one page, and every table as CSV and JSON. All of them appear, or none does."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, TypeVar

from connector.report import pages, tables
from connector.report.advice import view_advised
from connector.report.cells import json_bytes, line
from connector.report.moves import view_changes
from connector.report.phrasebook import Phrasebook
from connector.report.views import view_population

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.report.source import ReportInput
    from connector.report.tables import Listing

PAGE, SUMMARY = "report.html", "report.json"
ROWS_SHOWN = 500
"""Rows a table of the page shows at most; its file holds all of them."""
Item = TypeVar("Item")


def write(source: ReportInput, directory: Path, *, language: str, rows_shown: int = ROWS_SHOWN) -> Path:
    """Write the report and return its page; files of an earlier report there are replaced, the page last.

    `language` is `nl` or `en`; `rows_shown` at least 1. Raises OSError when the directory cannot be written;
    an earlier report is still whole then.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=directory, prefix=".report-") as drafts:
        _fill(Path(drafts), source, language=language, rows_shown=rows_shown)
        for draft in sorted(Path(drafts).iterdir(), key=lambda path: (path.name == PAGE, path.name)):
            draft.replace(directory / draft.name)
    return directory / PAGE


def _fill(drafts: Path, source: ReportInput, *, language: str, rows_shown: int) -> None:
    """Write every file once, each stream read once: it passes its file on the way to its view."""
    with _passing(drafts, tables.CHANGES, source.planned) as planned:
        changes = view_changes(planned, keep=rows_shown)
    with _passing(drafts, tables.ADVISED, source.advised) as accounts:
        advised = view_advised(accounts, keep=rows_shown)
    population = view_population(source)
    for name, rows in tables.bounded(population).items():
        _save(drafts / name, map(line, rows))
    files = (SUMMARY, *sorted(path.name for path in drafts.iterdir()))
    report = pages.Report(population=population, changes=changes, advised=advised, files=files)
    (drafts / SUMMARY).write_bytes(json_bytes(tables.summary(report), indent=True))
    _save(drafts / PAGE, [pages.render(report, _phrasebook(source, language))])


def _phrasebook(source: ReportInput, language: str) -> Phrasebook:
    return Phrasebook(
        language=language, currency=source.home_currency, outputs=source.outputs, field_labels=source.field_labels
    )


@contextmanager
def _passing(drafts: Path, listing: Listing[Item], items: Iterable[Item]) -> Iterator[Iterator[Item]]:
    """Let the items pass on while each is written to the listing's CSV and JSON files."""
    with _texts(drafts / f"{listing.name}.csv") as csv, (drafts / f"{listing.name}.json").open("wb") as json:
        yield _written(listing, items, csv, json)


def _written(listing: Listing[Item], items: Iterable[Item], csv: IO[str], json: IO[bytes]) -> Iterator[Item]:
    csv.write(line(listing.header))
    before = b"[\n"
    for item in items:
        csv.writelines(listing.lines(item))
        json.write(before + json_bytes(listing.document(item)))
        before = b",\n"
        yield item
    json.write(b"[]\n" if before == b"[\n" else b"\n]\n")


def _save(path: Path, texts: Iterable[str]) -> None:
    with _texts(path) as file:
        file.writelines(texts)


def _texts(path: Path) -> IO[str]:
    """Open a UTF-8 file; what Unicode forbids (a lone surrogate) becomes a question mark."""
    return path.open("w", encoding="utf-8", errors="replace", newline="")
