"""The trend over four quarters: what is known is shown in order, and what is not is said."""

from __future__ import annotations

import csv
from datetime import date
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from connector.model.pictures import Quarter
from connector.report import write
from connector.report.numbers import MINUS
from connector.report.phrasebook import NO_VALUE
from tests.unit.report.bases import base_100, source
from tests.unit.report.document import Element, read

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NOW = Quarter(
    2026, 2, date(2026, 4, 2), "r4", {"seg_tier": {"regular": 80, "large": 20}, "seg_pyramid_level": {"top": 1}}
)
BEFORE = (
    Quarter(2025, 3, date(2025, 9, 30), "r1", {"seg_tier": {"large": 12, "regular": 90, "": 3}}),
    Quarter(2025, 4, date(2025, 12, 31), "r2", {"seg_tier": {"large": 14, "regular": 85}}),
    Quarter(2026, 1, date(2026, 3, 31), "r3", {"seg_tier": {"large": 25, "regular": 80}}),
)


def page(folder: Path, quarters: Sequence[Quarter], language: str = "en") -> Element:
    report = replace(source(base_100()), quarters=quarters)
    return read(write(report, folder, language=language).read_text(encoding="utf-8"))


def chapter(found: Element) -> Element | None:
    return next((section for section in found.all("section") if section.attributes.get("id") == "trend"), None)


def cells(table: Element) -> list[list[str]]:
    return [[cell.text.strip() for cell in (*row.all("th"), *row.all("td"))] for row in table.all("tr")]


def test_every_value_has_its_accounts_per_quarter_in_the_order_people_see_them(tmp_path: Path) -> None:
    shown = chapter(page(tmp_path, [*BEFORE, NOW]))
    assert shown is not None
    tiers, levels = shown.all("table")
    assert cells(tiers) == [
        ["Tier", "Q3 2025", "Q4 2025", "Q1 2026", "Q2 2026", "Change", ""],
        ["Large customer retain", "12", "14", "25", "20", "+8", ""],
        ["Regular customer", "90", "85", "80", "80", f"{MINUS}10", ""],
        ["no value", "3", "0", "0", "0", f"{MINUS}3", ""],
    ]
    assert cells(levels)[1] == ["Top first 1%", *[NO_VALUE] * 3, "1", NO_VALUE, ""]
    assert [len(list(row.all("rect"))) for row in tiers.one("tbody").all("tr")] == [4, 4, 1]
    assert "missing" not in shown.text


@pytest.mark.parametrize(
    ("quarters", "language", "said"),
    [
        ((*BEFORE[1:], NOW), "en", "1 of the last four quarters is missing: no good run was counted in it."),
        ((BEFORE[2], NOW), "nl", "2 van de laatste vier kwartalen ontbreken: daarin is geen geslaagde run geteld."),
        ((NOW,), "en", "This is the first quarter with a good run that was counted"),
        ((NOW,), "nl", "Dit is het eerste kwartaal met een getelde, geslaagde run"),
    ],
)
def test_quarters_that_nobody_counted_are_told(
    tmp_path: Path, quarters: Sequence[Quarter], language: str, said: str
) -> None:
    shown = chapter(page(tmp_path, quarters, language))
    assert shown is not None
    assert said in shown.text
    assert bool(list(shown.all("table"))) == (len(quarters) > 1)


def test_a_report_without_quarters_has_no_such_chapter(tmp_path: Path) -> None:
    assert chapter(page(tmp_path, ())) is None


def test_machines_get_every_quarter_that_is_known(tmp_path: Path) -> None:
    page(tmp_path, [*BEFORE, NOW])
    with (tmp_path / "trend.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 + 2 + 2 + 3
    assert rows[0] == {
        "output": "seg_tier",
        "value": "large",
        "year": "2025",
        "quarter": "3",
        "as_of": "2025-09-30",
        "run": "r1",
        "accounts": "12",
    }
