"""The report as files: one page, and every table as CSV and JSON. All of them appear, or none does."""

from __future__ import annotations

from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from connector.report import pages, tables
from connector.report.advice import AdviceView, view_advice, view_advised
from connector.report.cells import json_bytes, line
from connector.report.moves import MoveView, view_changes, view_move
from connector.report.phrasebook import Phrasebook
from connector.report.views import view_population

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.report.source import ReportInput

PAGE, SUMMARY = "report.html", "report.json"
ROWS_SHOWN = 500
"""Rows a table of the page shows at most; its file holds all of them."""
View = TypeVar("View", bound=Struct)


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
    moves_seen = (view_move(one, owners=source.owners) for one in source.planned)
    advice_seen = (view_advice(one, owners=source.owners) for one in source.advised)
    with _passing(drafts, "changes", MoveView, moves_seen) as moves:
        changes = view_changes(moves, keep=rows_shown)
    with _passing(drafts, "say-no", AdviceView, advice_seen) as advice:
        advised = view_advised(advice, keep=rows_shown)
    population = view_population(source)
    report = pages.Report(population=population, changes=changes, advised=advised, files=())
    for name, rows in tables.bounded(report).items():
        header, *rest = rows
        _save(drafts / f"{name}.csv", map(line, (header, *rest)))
        (drafts / f"{name}.json").write_bytes(json_bytes(tables.records(header, rest), indent=True))
    files = (SUMMARY, *sorted(path.name for path in drafts.iterdir()))
    report = replace(report, files=files)
    (drafts / SUMMARY).write_bytes(json_bytes(tables.summary(report), indent=True))
    _save(drafts / PAGE, [pages.render(report, _phrasebook(source, language))])


def _phrasebook(source: ReportInput, language: str) -> Phrasebook:
    return Phrasebook(
        language=language, currency=source.home_currency, outputs=source.outputs, field_labels=source.field_labels
    )


@contextmanager
def _passing(drafts: Path, name: str, view: type[View], views: Iterable[View]) -> Iterator[Iterator[View]]:
    """Let the views pass on while each is written to a CSV and a JSON file."""
    with _texts(drafts / f"{name}.csv") as csv, (drafts / f"{name}.json").open("wb") as json:
        yield _written(views, tables.columns(view), csv, json)


def _written(views: Iterable[View], columns: tuple[str, ...], csv: IO[str], json: IO[bytes]) -> Iterator[View]:
    csv.write(line(columns))
    values, before = attrgetter(*columns), b"[\n"
    for view in views:
        csv.write(line(values(view)))
        json.write(before + json_bytes(view))
        before = b",\n"
        yield view
    json.write(b"[]\n" if before == b"[\n" else b"\n]\n")


def _save(path: Path, texts: Iterable[str]) -> None:
    with _texts(path) as file:
        file.writelines(texts)


def _texts(path: Path) -> IO[str]:
    """Open a UTF-8 file; what Unicode forbids (a lone surrogate) becomes a question mark."""
    return path.open("w", encoding="utf-8", errors="replace", newline="")
