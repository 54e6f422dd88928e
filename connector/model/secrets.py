"""Secrets that cannot be printed by accident, and texts that are cleaned of them before anyone sees them."""

from __future__ import annotations

import base64
import html
import re
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Never

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "***"
SHORTEST = 4
"""Shorter texts are not masked: they turn up in every other word."""
LONG = 8
"""Shorter ones are masked as whole words only: part of a word they are chance."""
KEPT = 3
"""Secrets of one name that stay masked: the one in use, and those that logs may still speak of."""
NAMES = "password|passwd|client_secret|refresh_token|access_token|security_token|api_key|assertion"
SHAPES = re.compile(
    r"\bpat-[a-z]{2,3}\d?-[0-9a-z-]{8,}"
    r"|(?<=\bBearer )\S+"
    r"|(?<=\bBasic )[A-Za-z0-9+/=_-]{4,}"
    rf"|(?P<form>\b(?:{NAMES})=)[^&\s\"']+"
    rf"|(?P<json>\\*\"(?:{NAMES})\\*\"\s*:\s*\\*\")[^\"\\]+",
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
    """Takes known secrets, in any form, and what looks like one, out of texts; threads may share it."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._always: dict[str, None] = {}
        self._newest: dict[str, list[str]] = {}
        """Per name the newest secrets, in the order they came."""
        self._known: re.Pattern[str] | None = SHAPES
        self._lock = Lock()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: Secret, *, name: str = "") -> None:
        """Mask this one too from now on: for good, or with a `name` until a few more came under it (a rotated token).

        So a process that stays for months, with a new token every half hour, does not grow.
        """
        text = secret.reveal()
        with self._lock:
            if not name:
                self._always[text] = None
            else:
                held = self._newest.get(name, [])
                self._newest[name] = [*(other for other in held if other != text), text][-KEPT:]
            self._known = None

    def __call__(self, text: str) -> str:
        """The text without secrets: plain, URL-encoded, base64, or escaped as JSON, HTML or Python writes it."""
        if not text:
            return text
        with self._lock:
            known = self._known = self._known or self._compiled()
        return known.sub(_masked, text)

    def _compiled(self) -> re.Pattern[str]:
        """One pattern for all, longest first; made when it is first needed, which in most runs is never."""
        secrets = {*self._always, *(text for texts in self._newest.values() for text in texts)}
        patterns = {pattern: size for text in secrets for pattern, size in _patterns(text)}
        longest_first = sorted(patterns, key=lambda pattern: (-patterns[pattern], pattern))
        found = re.compile("|".join([*longest_first, SHAPES.pattern]), re.IGNORECASE)
        re.purge()  # the module would keep hundreds of these, with tokens long gone in them
        return found


def _masked(found: re.Match[str]) -> str:
    return (found["form"] or found["json"] or "") + MASK


def _patterns(text: str) -> Iterator[tuple[str, int]]:
    for part in (text, *(line for line in text.splitlines() if len(line) >= 4 * SHORTEST)):
        if len(part) >= SHORTEST:
            whole = "".join(map(_spelled, part))
            yield (whole if len(part) >= LONG else rf"(?<![^\W_]){whole}(?![^\W_])"), len(part)
            yield from ((re.escape(form), len(form)) for form in _base64_forms(part.encode()))


@cache
def _spelled(char: str) -> str:
    """One character in every spelling it may have, also where an encoder leaves some characters as they are."""
    octets = char.encode(errors="surrogatepass")
    units = char.encode("utf-16-be", errors="surrogatepass")
    pairs = [units[at : at + 2].hex() for at in range(0, len(units), 2)]
    spellings = {
        re.escape(char),
        "".join(f"%(?:25)*{octet:02x}" for octet in octets),
        "".join(rf"\\+x{octet:02x}" for octet in octets),
        "".join(rf"\\+u{pair}" for pair in pairs),
        rf"\\+U{ord(char):08x}",
        rf"\\+x{ord(char):02x}",
        *(re.escape(form) for form in (html.escape(char), f"&#{ord(char)};")),
        *({" ": [r"\+"], "\n": [r"\\+n"], "\t": [r"\\+t"], "\r": [r"\\+r"]}.get(char, [])),
        *([rf"\\+{re.escape(char)}"] if char in "\"'/\\" else []),
    }
    return f"(?:{'|'.join(sorted(spellings))})"


_QUOTED = str.maketrans({"+": "%2B", "/": "%2F", "=": "%3D"})


def _base64_forms(raw: bytes) -> Iterator[str]:
    """The stretch of base64 that depends on the secret alone, at each of its three alignments."""
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + raw).decode()
        first = (offset * 4 + 2) // 3
        last = (offset + len(raw)) * 8 // 6
        if last - first >= 2 * SHORTEST:
            yield encoded[first:last]
            yield encoded[first:last].translate(str.maketrans("+/", "-_"))
            yield encoded[first:last].translate(_QUOTED)
