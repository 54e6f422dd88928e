"""Where keys stand in a TOML text, so that a mistake is shown with its line."""

from __future__ import annotations

import re

PART = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
DOTTED = rf"{PART}(?:\s*\.\s*{PART})*"
TABLE = re.compile(rf"^\s*\[\[?\s*({DOTTED})\s*\]")
KEY = re.compile(rf"^\s*({DOTTED})\s*=")

Key = tuple[str, ...]


def key_lines(text: str) -> dict[Key, int]:
    """Return the line (from 1) of every table and key, by its path; keys in inline tables are not seen."""
    lines: dict[Key, int] = {}
    table: Key = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := TABLE.match(line):
            table = _parts(header[1])
            _note(table, number, lines)
        elif key := KEY.match(line):
            _note(table + _parts(key[1]), number, lines)
    return lines


def _note(path: Key, number: int, lines: dict[Key, int]) -> None:
    """Keep the line of a path, and of the tables it implies, where they first turn up."""
    for length in range(1, len(path) + 1):
        lines.setdefault(path[:length], number)


def line_of(path: Key, lines: dict[Key, int]) -> int | None:
    """Return the line of a key, or of the nearest table around it."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def _parts(dotted: str) -> Key:
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in re.findall(PART, dotted))
