"""YAML read for people who edit it: every value keeps its place, and nothing is guessed.

Built from parser events, never by `yaml.load`: no tag is obeyed, no scalar changes its type (`no` stays the text
it is, and the reader that wants a text refuses it), duplicate keys are errors, and size, depth and aliases are
bounded before anything grows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from msgspec import Struct, field

from connector.rules.syntax.files import MAX_BYTES
from connector.rules.tree import Position

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.rules.syntax.problems import Problems

MAX_DEPTH = 24
MAX_VALUES = 20_000
"""Values in one file, those behind aliases counted each time."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Source(Struct, frozen=True):
    """One file's text, for positions inside its values."""

    file: str
    text: str
    lines: tuple[str, ...]
    aligned: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    """Of scalars that were looked into: where each of their characters stands."""

    def place(self, index: int, length: int) -> Position:
        """Turn a character index into a position."""
        line = self.text.count("\n", 0, index) + 1
        return Position(self.file, line, index - self.text.rfind("\n", 0, index), length)


class Leaf(Struct, frozen=True, eq=False):
    """A scalar as text; `plain` when it stands there without quotes."""

    text: str
    plain: bool
    line: int
    column: int
    length: int
    source: Source
    start: int
    end: int

    @property
    def at(self) -> Position:
        """Where it stands."""
        return Position(self.source.file, self.line, self.column, self.length)

    @property
    def direct(self) -> bool:
        """Whether the text stands in the file as it is, on one line."""
        start = self.start + (0 if self.plain else 1)
        return "\n" not in self.text and self.source.text.startswith(self.text, start)

    def spot(self, offset: int, length: int = 1) -> Position:
        """Find the place of a part of the text in the file, also in folded and multi-line scalars."""
        if self.direct:
            column = self.column + offset + (0 if self.plain else 1)
            return Position(self.source.file, self.line, column, max(1, length))
        places = self.source.aligned.get((self.start, self.text))
        if places is None:
            places = self.source.aligned[self.start, self.text] = _aligned(self)
        return self.source.place(places[min(offset, len(self.text))], max(1, length))


class Items(Struct, frozen=True):
    """A list."""

    items: tuple[Value, ...]
    at: Position


class Keys(Struct, frozen=True):
    """A mapping; keys are leaves, unique."""

    entries: tuple[tuple[Leaf, Value], ...]
    at: Position

    def get(self, key: str) -> Value | None:
        """Return the value under a key, or None."""
        for leaf, value in self.entries:
            if leaf.text == key:
                return value
        return None


Value = Leaf | Items | Keys


class _Refused(Exception):
    """The file cannot be read further; the problem is noted."""


def read_document(file: str, content: bytes, problems: Problems) -> Keys | None:
    """Read one rule file; None when it is empty or unreadable (then the problem is noted)."""
    if len(content) > MAX_BYTES:
        problems.add(Position(file, 1, 1), f"the file is larger than {MAX_BYTES:,} bytes", "split it")
        return None
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        problems.add(Position(file, line, 1), "the file is not UTF-8 text", "save it as UTF-8")
        return None
    source = Source(file, text, tuple(text.split("\n")))
    problems.sources[file] = source.lines
    try:
        return _Builder(source, problems).document()
    except _Refused:
        return None
    except yaml.MarkedYAMLError as error:
        _note_syntax(error, source, problems)
    except yaml.reader.ReaderError as error:
        problems.add(source.place(error.position, 1), f"a character YAML does not allow: {error.reason}")
    return None


def _note_syntax(error: yaml.MarkedYAMLError, source: Source, problems: Problems) -> None:
    mark = error.problem_mark or error.context_mark
    at = Position(source.file, mark.line + 1, mark.column + 1) if mark else Position(source.file, 1, 1)
    text = error.problem or "not readable as YAML"
    hint = "indent with spaces, not tabs" if "'\\t'" in text or "tab" in text else ""
    if "cannot start any token" in text and mark is not None and source.lines[mark.line][mark.column :][:1] == "\t":
        hint = "indent with spaces, not tabs"
    if "expected key" in text:
        hint = "put it right below the key it belongs beside: see the indentation of the lines above"
    if "mapping values are not allowed" in text:
        hint = "put a text that holds ': ' in quotes"
    if "expected ',' or '}'" in text or "expected ',' or ']'" in text:
        hint = "inside { } put a formula that holds a comma or [ ] in quotes"
    problems.add(at, f"YAML: {text}", hint)


class _Builder:
    """Turns parser events into values; depth and number are bounded while reading."""

    def __init__(self, source: Source, problems: Problems) -> None:
        self.source = source
        self.problems = problems
        self.anchors: dict[str, tuple[Value, int]] = {}
        self.open: list[str | None] = []
        self.count = 0
        self.next: Callable[[], Any] = lambda: None

    def document(self) -> Keys | None:
        loader = _LOADER(self.source.text)
        self.next = loader.get_event
        try:
            found = self._only()
        finally:
            loader.dispose()
        if found is None or (isinstance(found, Leaf) and not found.text):
            return None
        if not isinstance(found, Keys):
            self.problems.add(found.at, "a rule file is a mapping of sections", "start with 'version: 1'")
            return None
        return found

    def _only(self) -> Value | None:
        found: Value | None = None
        while (event := self.next()) is not None:
            if isinstance(event, yaml.DocumentStartEvent) and found is not None:
                self._refuse(event, "more than one document in the file", "remove the line '---'")
            if isinstance(event, yaml.NodeEvent):
                found = self._value(event, 1)
        return found

    def _value(self, event: Any, depth: int) -> Value:
        self.count += 1
        if type(event) is yaml.ScalarEvent and event.anchor is event.tag is None and self.count <= MAX_VALUES:
            return self._leaf(event)
        return self._guarded(event, depth)

    def _guarded(self, event: Any, depth: int) -> Value:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if depth > MAX_DEPTH:
            self._refuse(event, f"nested more than {MAX_DEPTH} levels deep")
        if self.count > MAX_VALUES:
            self._refuse(event, f"more than {MAX_VALUES:,} values in one file", "split the file")
        if event.tag is not None:
            self._refuse(event, f"tag '{event.tag}' is not allowed", "write the plain value")
        before, anchor = self.count, event.anchor
        self.open.append(anchor)
        value = self._content(event, depth)
        self.open.pop()
        if anchor is not None:
            self.anchors[anchor] = (value, self.count - before + 1)
        return value

    def _content(self, event: Any, depth: int) -> Value:
        if isinstance(event, yaml.ScalarEvent):
            return self._leaf(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return Items(tuple(self._until(yaml.SequenceEndEvent, depth)), self._at(event))
        return self._keys(event, self._until(yaml.MappingEndEvent, depth))

    def _until(self, end: type, depth: int) -> list[Value]:
        found = []
        while type(event := self.next()) is not end:
            found.append(self._value(event, depth + 1))
        return found

    def _keys(self, event: Any, values: list[Value]) -> Keys:
        entries: list[tuple[Leaf, Value]] = []
        seen: dict[str, Leaf] = {}
        for key, value in zip(values[::2], values[1::2], strict=True):
            if not isinstance(key, Leaf):
                self.problems.add(key.at, "a key must be a plain word")
            elif key.text in seen:
                first = seen[key.text].at.line
                self.problems.add(key.at, f"duplicate key '{key.text}'", f"first written on line {first}")
            else:
                seen[key.text] = key
                entries.append((key, value))
        return Keys(tuple(entries), self._at(event))

    def _leaf(self, event: Any) -> Leaf:
        start, end = event.start_mark, event.end_mark
        length = max(1, end.index - start.index) if end.line == start.line else 1
        plain = event.style is None or event.style == ""
        return Leaf(event.value, plain, start.line + 1, start.column + 1, length, self.source, start.index, end.index)

    def _alias(self, event: Any) -> Value:
        if event.anchor in self.open:
            self._refuse(event, f"'*{event.anchor}' refers to itself")
        if event.anchor not in self.anchors:
            self._refuse(event, f"unknown alias '*{event.anchor}'")
        value, size = self.anchors[event.anchor]
        self.count += size
        if self.count > MAX_VALUES:
            self._refuse(event, f"'*{event.anchor}' expands to more than {MAX_VALUES:,} values")
        return value

    def _at(self, event: Any) -> Position:
        return Position(self.source.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _refuse(self, event: Any, text: str, hint: str = "") -> None:
        self.problems.add(self._at(event), text, hint)
        raise _Refused


def _aligned(leaf: Leaf) -> list[int]:
    """Where each character of the value stands in the file, and what follows the last one.

    Value and source are walked together: line folding, quotes and indentation only change white space. What cannot be
    found, an escaped letter and all that follows it, stands where the value begins.
    """
    text, index, found = leaf.source.text, leaf.start, []
    for character in leaf.text:
        if not character.isspace():
            place = text.find(character, index, leaf.end)
            if place < 0:
                break
            found.append(place)
            index = place + 1
        else:
            found.append(min(index, leaf.end))
    missing = len(leaf.text) - len(found)
    return [*found, *[leaf.start] * (missing + 1)] if missing else [*found, min(index, leaf.end)]
