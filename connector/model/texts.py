"""What people read, by key and language: one file `texts.toml` per room, and one way to say what is in it."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from string import Formatter
from typing import TYPE_CHECKING, Any, Self

from connector.model.numbers import numbered, spelled

if TYPE_CHECKING:
    from collections.abc import Mapping


_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Embeddings, overrides and isolates: one that is left open turns round what stands behind it."""


def one_line(text: str) -> str:
    """Return a text of somebody else's for a line of ours: without breaks, escapes, or turns of direction.

    Anybody may type a name into the CRM, and a terminal obeys what it is shown. Letters written from right to left,
    accents and emoji stay.
    """
    return _CONTROLS.sub(" ", _TURNS.sub("", text))


def shortened(text: str, longest: int) -> str:
    """Return a text of at most so many characters; a longer one ends in an ellipsis."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


@lru_cache
def catalogue(room: str) -> Mapping[str, Mapping[str, str]]:
    """Return every text of a room such as `connector.planning` by key, in all languages."""
    return tomllib.loads((files(room) / "texts.toml").read_text(encoding="utf-8"))


class _Counting(Formatter):
    """Fills texts in as `str.format` does, and puts the right words after a count."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return the part, with its word when two are given."""
        one, several, other = format_spec.partition("|")
        if not several:
            return str(super().format_field(value, format_spec))
        return numbered(str(value), one, other)


_COUNTING = _Counting()


class Texts:
    """The texts of one room in one language."""

    def __init__(self, room: str, language: str) -> None:
        self.language = language
        self._texts = catalogue(room)

    def say(self, key: str, **parts: object) -> str:
        """Return the text with its parts filled in, counts with their thousands apart; KeyError for an unknown one.

        `{n:account waits|accounts wait}` is a count and the words for one or for several.
        """
        text = self._texts[key][self.language]
        told = {name: self.number(part) if type(part) is int else part for name, part in parts.items()}
        return _COUNTING.vformat(text, (), told) if "|" in text else text.format(**told)

    def name(self, family: str, value: str) -> str:
        """Return the text of a value, `family.value`; one without a text is shown as it is."""
        key = f"{family}.{value}"
        return self.say(key) if key in self._texts else value

    def number(self, value: int) -> str:
        """Return a count with its thousands apart, as people write it."""
        return spelled(f"{value:,}", self.language)


class Said(str):
    """A text in English that can be told in another language as well: for what is said where nobody knows who reads it.

    Parts that are texts of this kind, and counts, are told in that language too. What is joined to it is plain English.
    """

    __slots__ = ("_key", "_parts", "_room")
    _key: str
    _parts: Mapping[str, object]
    _room: str

    def __new__(cls, room: str, key: str, /, **parts: object) -> Self:
        """Say a text of a room; KeyError for one that does not exist."""
        made = super().__new__(cls, _filled(room, key, parts, "en"))
        made._room, made._key, made._parts = room, key, parts
        return made

    def told(self, language: str) -> str:
        """Return it in a language."""
        return _filled(self._room, self._key, self._parts, language)


def told(text: str, language: str) -> str:
    """Return a text in a language, where it can be told in one."""
    return text.told(language) if isinstance(text, Said) else text


def _filled(room: str, key: str, parts: Mapping[str, object], language: str) -> str:
    said = {name: told(part, language) if isinstance(part, str) else part for name, part in parts.items()}
    return Texts(room, language).say(key, **said)
