"""Secrets that cannot be printed by accident, and texts that are cleaned of them before anyone sees them."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Never
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "***"
SHORTEST = 4
"""Shorter texts are not masked: they turn up in every other word."""
SHAPES = re.compile(
    r"\bpat-[a-z]{2,3}\d?-[0-9a-z-]{8,}"
    r"|(?<=\bBearer )\S+"
    r"|(?<=refresh_token=)[^&\s\"]+"
    r"|(?<=client_secret=)[^&\s\"]+"
    r"|(?<=access_token=)[^&\s\"]+",
    re.IGNORECASE,
)
"""What looks like a secret is masked although nobody told us: a token typed in the wrong place."""


class Secret:
    """A text that shows itself to `reveal` only: not to str, repr, format, pickle or a traceback with locals."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text.strip()

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._text)

    def __reduce__(self) -> Never:
        raise TypeError("a secret is not copied")

    def reveal(self) -> str:
        """The text itself; for the one line that sends it."""
        return self._text


class Scrubber:
    """Takes known secrets, in any form, and what looks like one, out of texts."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._forms: set[str] = set()
        self._known = SHAPES
        for secret in secrets:
            self.add(secret)

    def add(self, secret: Secret) -> None:
        """Mask this one too from now on (a rotated token)."""
        new = {form for form in _forms(secret.reveal()) if len(form) >= SHORTEST} - self._forms
        if new:
            self._forms |= new
            longest_first = sorted(self._forms, key=lambda form: (-len(form), form))
            self._known = re.compile("|".join([*map(re.escape, longest_first), SHAPES.pattern]), re.IGNORECASE)

    def __call__(self, text: str) -> str:
        """The text without secrets: plain, URL-encoded, base64, or escaped as JSON or Python writes it."""
        return self._known.sub(MASK, text)


def _forms(text: str) -> Iterator[str]:
    for part in (text, *(line for line in text.splitlines() if len(line) >= 4 * SHORTEST)):
        yield part
        yield quote(part, safe="")
        yield quote(part)
        yield quote_plus(part)
        yield from _escaped(part)
        yield from _base64_forms(part.encode())


def _escaped(part: str) -> Iterator[str]:
    """As JSON writes it, once and inside another JSON text, and as Python shows text and bytes."""
    for ensure_ascii in (True, False):
        once = json.dumps(part, ensure_ascii=ensure_ascii)
        yield once[1:-1]
        yield json.dumps(once, ensure_ascii=ensure_ascii)[3:-3]
    yield repr(part)[1:-1]
    yield repr(part.encode())[2:-1]


def _base64_forms(raw: bytes) -> Iterator[str]:
    """The stretch of base64 that depends on the secret alone, at each of its three alignments."""
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + raw).decode()
        first = (offset * 4 + 2) // 3
        last = (offset + len(raw)) * 8 // 6
        if last - first >= 2 * SHORTEST:
            yield encoded[first:last]
            yield encoded[first:last].translate(str.maketrans("+/", "-_"))
