"""What a sandbox sends back: a status, headers, and the bytes of a body."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

Headers = tuple[tuple[bytes, bytes], ...]
JSON: Headers = ((b"content-type", b"application/json;charset=utf-8"),)
HTML: Headers = ((b"content-type", b"text/html; charset=utf-8"),)


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, its headers and the bytes of the body."""

    status: int
    body: bytes = b""
    headers: Headers = JSON


def answer(content: object, status: int = 200) -> Answer:
    """Answer with JSON; orjson.Fragment values inside are copied as they are."""
    return Answer(status, orjson.dumps(content))


NO_CONTENT = Answer(204, b"", ())
