"""What people read, by key and language: one file `texts.toml` per room, and one way to say what is in it."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from connector.model.numbers import spelled

if TYPE_CHECKING:
    from collections.abc import Mapping


@lru_cache
def catalogue(room: str) -> Mapping[str, Mapping[str, str]]:
    """Return every text of a room such as `connector.planning` by key, in all languages."""
    return tomllib.loads((files(room) / "texts.toml").read_text(encoding="utf-8"))


class Texts:
    """The texts of one room in one language."""

    def __init__(self, room: str, language: str) -> None:
        self.language = language
        self._texts = catalogue(room)

    def say(self, key: str, **parts: object) -> str:
        """Return the text with its parts filled in; KeyError for a text that does not exist."""
        return self._texts[key][self.language].format(**parts)

    def name(self, family: str, value: str) -> str:
        """Return the text of a value, `family.value`; one without a text is shown as it is."""
        key = f"{family}.{value}"
        return self.say(key) if key in self._texts else value

    def number(self, value: int) -> str:
        """Return a count with its thousands apart, as people write it."""
        return spelled(f"{value:,}", self.language)
