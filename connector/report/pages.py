"""The page: views in, one HTML document out, in Dutch or English; needs no network and no script to be read."""

from __future__ import annotations

from base64 import b64encode
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from msgspec import Struct

from connector.model.outputs import LADDER_STEP, LEVEL, SAY_NO_STATUS, TIER
from connector.report import drawings, figures, sentences
from connector.report.phrasebook import NO_VALUE
from connector.report.scan import view_scan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.report.advice import AdvisedView
    from connector.report.insights import InsightColumn
    from connector.report.moves import ChangesView, MoveView
    from connector.report.phrasebook import Phrasebook
    from connector.report.views import MatrixView, PopulationView, SliceView

SLICED = (TIER, LADDER_STEP, "seg_icp_fit")
"""Outputs whose slices get a table of their own, where their model is configured."""


class Report(Struct, frozen=True):
    """All views of one report; the lists hold the rows to show, the files beside it hold all of them."""

    population: PopulationView
    changes: ChangesView
    advised: AdvisedView
    files: tuple[str, ...]


class SliceTable(Struct, frozen=True):
    """One table of slices: everything by one output."""

    output: str
    caption: str
    heading: str
    slices: Sequence[SliceView]
    hours: bool
    margin: bool


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("connector.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=2)
def _fingerprint(name: str) -> str:
    """Return the hash by which the page allows its own inline style or script, and no other."""
    text = _templates().get_template(name).render()
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


def render(report: Report, book: Phrasebook) -> str:
    """Return the whole page; every text of a CRM in it is escaped."""
    population, pyramid = report.population, report.population.pyramid
    return (
        _templates()
        .get_template("page.html")
        .render(
            book=book,
            style_hash=_fingerprint("page.css"),
            script_hash=_fingerprint("page.js"),
            lead=sentences.lead(report, book),
            scan=sentences.scan(view_scan(population, report.advised), book),
            about=population.about,
            chapters=_chapters(report),
            pyramid=pyramid,
            figures=drawings.of_pyramid(pyramid.levels, book),
            has_benchmark=any(level.benchmark_pct is not None for level in pyramid.levels),
            has_lines=any(level.line is not None for level in pyramid.levels),
            has_margin=any(level.margin_after_service is not None for level in pyramid.levels),
            pyramid_notes=sentences.pyramid_notes(population, book),
            slice_tables=_slice_tables(population, book),
            mini=figures.share,
            changes=report.changes,
            changes_intro=sentences.changes_intro(report, book),
            changes_notes=sentences.changes_notes(report.changes, book),
            matrices=[view for view in population.matrices if _tells(view)],
            owners=any(row.owner for row in report.changes.rows),
            say_no_word=lambda row: _say_no_word(row, book),
            advised=report.advised,
            watch_caption=sentences.watch_caption(report.advised, book),
            insights=population.insights,
            cell=lambda column, value: _cell(column, value, book),
            insight_note=lambda view: sentences.insight(view, book),
            health=population.health,
            files=report.files,
        )
    )


def _chapters(report: Report) -> list[str]:
    """Return the chapters that have something to say, in reading order."""
    population = report.population
    shown = {
        "scan": population.about.accounts > 0,
        "pyramid": bool(population.slices.get(LEVEL)),
        "tiers": any(population.slices.get(output) for output in SLICED),
        "changes": True,
        "insights": bool(population.insights),
        "say_no": bool(population.slices.get(SAY_NO_STATUS)) or report.advised.say_no + report.advised.watch > 0,
        "health": population.about.accounts > 0,
    }
    return [chapter for chapter, worth in shown.items() if worth]


def _cell(column: InsightColumn, value: object, book: Phrasebook) -> str:
    """Return one cell of an insight as people write it."""
    if column.kind == "option":
        return book.parted(column.output, None if value is None else str(value))[0]
    if column.kind == "segment":
        output, _, option = str(value).partition(":")
        named = book.say(f"insight.{output}") if book.has(f"insight.{output}") else book.output(output)
        told = f"insight.{output}.{option}"
        return f"{named}: {book.say(told) if book.has(told) else book.parted(output, option or None)[0]}"
    number = value if isinstance(value, Decimal | int) else None
    if column.kind == "whole":
        return book.whole(number)
    exact = None if number is None else Decimal(number)
    write = {"money": book.money, "percent": book.percent, "number": book.number}
    return write[column.kind](exact)


def _slice_tables(population: PopulationView, book: Phrasebook) -> list[SliceTable]:
    """Return the tables of outputs that have slices, each with the columns that are known."""
    return [
        SliceTable(
            output=output,
            caption=book.say(f"slices.{output}"),
            heading=book.say(f"slices.{output}.value"),
            slices=slices,
            hours=any(one.energy_hours is not None for one in slices),
            margin=any(one.margin_after_service is not None for one in slices),
        )
        for output in SLICED
        if (slices := population.slices.get(output, ()))
    ]


def _tells(view: MatrixView) -> bool:
    """Say whether a matrix shows more than the slices do: somebody goes from one value to another."""
    return view.moved > 0


def _say_no_word(row: MoveView, book: Phrasebook) -> str:
    if row.say_no_after:
        return book.say("changes.stays_no" if row.say_no_before else "changes.becomes_no")
    return book.say("changes.becomes_clear") if row.say_no_before else NO_VALUE
