"""Secrets that cannot be printed by accident, and texts that are cleaned of them before anyone sees them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHAPES = re.compile(
    r"\bpat-[a-z]{2,3}\d?-[0-9a-zA-Z-]{8,}"
    r"|\bBearer\s+\S+"
    r"|(?<=refresh_token=)[^&\s\"]+"
    r"|(?<=client_secret=)[^&\s\"]+"
    r"|(?<=access_token=)[^&\s\"]+",
    re.IGNORECASE,
)
_HIDDEN = "[secret]"
_SHORTEST = 6
_KEPT = 8
"""Secrets of the settings, and as many of the renewed ones, that are remembered."""


class Secret:
    """A text that shows itself to `reveal` only: not to str, repr, format, equality or pickling."""

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text.strip()

    def __repr__(self) -> str:
        return _HIDDEN

    def __bool__(self) -> bool:
        return bool(self.__text)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not copied")

    def reveal(self) -> str:
        """The text itself; for the one line that sends it."""
        return self.__text


class Scrubber:
    """Takes known secrets, and what looks like one, out of any text before it reaches a message or a log."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._known: tuple[Secret, ...] = ()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: Secret) -> None:
        """Hide this one too from now on (a rotated token)."""
        if secret and secret not in self._known:
            self._known = (*self._known[:_KEPT], *self._known[_KEPT:][-_KEPT:], secret)

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._known:
            if len(secret.reveal()) >= _SHORTEST:
                text = text.replace(secret.reveal(), _HIDDEN)
        return _SHAPES.sub(_HIDDEN, text)
