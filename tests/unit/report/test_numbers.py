from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connector.model.numbers import day
from connector.report import numbers


@pytest.mark.parametrize(
    ("amount", "dutch", "english"),
    [
        ("62500", "€\u00a062.500", "€62,500"),
        ("62499.50", "€\u00a062.500", "€62,500"),
        ("0", "€\u00a00", "€0"),
        ("-1550.00", "\u2212€\u00a01.550", "\u2212€1,550"),
        ("-0.40", "€\u00a00", "€0"),
        ("9876543210987", "€\u00a09.876.543.210.987", "€9,876,543,210,987"),
    ],
)
def test_money_is_whole_units_in_each_language(amount: str, dutch: str, english: str) -> None:
    assert numbers.money(Decimal(amount), "nl", "EUR") == dutch
    assert numbers.money(Decimal(amount), "en", "EUR") == english


def test_a_currency_without_a_symbol_keeps_its_code() -> None:
    assert numbers.money(Decimal(1200), "en", "CHF") == "CHF\u00a01,200"


def test_percent_has_one_decimal_in_each_language() -> None:
    assert numbers.percent(Decimal(40), "nl") == "40,0%"
    assert numbers.percent(Decimal("33.25"), "en") == "33.3%"


@pytest.mark.parametrize(("value", "text"), [("2.3", "+2.3"), ("-21.4", "\u221221.4"), ("0", "0.0"), ("-0.04", "0.0")])
def test_points_carry_their_sign(value: str, text: str) -> None:
    assert numbers.points(Decimal(value), "en") == text


def test_day_is_written_as_people_do() -> None:
    assert day(date(2026, 4, 2), "nl") == "02-04-2026"
    assert day(date(2026, 4, 2), "en") == "2026-04-02"
