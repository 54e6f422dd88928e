"""Small readings of other people's answers, shared by the vendors."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from connector.model.numbers import plain
from connector.model.secrets import Scrubber
from connector.model.texts import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.model.secrets import Secret

_REASON_LENGTH = 400


def listed(value: object) -> list[Any]:
    """The value when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def brief(text: str) -> str:
    """One line, at most 400 characters."""
    return shortened(" ".join(text.split()), _REASON_LENGTH)


def number(text: str) -> str:
    """A plain decimal without needless zeros; a text that is no number stays as it is, for the reader to report."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    return plain(value) if value.is_finite() else text


def options(text: str) -> str:
    """Several options, sorted, each once."""
    return ";".join(sorted({part for part in text.split(";") if part}))


def lines(text: str) -> str:
    """A text with one kind of line end: a CRM may keep another than it was given."""
    return text.replace("\r\n", "\n")


def label(texts: Mapping[str, str], language: str) -> str:
    """The text in a language, else in English, else any."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


def unique(labels: Mapping[str, str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Labels that differ from each other and from those taken; one that occurs twice carries its value."""
    seen = set(taken)
    made: dict[str, str] = {}
    for value, text in labels.items():
        made[value] = f"{text} ({value})" if text in seen else text
        seen.add(made[value])
    return made


class Mask:
    """Takes the secrets of the settings, and the tokens in use, out of texts; tokens long gone are forgotten."""

    def __init__(self, *given: Secret) -> None:
        self._given = given
        self._last: tuple[Secret, ...] = ()
        self._scrub = Scrubber(given)

    def renewed(self, *tokens: Secret) -> None:
        """Mask these from now on, and those in use until now."""
        self._scrub = Scrubber((*self._given, *self._last, *tokens))
        self._last = tokens

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        return self._scrub(text)
