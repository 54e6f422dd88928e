"""Secrets: read late, printed never, and masked wherever they turn up in text."""

from __future__ import annotations

import base64
import json
import re
import stat
from typing import TYPE_CHECKING, Never
from urllib.parse import quote, quote_plus

from connector.errors import UsageError
from connector.settings.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MASK = "***"
SHORTEST = 4
"""Shorter texts are not masked: they turn up in every other word."""


class Secret:
    """A text that shows itself only to `reveal`: not to str, repr, format, pickle or a traceback with locals."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text, for the one call that needs it."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __reduce__(self) -> Never:
        raise TypeError("a secret cannot be pickled or copied")


class Vault:
    """Resolves references against one environment and folder, and masks what it has resolved."""

    def __init__(self, *, environ: Mapping[str, str], folder: Path) -> None:
        self._environ = environ
        self._folder = folder
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def secret(self, reference: Reference, *, key: str) -> Secret:
        """Resolve a reference; raises UsageError naming `key` and the reference when it leads nowhere."""
        text = self._read(reference, key)
        self.learn(text)
        return Secret(text)

    def text(self, value: Reference | str, *, key: str) -> str:
        """Resolve a value that may be a reference; what a reference holds counts as secret."""
        return self.secret(value, key=key).reveal() if isinstance(value, Reference) else value

    def learn(self, text: str) -> None:
        """Mask this text from now on, in any form (also for tokens the CRM hands out)."""
        self._forms.update(form for form in _forms(text) if len(form) >= SHORTEST)
        self._pattern = None

    def scrub(self, text: str) -> str:
        """Return the text with every known secret masked: plain, URL-encoded, base64 or JSON-escaped."""
        if not self._forms:
            return text
        if self._pattern is None:
            longest_first = sorted(self._forms, key=lambda form: (-len(form), form))
            self._pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)
        return self._pattern.sub(MASK, text)

    def path(self, reference: Reference) -> Path:
        """Where a `file:` reference points."""
        return self._folder / reference.name

    def readable_by_others(self, reference: Reference) -> bool:
        """Whether people besides the owner may read the file a secret is kept in."""
        if reference.kind == "env" or not self.path(reference).is_file():
            return False
        return bool(self.path(reference).stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))

    def _read(self, reference: Reference, key: str) -> str:
        if reference.kind == "env":
            text = self._environ.get(reference.name, "")
            hint = f"export {reference.name}=… in the shell that starts tiersync"
        else:
            text = _file_text(self.path(reference), key)
            hint = f"write the secret into {self.path(reference)}"
        if not text.strip():
            raise UsageError(f"{key}: {reference} is not set or empty", hint=hint)
        return text.strip()


def _file_text(path: Path, key: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UsageError(f"{key}: cannot read {path}: {why}", hint="check the path and who may read it") from None


def _forms(text: str) -> Iterator[str]:
    whole = [text, *(line for line in text.splitlines() if len(line) >= 4 * SHORTEST)]
    for part in whole:
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
