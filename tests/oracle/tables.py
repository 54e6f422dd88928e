"""Contract (files): CSV files as typed rows; an empty cell is missing, an absent file is not connected."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from tests.oracle.amounts import read_number
from tests.oracle.days import read_day

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from fractions import Fraction
    from pathlib import Path


T = TypeVar("T")


@dataclass
class Row:
    """One line of a file, read cell by cell; what cannot be read is missing and remembered (domain 11.9)."""

    cells: dict[str, str]
    zone: str
    bad: set[str] = field(default_factory=set)

    def text(self, name: str) -> str | None:
        """The text, None when the cell is empty or the column absent."""
        return self.cells.get(name) or None

    def number(self, name: str) -> Fraction | None:
        """An exact number."""
        return self._read(name, read_number)

    def day(self, name: str) -> date | None:
        """A date, in the business time zone."""
        return self._read(name, lambda text: read_day(text, self.zone))

    def flag(self, name: str) -> bool | None:
        """True or false."""
        return self._read(name, lambda text: {"true": True, "false": False}[text.lower()])

    def words(self, name: str) -> list[str]:
        """Domain 11.24: a multi-select, separated by `;`."""
        return [word.strip() for word in (self.text(name) or "").split(";") if word.strip()]

    def _read(self, name: str, reader: Callable[[str], T]) -> T | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            return reader(text)
        except (ValueError, KeyError):
            self.bad.add(name)
            return None


@dataclass
class Table:
    """A file: its columns, also those without a value, and its rows."""

    columns: set[str]
    rows: list[Row]


def read_table(folder: Path, name: str, zone: str) -> Table | None:
    """The file, None when it is absent."""
    path = folder / f"{name}.csv"
    if not path.exists():
        return None
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return Table(set(reader.fieldnames or ()), [Row(dict(row), zone) for row in reader])
