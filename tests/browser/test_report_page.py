"""The report as a real browser shows it: quiet, closed to the network, and usable on any screen."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from connector.model.pictures import Quarter
from connector.report import write
from tests.unit.report.bases import advised, base_100, busy, planned, source

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.chromium import Browser

pytestmark = pytest.mark.browser

QUARTERS = [
    Quarter(2025 + n // 4, n % 4 + 1, date(2025, 12, 31), f"r{n}", {"seg_tier": {"large": 10 * n, "regular": 90}})
    for n in (2, 3, 4, 5)
]
ROWS = "[...document.querySelector('#moves').closest('table').tBodies[0].rows]"
HEAD = "document.querySelector('#moves').closest('table').tHead.rows[0].cells"


@pytest.fixture(scope="module", params=["nl", "en"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    language: str = request.param
    return write(replace(busy(701), quarters=QUARTERS), tmp_path_factory.mktemp(language), language=language)


def _complaints(browser: Browser) -> list[dict[str, Any]]:
    said = [one for one in browser.seen("Runtime.consoleAPICalled") if one["type"] in {"error", "warning", "assert"}]
    logged = [one for one in browser.seen("Log.entryAdded") if one["entry"]["level"] in {"error", "warning"}]
    return said + logged + browser.seen("Runtime.exceptionThrown", "Page.javascriptDialogOpening")


def test_the_page_opens_without_a_complaint_and_without_the_network(browser: Browser, page: Path) -> None:
    browser.open(page)
    assert browser.run("document.querySelectorAll('svg.figure').length") == 3
    assert _complaints(browser) == []
    assert [one["request"]["url"] for one in browser.seen("Network.requestWillBeSent")] == [page.as_uri()]


def test_the_trend_is_drawn_as_bars_that_stand_on_one_line_and_grow_with_their_counts(
    browser: Browser, page: Path
) -> None:
    browser.open(page)
    first = "[...document.querySelector('#trend svg.steps').querySelectorAll('rect')]"
    bars = f"{first}.map(bar => bar.getBoundingClientRect())"
    heights = browser.run(f"{bars}.map(box => box.height)")
    assert [round(height / heights[0] * 20) for height in heights] == [20, 30, 40, 50]
    assert len({round(bottom, 1) for bottom in browser.run(f"{bars}.map(box => box.bottom)")}) == 1
    assert min(browser.run(f"{bars}.map(box => box.width)")) > 5


def test_a_click_on_a_heading_sorts_by_the_exact_amount(browser: Browser, page: Path) -> None:
    browser.open(page)
    revenues = f"{ROWS}.map(row => Number(row.querySelector('td.n').dataset.v))"
    for order, reverse in (("descending", True), ("ascending", False)):
        browser.run(f"{HEAD}[2].querySelector('button').click()")
        found = browser.run(revenues)
        assert len(found) > 20
        assert found == sorted(found, reverse=reverse)
        assert browser.run(f"{HEAD}[2].getAttribute('aria-sort')") == order


def test_words_in_the_search_field_leave_the_rows_that_hold_them(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.run(
        "const scroll = document.querySelector('#moves').closest('.scroll');"
        "const field = scroll.previousElementSibling.querySelector('input');"
        "field.value = 'zuivel mertens'; field.dispatchEvent(new Event('input'));"
    )
    shown = browser.run(f"{ROWS}.filter(row => !row.hidden).map(row => row.textContent)")
    assert 0 < len(shown) < browser.run(f"{ROWS}.length")
    assert all("Zuivel" in text and "Mertens" in text for text in shown)


def test_without_scripts_every_row_is_there_and_no_dead_control(browser: Browser, page: Path) -> None:
    browser.open(page)
    with_scripts = browser.run("document.querySelectorAll('tbody tr').length")
    browser.open(page, scripts=False)
    root = browser.ask("DOM.getDocument")["root"]["nodeId"]

    def found(selector: str) -> int:
        return len(browser.ask("DOM.querySelectorAll", nodeId=root, selector=selector)["nodeIds"])

    assert found("tbody tr") == with_scripts
    assert found("button") == found("input") == 0


def test_a_phone_scrolls_no_further_than_its_screen(browser: Browser, page: Path) -> None:
    browser.open(page, width=390)
    assert browser.run("document.documentElement.scrollWidth") <= 390


def test_on_a_phone_every_table_fits_or_scrolls_in_a_box_of_its_own(browser: Browser, page: Path) -> None:
    browser.open(page, width=375)
    assert browser.run("document.documentElement.scrollWidth") <= 375
    cut = (
        "[...document.querySelectorAll('table')].filter(table => {"
        "  const box = table.closest('.scroll'), place = box.getBoundingClientRect();"
        "  const reached = table.scrollWidth <= box.scrollWidth && getComputedStyle(box).overflowX === 'auto';"
        "  return !reached || place.left < 0 || place.right > 375;"
        "}).map(table => table.caption.textContent)"
    )
    assert browser.run(cut) == []
    assert browser.run("[...document.querySelectorAll('.scroll')].some(box => box.scrollWidth > box.clientWidth)")


def test_a_name_with_a_script_runs_nothing(browser: Browser, tmp_path: Path) -> None:
    evil = "<script>window.ran=1</script><img src=x onerror='window.ran=1'>"
    report = source(
        base_100(),
        planned=[planned("1", before=None, after="large", name=evil)],
        advised=[advised("2", name=evil, reason=evil)],
    )
    browser.open(write(report, tmp_path, language="en"))
    assert browser.run("window.ran") is None
    assert (
        browser.run("[...document.querySelectorAll('bdi')].filter(one => one.textContent.includes('<script>')).length")
        == 2
    )
    assert _complaints(browser) == []


def test_the_page_allows_no_script_but_its_own(browser: Browser, tmp_path: Path) -> None:
    page = write(source(base_100()), tmp_path, language="en")
    page.write_text(
        page.read_text(encoding="utf-8").replace("</body>", "<script>window.ran=1</script></body>"), encoding="utf-8"
    )
    browser.open(page)
    assert browser.run("window.ran") is None
    assert _complaints(browser)


def test_the_page_prints_on_paper(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.ask("Emulation.setEmulatedMedia", media="print")
    assert browser.run("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert len(browser.ask("Page.printToPDF", preferCSSPageSize=True)["data"]) > 10_000
