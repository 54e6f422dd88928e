"""The page's structure: what a reader, a screen reader and a browser find in it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from connector.model.pictures import MissingField, Pictures, Slice, WarningCount
from connector.model.texts import catalogue
from connector.report import ReportInput, write
from tests.unit.report.bases import advised, base_100, busy, pictures, planned, slices, source
from tests.unit.report.document import Element, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Render = Callable[..., Element]

EVIL = '<script>alert("1")</script>&<img src=x onerror=alert(2)> 🍺'


@pytest.fixture
def render(tmp_path: Path) -> Render:
    def rendered(report: ReportInput, language: str = "en") -> Element:
        return read(write(report, tmp_path, language=language).read_text(encoding="utf-8"))

    return rendered


def _all_kinds() -> dict[str, Pictures]:
    nobody: list[Slice] = []
    return {
        "nobody": pictures(seg_tier=nobody, seg_pyramid_level=nobody),
        "one customer": pictures([500], seg_pyramid_level=slices({"top": (1, 5)}), seg_tier=slices({"large": (1, 5)})),
        "all unknown": pictures(seg_tier=slices({"unknown": (12, 0)}), seg_pyramid_level=slices({"suspect": (12, 0)})),
        "credit notes only": pictures(
            [-500], seg_pyramid_level=slices({"small": (1, -5)}), seg_tier=slices({"regular": (1, -5)})
        ),
        "large numbers": pictures(
            [10**17, 10**16],
            seg_pyramid_level=slices({"top": (1, 10**15), "small": (1, 10**14)}),
            seg_tier=slices({"large": (2, 10**15)}),
        ),
        "pyramid only": pictures([500], seg_pyramid_level=slices({"top": (1, 5), "prospect": (3, 0)})),
        "reference base": base_100(hours=True),
        "nothing configured": Pictures(base_100().window, [], {}, {}),
    }


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("kind", list(_all_kinds()))
def test_every_kind_of_base_gives_a_whole_page(render: Render, kind: str, language: str) -> None:
    page = render(source(_all_kinds()[kind]), language)
    assert page.one("html").attributes["lang"] == language
    words = page.one("body").text
    assert "None" not in words
    assert "{" not in words.replace(page.one("script").text, "")
    for table in page.all("table"):
        assert list(table.one("tbody").all("tr")), "an empty table is an empty shell"


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_table_has_a_caption_headers_and_full_rows(render: Render, language: str) -> None:
    tables = list(render(busy(200), language).all("table"))
    assert len(tables) > 8
    for table in tables:
        assert table.one("caption").text
        heads = list(table.one("thead").all("th"))
        assert all(head.attributes["scope"] == "col" for head in heads)
        for row in table.all("tr"):
            assert len(list(row.all("th")) + list(row.all("td"))) == len(heads)
        for row in table.one("tbody").all("tr"):
            assert next(row.all("th")).attributes["scope"] == "row"


def test_every_id_is_unique_and_every_reference_finds_its_id(render: Render) -> None:
    page = render(busy(200))
    ids = [one.attributes["id"] for one in page.everything() if "id" in one.attributes]
    named = [
        one.attributes["aria-labelledby"].split() for one in page.everything() if "aria-labelledby" in one.attributes
    ]
    anchors = [a.attributes["href"][1:] for a in page.all("a") if a.attributes["href"].startswith("#")]
    assert len(ids) == len(set(ids))
    assert {name for names in named for name in names} | set(anchors) <= set(ids)
    assert len(anchors) == 7


def test_every_picture_says_in_words_what_it_shows(render: Render) -> None:
    customers, revenue, energy = render(source(base_100(hours=True))).one("figure").all("svg")
    assert customers.one("title").text == "Customers per level"
    assert "Top: 1 customer, 1.0%" in customers.one("desc").text
    assert "Medium: 15.0% of revenue, €150,000, benchmark 15.0%" in revenue.one("desc").text
    assert "Small: 60.0% of energy, 600 hours" in energy.one("desc").text


def test_the_pyramid_is_as_wide_as_its_customers_are_many(render: Render) -> None:
    figure = next(iter(render(source(base_100())).all("svg")))
    widths = [Decimal(bar.attributes["width"]) for bar in figure.all("rect")]
    assert widths[1] / widths[3] == pytest.approx(Decimal(4) / 80, rel=Decimal("0.02"))
    assert widths[2] / widths[3] == pytest.approx(Decimal(15) / 80, rel=Decimal("0.02"))
    centres = {Decimal(bar.attributes["x"]) * 2 + Decimal(bar.attributes["width"]) for bar in figure.all("rect")}
    assert len(centres) == 1


def test_the_page_asks_nothing_of_the_network_and_says_so_to_the_browser(render: Render) -> None:
    page = render(busy(60))
    for one in page.everything():
        assert not {"src", "srcset", "action", "style", "onclick", "background"} & one.attributes.keys()
        href = one.attributes.get("href", "")
        assert re.fullmatch(r"#[a-z_]+|[a-z-]+\.(json|csv)|", href)
    assert "url(" not in page.one("style").text
    assert "@import" not in page.one("style").text
    policy = page.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_a_name_is_text_whatever_it_holds(render: Render) -> None:
    report = source(
        base_100(),
        planned=[planned("1", before=None, after="<b>new</b>", name=EVIL)],
        advised=[advised("2", name=EVIL, reason=EVIL, tier=EVIL, reasons=(EVIL,), protected_by=(EVIL,))],
    )
    page = render(replace(report, crm=EVIL, run=EVIL, rule_version=EVIL))
    assert len(list(page.all("script"))) == 1
    assert not list(page.all("img"))
    assert not [b for b in page.all("b") if "new" in b.text]
    assert page.one("main").text.count(EVIL) >= 3


@pytest.mark.parametrize(
    ("language", "lead"),
    [
        (
            "en",
            (
                "1 customer brings 40.0% of revenue; "
                "1 account is marked Say NO; 2 change tier; 1 gets a tier for the first time."
            ),
        ),
        (
            "nl",
            (
                "1 klant brengt 40,0% van de omzet; "
                "1 account staat op Zeg NEE; 2 veranderen van segment; 1 krijgt voor het eerst een segment."
            ),
        ),
    ],
)
def test_the_lead_says_what_a_reader_must_know(render: Render, language: str, lead: str) -> None:
    drawn = base_100()
    drawn = replace(drawn, slices={**drawn.slices, "seg_say_no_status": slices({"say_no": (1, 0)})})
    moves = [
        planned("1", before="large", after="regular"),
        planned("2", before="regular", after="large"),
        planned("3", before=None, after="large"),
    ]
    page = render(source(drawn, planned=moves, advised=[advised()]), language)
    assert page.one("p", **{"class": "lead"}).text == lead


@pytest.mark.parametrize(
    ("kind", "lead"),
    [
        ("nobody", "There are no accounts to segment yet."),
        ("all unknown", "No account bought in this window; 12 accounts cannot be placed for lack of data."),
        ("credit notes only", "1 customer is active, without revenue in this window."),
        ("one customer", "1 customer brings 100.0% of revenue."),
        ("pyramid only", "1 customer brings 100.0% of revenue."),
    ],
)
def test_the_lead_is_honest_about_a_base_that_says_little(render: Render, kind: str, lead: str) -> None:
    assert render(source(_all_kinds()[kind])).one("p", **{"class": "lead"}).text == lead


def test_a_model_that_is_not_configured_leaves_no_trace(render: Render) -> None:
    words = render(source(base_100())).one("body").text
    assert "Energy" not in words
    assert "Customer ladder" not in words
    assert "Say NO" not in words
    assert "Saved" not in words


def test_the_page_names_what_data_to_complete(render: Render) -> None:
    drawn = replace(
        base_100(),
        missing=[MissingField("growth_potential", 12, 31_000_000), MissingField("odd_field", 1, 0)],
        warnings=[WarningCount("FUTURE_WON_DATE", 2), WarningCount("ODD_CODE", 1)],
    )
    health = render(source(drawn), "nl").one("section", id="health").text
    assert "groeipotentieel growth_potential 12 € 310.000" in health
    assert "odd_field 1" in health
    assert "een gewonnen deal sluit in de toekomst" in health
    assert "ODD_CODE 1" in health


def test_energy_outside_the_base_is_a_line_of_its_own(render: Render) -> None:
    drawn = base_100(hours=True)
    levels = [*drawn.slices["seg_pyramid_level"], *slices({"prospect": (50, 0)}, hours={"prospect": 75})]
    page = render(source(replace(drawn, slices={**drawn.slices, "seg_pyramid_level": levels})))
    words = page.one("section", id="pyramid").text
    assert "Outside the customer base: Prospect 50." in words
    assert "Energy on them: 75 hours" in words
    assert "Total 1,000" in words


def test_a_plan_that_was_written_is_not_called_planned(render: Render) -> None:
    report = source(base_100(), planned=[planned("1", before=None, after="large")])
    assert "Planned, not written yet: 1 value in 1 account." in render(report).one("section", id="changes").text
    assert "not written yet" not in render(replace(report, applied=True)).one("section", id="changes").text


def test_every_text_exists_in_both_languages_with_the_same_parts() -> None:
    for key, text in catalogue("connector.report").items():
        assert set(text) == {"en", "nl"}, key
        assert set(re.findall(r"{(\w+)}", text["en"])) == set(re.findall(r"{(\w+)}", text["nl"])), key


def _luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_colour_of_words_is_readable_on_its_ground(render: Render) -> None:
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", render(source(base_100())).one("style").text))
    for words in ("ink", "soft", "accent"):
        for ground in ("#ffffff", colours["accent-faint"]):
            contrast = (_luminance(ground) + 0.05) / (_luminance(colours[words]) + 0.05)
            assert contrast >= 4.5, f"{words} on {ground} (WCAG 2.1, 1.4.3)"


def test_bars_of_the_picture_differ_without_colour(render: Render) -> None:
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", render(source(base_100())).one("style").text))
    customers, revenue = _luminance(colours["customers"]), _luminance(colours["accent"])
    assert (customers + 0.05) / (revenue + 0.05) >= 3, "WCAG 2.1, 1.4.11"
