"""The pyramid as inline SVG: centred widths are customers, bars are revenue (or energy) with the benchmark as a mark.

Lengths are proportional and colours are only classes of the page, so the picture reads in print and without
colour. Every figure carries a title and a description that say the same in words.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from markupsafe import Markup
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROW, HEAD, THICK = 54, 30, 24
NAMES, NUMBERS, GAP = 96, 78, 12
"""Room for the words left and right of the bars, in the units of the picture (about a pixel on paper and screen)."""
WIDE, NARROW = 400, 304
"""Widths of a figure that stands beside one other, and beside two others."""
HAIRLINE = Decimal("1.5")


class Row(Struct, frozen=True):
    """One level: its name, the length of its bar and of its benchmark (percentages), and the words beside it."""

    name: str
    note: str
    pct: Decimal
    strong: str
    soft: str
    says: str
    benchmark: Decimal | None = None


def pyramid(rows: Sequence[Row], *, width: int, key: str, heading: str, title: str) -> Markup:
    """Return the figure whose centred widths are each level's share of customers."""
    widest, room = _longest(row.pct for row in rows), width - NAMES - NUMBERS
    centre = NAMES + room // 2
    body = Markup().join(
        _step(row, middle, _length(row.pct, widest, room), centre, width) for row, middle in _placed(rows)
    )
    head = _head(heading, at=centre, anchor="middle")
    return _figure(rows, head + body, width=width, key=key, title=title)


def bars(rows: Sequence[Row], *, width: int, key: str, heading: str, title: str) -> Markup:
    """Return the figure with one bar per level, as long as its share, and its benchmark as a mark."""
    longest, room = _longest(max(row.pct, row.benchmark or Decimal(0)) for row in rows), width - NUMBERS - GAP
    body = Markup().join(
        _bar(row, middle, _length(row.pct, longest, room))
        + _benchmark(row, middle, longest, room)
        + _words(width, middle, row.strong, row.soft, anchor="end")
        for row, middle in _placed(rows)
    )
    return _figure(rows, _head(heading, at=0, anchor="start") + body, width=width, key=key, title=title)


def share(pct: Decimal | None) -> Markup:
    """Return a small bar for a table cell; the number beside it says the same, so it is hidden from readers."""
    width = max(Decimal(0), min(pct or Decimal(0), Decimal(100)))
    return Markup(
        '<svg class="mini" viewBox="0 0 100 8" width="100" height="8" aria-hidden="true" focusable="false">'
        '<rect class="track" width="100" height="8"/><rect class="bar" width="{}" height="8"/></svg>'
    ).format(width)


def _placed(rows: Iterable[Row]) -> Iterable[tuple[Row, int]]:
    return ((row, HEAD + place * ROW + ROW // 2) for place, row in enumerate(rows))


def _longest(lengths: Iterable[Decimal]) -> Decimal:
    return max(lengths, default=Decimal(0)) or Decimal(1)


def _length(pct: Decimal, longest: Decimal, room: int) -> Decimal:
    """Return a bar's length; something that exists is at least a hairline, nothing is nothing."""
    length = (max(pct, Decimal(0)) / longest * room).quantize(Decimal("0.1"))
    return max(length, HAIRLINE) if pct > 0 else Decimal(0)


def _step(row: Row, middle: int, length: Decimal, centre: int, width: int) -> Markup:
    step = Markup('<rect class="customers" x="{}" y="{}" width="{}" height="{}"/>').format(
        centre - length / 2, middle - ROW // 2 + 2, length, ROW - 4
    )
    name = _words(0, middle, row.name, row.note, anchor="start")
    return name + step + _words(width, middle, row.strong, row.soft, anchor="end")


def _bar(row: Row, middle: int, length: Decimal) -> Markup:
    """Return a bar; its name is for narrow screens, where the figure no longer stands beside the names."""
    top = middle - THICK // 2
    return Markup(
        '<text class="alone" x="0" y="{}">{}</text><rect class="bar" x="0" y="{}" width="{}" height="{}"/>'
    ).format(top - 5, row.name, top, length, THICK)


def _benchmark(row: Row, middle: int, longest: Decimal, room: int) -> Markup:
    """Return the mark of the benchmark: dark, taller than the bar, with a light edge where it crosses it."""
    if row.benchmark is None:
        return Markup()
    reach = THICK // 2 + 5
    return Markup(
        '<line class="mark-halo" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>'
        '<line class="mark" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>'
    ).format(_length(row.benchmark, longest, room), middle - reach, middle + reach)


def _head(heading: str, *, at: int, anchor: str) -> Markup:
    return Markup('<text class="head" x="{}" y="16" text-anchor="{}">{}</text>').format(at, anchor, heading)


def _words(x: int, middle: int, strong: str, soft: str, *, anchor: str) -> Markup:
    return Markup(
        '<text class="strong" x="{0}" y="{1}" text-anchor="{3}">{4}</text>'
        '<text class="soft" x="{0}" y="{2}" text-anchor="{3}">{5}</text>'
    ).format(x, middle - 2, middle + 14, anchor, strong, soft)


def _figure(rows: Sequence[Row], body: Markup, *, width: int, key: str, title: str) -> Markup:
    return Markup(
        '<svg class="figure" role="img" viewBox="0 0 {width} {height}" aria-labelledby="{key}-title {key}-words">'
        '<title id="{key}-title">{title}</title><desc id="{key}-words">{words}</desc>{body}</svg>'
    ).format(
        width=width,
        height=HEAD + ROW * len(rows) + 2,
        key=key,
        title=title,
        words="; ".join(row.says for row in rows) + ".",
        body=body,
    )
