"""What every table beside the CRM is held to, whatever it is read from."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.crm.said import say
from connector.errors import StopRun
from connector.model.meant import near
from connector.ports import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.ports import Join, Read

CODE = "TABLE"
DAY = len("2026-01-31")


class Terms(Struct, frozen=True, kw_only=True):
    """What the settings say of one table, wherever it is read from."""

    name: str
    join: Join
    time_zone: str
    key: str | None = None
    """Their column that names a record: no value may occur twice."""
    dated: str | None = None
    """Their column with the day a row was made; the latest is the day of the data."""
    may_be_empty: bool = False


def broken(name: str, what: str, *, hint: str) -> StopRun:
    """Make the one error a table ends with."""
    return StopRun(f"tables.{name}: {what}", hint=hint, code=CODE)


def counted(name: str, origin: str, found: Read, absent: Sequence[str]) -> Finding:
    """The finding of a table that can be read: its rows and their day, and the columns it does not have."""
    facts: dict[str, object] = {"name": origin, "rows": found.rows, "day": found.made_on}
    told = say("table_partly", names=", ".join(absent), **facts) if absent else say("table", **facts)
    return Finding("good", f"tables.{name}", told)


def asked(terms: Terms, wanted: Sequence[str], there: Sequence[str]) -> list[str]:
    """Their columns that are read; raises StopRun when one the settings name is not there, or none is."""
    named = [*terms.join.match, *terms.join.columns.values(), *filter(None, (terms.key, terms.dated))]
    for column in named:
        if column not in there:
            hint = near(column, there) or f"it has: {', '.join(there)}"
            raise broken(terms.name, f"there is no column {column!r}", hint=hint)
    theirs = [column for name in wanted if (column := terms.join.columns.get(name, name)) in there]
    if wanted and not theirs:
        hint = f'the rules read {", ".join(wanted)}; columns = {{{wanted[0]} = "their column"}} says which is which'
        raise broken(terms.name, f"it has no column the rules read, only {', '.join(there)}", hint=hint)
    return list(dict.fromkeys([*named, *theirs]))


class Inspection:
    """Looks at the rows as they pass: how many, whether a record comes twice, the latest day up to `until`.

    A row that is dated later (a slip, a booking ahead) says nothing of how old the others are.
    """

    def __init__(self, terms: Terms, *, until: date) -> None:
        self.terms, self.rows, self.until = terms, 0, until
        self.latest: str | None = None
        self._greatest: str | None = None
        self._keys: set[str] = set()

    def pass_on(self, columns: Mapping[str, Sequence[str | None]]) -> None:
        """Take some rows; raises StopRun for a record that comes twice or has no key."""
        terms = self.terms
        self.rows += len(next(iter(columns.values()), ()))
        if terms.key is not None:
            self._see(columns[terms.key])
        if terms.dated is not None:
            self._date([text for text in columns[terms.dated] if text])

    def day(self) -> date:
        """The day of the data: the latest one of the column `dated`, else the day given."""
        terms = self.terms
        if self.rows == 0 and not terms.may_be_empty:
            hint = "an export without rows is taken for a failed one; may_be_empty = true allows it"
            raise broken(terms.name, "it holds no rows", hint=hint)
        if self._greatest is None:
            return self.until
        try:
            date.fromisoformat(self._greatest[:DAY])
            return date.fromisoformat(self.latest[:DAY]) if self.latest else self.until
        except ValueError:
            hint = "dates are ISO 8601, like 2026-03-31"
            raise broken(terms.name, f"the column {terms.dated!r} holds no dates", hint=hint) from None

    def _date(self, told: Sequence[str]) -> None:
        until = self.until.isoformat()
        self._greatest = max([self._greatest or "", *told]) or None
        self.latest = max([self.latest or "", *(text for text in told if text[:DAY] <= until)]) or None

    def _see(self, keys: Sequence[str | None]) -> None:
        for key in keys:
            if key is None or key in self._keys:
                what = f"{self.terms.key} {key} occurs twice" if key else f"a row has no {self.terms.key}"
                raise broken(self.terms.name, what, hint="each record stands once; or leave out key")
            self._keys.add(key)
