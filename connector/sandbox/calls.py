"""A call as the handlers see it: method, path, query, headers and body, read with leniency."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs


@dataclass(slots=True)
class Call:
    """One call; header names are in lower case."""

    method: str
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    writes: bool = False
    """Whether its route writes; known once it is routed."""

    def first(self, name: str, default: str = "") -> str:
        """Give the first value of a query parameter."""
        return self.query.get(name, [default])[0]

    def flag(self, name: str) -> bool:
        """Read a boolean parameter; some official clients send `False` with a capital."""
        return self.first(name, "false").lower() == "true"

    def header(self, name: str) -> str:
        """Give a header by its name in lower case; empty when it was not sent."""
        return self.headers.get(name.encode(), b"").decode("latin-1")


def read_query(raw: bytes) -> dict[str, list[str]]:
    """Split a query string."""
    return parse_qs(raw.decode("latin-1"), keep_blank_values=True) if raw else {}
