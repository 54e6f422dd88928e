"""The words of one language: texts of the page, labels of the rules' values, numbers as people write them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from connector.model.numbers import day
from connector.model.texts import Texts, catalogue
from connector.report import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from connector.model.outputs import Output

NO_VALUE = "\u2013"
"""What stands where there is no value: never a zero, never an empty place."""


class Phrasebook:
    """Says things in one language; a label that does not exist is the value itself, never an empty place."""

    def __init__(
        self,
        *,
        language: str,
        currency: str,
        outputs: Iterable[Output] = (),
        field_labels: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.language = language
        self._texts = Texts("connector.report", language)
        self._currency = currency
        self._outputs = {output.name: output for output in outputs}
        self._fields = field_labels or {}

    def say(self, key: str, **parts: object) -> str:
        """Return the text with its parts filled in; KeyError for a text that does not exist."""
        return self._texts.say(key, **parts)

    def has(self, key: str) -> bool:
        """Say whether there is such a text."""
        return key in catalogue("connector.report")

    def count(self, key: str, n: int, **parts: object) -> str:
        """Return the text for one or for several, with the number in it."""
        return self.say(f"{key}.{'one' if n == 1 else 'other'}", n=self.whole(n), **parts)

    def output(self, name: str) -> str:
        """Return what people call an output."""
        found = self._outputs.get(name)
        return (found.label.get(self.language) or found.label.get("en") or name) if found else name

    def label(self, output: str, value: str | None) -> str:
        """Return what people call a value of an output, and that there is none when there is none."""
        if value is None:
            return self.say("no_value")
        found = self._outputs.get(output)
        options = found.options.get(value, {}) if found else {}
        return options.get(self.language) or options.get("en") or value

    def parted(self, output: str, value: str | None) -> tuple[str, str]:
        """Return a label in two parts: `Top (first 1%)` is `Top` and `first 1%`."""
        name, _, note = self.label(output, value).partition(" (")
        return name, note.removesuffix(")")

    def labels(self, output: str, values: Iterable[str]) -> str:
        """Return several values of an output, as a list in a sentence."""
        return ", ".join(self.label(output, value) for value in values)

    def field(self, name: str) -> str:
        """Return what people call a logical field."""
        known = self._fields.get(name, {})
        return known.get(self.language) or known.get("en") or name

    def cause(self, cause: str) -> str:
        """Return why a value changes; a cause without a text is shown as it is."""
        return Texts("connector.planning", self.language).name("cause", cause)

    def crm(self, kind: str) -> str:
        """Return the CRM's name; a kind without a text is shown as it is."""
        return self._texts.name("crm", kind)

    def warning(self, code: str) -> str:
        """Return what a warning code means; a code without a text is shown as it is."""
        return self._texts.name("warning", code)

    def whole(self, value: int | Decimal | None) -> str:
        """Return a count."""
        return NO_VALUE if value is None else numbers.rounded(value, self.language)

    def signed(self, value: int | None) -> str:
        """Return a difference of counts with its sign; none at all is 0."""
        return ("+" if value is not None and value > 0 else "") + self.whole(value)

    def number(self, value: Decimal | None) -> str:
        """Return a number with the decimals it has."""
        return (
            NO_VALUE if value is None else numbers.rounded(value, self.language, step=Decimal(1).scaleb(_places(value)))
        )

    def hours(self, value: Decimal | None) -> str:
        """Return hours of many accounts together, in whole ones."""
        return self.whole(value)

    def tenths(self, value: Decimal | None) -> str:
        """Return hours of one account, with one decimal."""
        return NO_VALUE if value is None else numbers.rounded(value, self.language, step=Decimal("0.1"))

    def money(self, value: Decimal | None) -> str:
        """Return an amount of home currency in whole units."""
        return NO_VALUE if value is None else numbers.money(value, self.language, self._currency)

    def percent(self, value: Decimal | None) -> str:
        """Return a percentage."""
        return NO_VALUE if value is None else numbers.percent(value, self.language)

    def points(self, value: Decimal | None) -> str:
        """Return a difference of percentages."""
        return NO_VALUE if value is None else numbers.points(value, self.language)

    def day(self, value: date | None) -> str:
        """Return a date."""
        return NO_VALUE if value is None else day(value, self.language)

    def moment(self, value: datetime) -> str:
        """Return a date with the time in its own time zone."""
        return f"{self.day(value.date())} {value:%H:%M %Z}".rstrip()


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
