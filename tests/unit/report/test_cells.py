from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

import pytest

from connector.report.cells import cell, json_bytes, line


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+31 20 123 45 67",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "  =1",
        "=cmd|' /C calc'!A0",
        "\uff1d1+1",
        "\n=1",
        '=HYPERLINK("http://example.org")',
    ],
)
def test_a_text_that_starts_a_formula_gets_an_apostrophe(text: str) -> None:
    (read,) = next(csv.reader(io.StringIO(line([text]), newline="")))
    assert read[0] == "'"
    assert read.replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize("text", ["Jansen; =1+1", "Jansen;=1+1", "Jansen\n=1+1", "Jansen\t@x"])
def test_a_formula_behind_a_separator_is_disarmed_too(text: str) -> None:
    assert "=" not in cell(text) or "'=" in cell(text)
    assert "@" not in cell(text) or "'@" in cell(text)
    assert cell(text) != text


@pytest.mark.parametrize("value", [Decimal("-12.50"), -7, "-12.50", "-7", "0.0000001", Decimal("1E+3")])
def test_a_negative_number_stays_a_number(value: object) -> None:
    assert Decimal(cell(value)) == Decimal(str(value))


@pytest.mark.parametrize("text", ["Jansen & Zonen", "a=b", "Müller-Lüdenscheidt", "🍺 't Anker", "1-2", "x@y.nl"])
def test_an_ordinary_text_is_left_alone(text: str) -> None:
    assert cell(text) == text


@pytest.mark.parametrize("text", ['say "no"', "a,b", "two\r\nlines", " edge ", "a;b", ""])
def test_any_text_comes_back_from_csv_as_it_was(text: str) -> None:
    assert next(csv.reader(io.StringIO(line([text, "end"]), newline=""))) == [text, "end"]


def test_values_are_written_as_files_of_the_contract_are() -> None:
    cells = line([None, True, False, 3, Decimal("1.50"), date(2026, 4, 2), ("N1", "N2")])
    assert cells == ',true,false,3,1.50,2026-04-02,"N1;N2"\r\n'


def test_json_keeps_the_decimals_of_an_amount() -> None:
    assert json_bytes({"a": Decimal("400000.00"), "b": Decimal("-0.5")}) == b'{"a":400000.00,"b":-0.5}'


def test_json_refuses_what_it_does_not_know() -> None:
    with pytest.raises(TypeError):
        json_bytes({"a": object()})
