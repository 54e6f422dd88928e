"""The trend: the last good run of each quarter, carried from good run to good run and from no other."""

from __future__ import annotations

import json
from datetime import date
from types import SimpleNamespace
from typing import Any

from connector.model.pictures import Pictures, Quarter, Slice, Window
from connector.wiring import quarters


def quarter(year: int, number: int, accounts: int = 1) -> Quarter:
    return Quarter(year, number, date(year, 3 * number, 28), f"run {year} {number}", {"seg_tier": {"large": accounts}})


def named(found: list[Quarter]) -> list[tuple[int, int]]:
    return [(one.year, one.number) for one in found]


def test_a_later_run_of_a_quarter_takes_the_place_of_the_earlier_one() -> None:
    found = quarters.with_own([quarter(2025, 4), quarter(2026, 1, 7)], quarter(2026, 1, 8))
    assert found == [quarter(2025, 4), quarter(2026, 1, 8)]


def test_four_quarters_are_kept_and_none_that_is_older() -> None:
    before = [quarter(2025, number) for number in (1, 2, 3, 4)]
    assert named(quarters.with_own(before, quarter(2026, 1))) == [(2025, 2), (2025, 3), (2025, 4), (2026, 1)]
    assert named(quarters.with_own(before, quarter(2026, 3))) == [(2025, 4), (2026, 3)]
    assert named(quarters.with_own(before, quarter(2030, 1))) == [(2030, 1)]


def test_a_run_of_an_earlier_day_shows_nothing_later_than_itself() -> None:
    assert named(quarters.with_own([quarter(2025, 4), quarter(2026, 2)], quarter(2026, 1))) == [(2025, 4), (2026, 1)]


def test_the_accounts_of_every_value_are_counted_in_the_quarter_of_the_day() -> None:
    days = Window("trailing_12_months", date(2025, 4, 2), date(2026, 4, 1))
    tiers = [Slice("large", 3, 2, 100), Slice(None, 1, 1, 0)]
    pictures = Pictures(days, [], {"seg_tier": tiers, "seg_icp_fit": [Slice("ideal", 4, 3, 100)]}, {})
    found = quarters.counted(pictures, run="one", as_of=date(2026, 4, 1))
    assert found == Quarter(2026, 2, date(2026, 4, 1), "one", {"seg_tier": {"large": 3, "": 1}})
    assert quarters.counted(pictures, run="one", as_of=date(2026, 3, 31)).number == 1


def row(good: str | None, kept: list[Quarter] | None = None) -> Any:
    details: dict[str, object] = {"good": good}
    if kept is not None:
        details[quarters.KEPT] = json.loads(json.dumps(quarters.written(kept)))
    return SimpleNamespace(details=details)


def journal(**rows: Any) -> Any:
    return SimpleNamespace(run=rows.get)


def test_what_a_run_kept_is_read_back_as_it_was() -> None:
    kept = [quarter(2025, 4), quarter(2026, 1)]
    assert quarters.of_run(row(None, kept)) == kept


def test_only_the_good_runs_before_are_asked() -> None:
    held = row("two", [quarter(2026, 1, 99)])
    kept = journal(one=row(None, [quarter(2025, 3)]), two=row("one", [quarter(2025, 4)]), held=held, now=row("two"))
    assert quarters.of_run(quarters.good_before(kept, "now")) == [quarter(2025, 4)]


def test_a_good_run_that_did_not_count_is_passed_over() -> None:
    kept = journal(one=row(None, [quarter(2025, 3)]), applied=row("one"), now=row("applied"))
    assert quarters.of_run(quarters.good_before(kept, "now")) == [quarter(2025, 3)]


def test_without_a_good_run_there_is_nothing_to_carry_on() -> None:
    assert quarters.of_run(quarters.good_before(journal(now=row(None)), "now")) == []
    assert quarters.of_run(quarters.good_before(journal(now=row("gone")), "now")) == []
    assert quarters.of_run(quarters.good_before(journal(), "now")) == []
