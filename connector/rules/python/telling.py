"""Sentences put together: which are said, how they are joined, and what is left out when it gets too long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from connector.rules.tree import Placeholder, Say, Sentence
from connector.rules.wording import write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.rules.cells import Cell
    from connector.rules.python.evaluate import Frame
    from connector.rules.tree import Expression

ELLIPSIS = "…"
LOOSE = " ,;:"
"""What does not stand before an ellipsis."""


class Values(Protocol):
    """What telling asks of an evaluator."""

    @property
    def frame(self) -> Frame:
        """Language and currency."""

    def value(self, expression: Expression) -> Cell:
        """Compute an expression."""

    def holds(self, expression: Expression | None) -> bool:
        """Tell whether a condition is surely true."""


def tell(say: Say, values: Values) -> str:
    """Write a text; empty when nothing is said."""
    if not values.holds(say.when):
        return ""
    said = list(_said(say, values))
    return say.join.join(said) if say.limit is None else shorten(said, say.join, say.limit)


def _said(say: Say, values: Values) -> Iterator[str]:
    for sentence in say.sentences:
        text = tell(sentence, values) if isinstance(sentence, Say) else _sentence(sentence, values)
        if text:
            yield text
            if say.first:
                return


def _sentence(sentence: Sentence, values: Values) -> str:
    if not values.holds(sentence.when):
        return ""
    language = values.frame.language
    pieces = sentence.parts[language]
    told = [piece if isinstance(piece, str) else _placeholder(piece, values) for piece in pieces]
    return "" if sentence.encloses and "" in told else "".join(told)


def _placeholder(piece: Placeholder, values: Values) -> str:
    frame = values.frame
    labels = piece.labels.get(frame.language) if piece.labels else None
    cell = values.value(piece.value)
    return write(cell, piece.style, frame.language, currency=frame.home_currency, labels=labels)


def shorten(said: list[str], join: str, limit: int) -> str:
    """Leave out what no longer fits; only a first text that is too long itself is cut."""
    text = ""
    for part in said:
        longer = text + join + part if text else part
        if not text and len(part) > limit:
            return _cut(part, limit)
        if len(longer) <= limit:
            text = longer
    return text


def _cut(text: str, limit: int) -> str:
    """Cut a text between two words, inside one only where that one takes half of it."""
    head = text[: limit - 1]
    words = head if text[limit - 1] == " " else head.rpartition(" ")[0]
    return (words if len(words) > limit // 2 else head).rstrip(LOOSE) + ELLIPSIS
