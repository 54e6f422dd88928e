from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from connector.model.changes import Target
from connector.ports import QuarantineRow
from connector.report import write
from tests.unit.report.bases import advised, base_100, busy, planned, source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.report import PlannedAccount

TABLES = ("scan", "pyramid", "pareto", "segments", "migration", "data-health", "quarantine")
FILES = {
    "report.html",
    "report.json",
    *(f"{name}.{kind}" for name in TABLES for kind in ("csv", "json")),
    "changes.csv",
    "changes.json",
    "say-no.csv",
    "say-no.json",
}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_a_report_is_a_page_and_its_tables_and_nothing_else(tmp_path: Path) -> None:
    page = write(source(base_100()), tmp_path / "new" / "folder", language="nl")
    assert page == tmp_path / "new" / "folder" / "report.html"
    assert {path.name for path in page.parent.iterdir()} == FILES


def test_what_the_crm_refused_is_listed_with_its_words_and_its_next_try(tmp_path: Path) -> None:
    since = datetime(2026, 4, 2, 6, 0, tzinfo=UTC)
    refused = [
        QuarantineRow(Target.ACCOUNT, f"{n}", f"<b>Ask</b> Zoë {n}", since, 2, since + timedelta(hours=4))
        for n in range(501)
    ]
    page = write(replace(source(base_100()), quarantined=refused), tmp_path, language="en").read_text("utf-8")
    assert "Records that the CRM refused" in page
    assert "&lt;b&gt;Ask&lt;/b&gt; Zoë 499" in page
    assert "Zoë 500" not in page
    rows = _rows(tmp_path / "quarantine.csv")
    assert len(rows) == 501
    assert (rows[0]["object"], rows[0]["record"], rows[0]["tries"]) == ("account", "0", "2")
    assert rows[0]["next_try"].startswith("2026-04-02 10:00")
    assert "Records that the CRM refused" not in write(source(base_100()), tmp_path, language="en").read_text("utf-8")


def test_the_pyramid_is_the_same_in_csv_and_json(tmp_path: Path) -> None:
    write(source(base_100()), tmp_path, language="en")
    rows = _rows(tmp_path / "pyramid.csv")
    document = json.loads((tmp_path / "report.json").read_bytes(), parse_float=Decimal)
    assert [row["revenue_pct"] for row in rows] == ["40.0", "25.0", "15.0", "20.0"]
    assert [row["revenue"] for row in rows] == ["400000.00", "250000.00", "150000.00", "200000.00"]
    assert [level["revenue"] for level in document["pyramid"]["levels"]] == [Decimal(row["revenue"]) for row in rows]
    assert document["pyramid"]["gini"] == Decimal("0.7047")
    assert document["about"]["as_of"] == "2026-04-02"


def test_every_row_is_in_the_files_when_the_page_shows_a_few(tmp_path: Path) -> None:
    report = source(
        base_100(),
        planned=[planned(str(i), before="large", after="regular", cents=-i) for i in range(50)],
        advised=[advised(str(i), reasons=("N1", "N2")) for i in range(40)],
    )
    page = write(report, tmp_path, language="en", rows_shown=3).read_text(encoding="utf-8")
    changes, say_no = _rows(tmp_path / "changes.csv"), _rows(tmp_path / "say-no.csv")
    assert [row["account"] for row in changes] == [str(i) for i in range(50)]
    assert (changes[7]["revenue"], changes[7]["tier_before"], changes[7]["cause"]) == (
        "-0.07",
        "large",
        "own data changed",
    )
    assert (len(say_no), say_no[0]["reasons"]) == (40, "N1;N2")
    assert [one["account"] for one in json.loads((tmp_path / "changes.json").read_bytes())] == [
        str(i) for i in range(50)
    ]
    assert len(json.loads((tmp_path / "say-no.json").read_bytes())) == 40
    assert "The first 3 of 50 rows; all of them are in changes.csv, changes.json." in page
    assert "The first 3 of 40 rows; all of them are in say-no.csv, say-no.json." in page


def test_an_empty_list_is_an_empty_array(tmp_path: Path) -> None:
    write(source(base_100()), tmp_path, language="en")
    assert json.loads((tmp_path / "changes.json").read_bytes()) == []
    assert _rows(tmp_path / "changes.csv") == []


def test_a_name_that_is_a_formula_is_no_formula_in_csv(tmp_path: Path) -> None:
    evil = planned("1", before=None, after="large", name="=HYPERLINK(1)")
    write(source(base_100(), planned=[evil]), tmp_path, language="en")
    assert _rows(tmp_path / "changes.csv")[0]["name"] == "'=HYPERLINK(1)"


def test_a_report_that_fails_leaves_the_earlier_one_whole(tmp_path: Path) -> None:
    def broken() -> Iterator[PlannedAccount]:
        yield planned("1", before=None, after="large")
        raise OSError(28, "No space left on device")

    write(source(base_100()), tmp_path, language="en")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(OSError, match="No space left"):
        write(source(base_100(), planned=broken()), tmp_path, language="nl")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        write(busy(60), tmp_path / folder, language="nl")
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_lone_surrogate_does_not_stop_the_page(tmp_path: Path) -> None:
    page = write(
        source(base_100(), planned=[planned("1", before=None, after="large", name="a\u202eb\x00")]),
        tmp_path,
        language="en",
    )
    assert "a\u202eb" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("accounts", [701, 25_000])
def test_the_page_stays_small_whatever_the_population(tmp_path: Path, accounts: int) -> None:
    page = write(busy(accounts), tmp_path, language="nl")
    assert page.stat().st_size < 1_000_000
