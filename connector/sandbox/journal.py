"""The request journal: what was asked of the sandbox, in order, for tests to read. Tokens are never in it."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

import orjson

LONGEST = 50_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One call; `tick` is a stopwatch in seconds, `sent` the body of a writing call."""

    n: int
    tick: float
    method: str
    path: str
    query: str
    status: int
    """0 when no answer was sent."""
    fault: str = ""
    writes: bool = False
    sent: bytes = b""

    def told(self) -> dict[str, Any]:
        """Give the entry for JSON, the body parsed when it can be."""
        content = asdict(self)
        try:
            content["sent"] = orjson.loads(self.sent) if self.sent else None
        except orjson.JSONDecodeError:
            content["sent"] = self.sent.decode("utf-8", "replace")
        return content


class Journal:
    """The last calls, and how many there were in all."""

    def __init__(self) -> None:
        self.count = 0
        self._entries: deque[Entry] = deque(maxlen=LONGEST)

    def note(self, **facts: Any) -> None:
        """Take down one call: the fields of `Entry` but its number."""
        self.count += 1
        self._entries.append(Entry(n=self.count, **facts))

    def clear(self) -> None:
        """Forget the entries; numbering goes on."""
        self._entries.clear()

    def told(self, *, since: int = 0, writes: bool = False) -> list[dict[str, Any]]:
        """List the entries numbered above `since`, or only the writing ones of them."""
        return [entry.told() for entry in self._entries if entry.n > since and (entry.writes or not writes)]
