"""A page read back the way a browser reads it: elements, their texts, their attributes."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCKS = {"p", "li", "dt", "dd", "th", "td", "h1", "h2", "caption", "small", "text", "title", "desc"}
VOID = {"meta", "link", "input", "br", "hr", "img", "rect", "line", "path", "circle"}


@dataclass
class Element:
    """One element and what it holds."""

    name: str
    attributes: dict[str, str]
    parts: list[Element | str] = field(default_factory=list)

    @property
    def children(self) -> list[Element]:
        return [part for part in self.parts if isinstance(part, Element)]

    def all(self, name: str) -> Iterator[Element]:
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.all(name)

    def one(self, name: str, **attributes: str) -> Element:
        wanted = attributes.items()
        return next(found for found in self.all(name) if wanted <= found.attributes.items())

    @property
    def text(self) -> str:
        """All text in reading order, white space as a browser shows it; cells stand apart."""
        return " ".join("".join(self._words()).split())

    def _words(self) -> Iterator[str]:
        for part in self.parts:
            if isinstance(part, str):
                yield part
            else:
                yield from part._words()
                yield " " if part.name in BLOCKS else ""

    def everything(self) -> Iterator[Element]:
        for child in self.children:
            yield child
            yield from child.everything()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("document", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {key: value or "" for key, value in attrs})
        self.open[-1].parts.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].parts.append(Element(tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        closed = self.open.pop()
        assert closed.name == tag, f"</{tag}> closes <{closed.name}>"

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


def read(page: str) -> Element:
    """Return the page's elements; fails where a tag is not closed in order."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == [reader.root]
    return reader.root
