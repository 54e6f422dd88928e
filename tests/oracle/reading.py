"""The lines of an explanation read as a person reads them: what stands beside an outcome must come to that outcome."""

from __future__ import annotations

import re
from contextlib import suppress
from fractions import Fraction
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Truth = bool | None


class Words(NamedTuple):
    """What a language calls things."""

    yes: str
    no: str
    undecided: str
    unknown: str
    both: str
    either: str
    denied: str
    stays: str
    never: str
    given: str


WORDS = {
    "en": Words(
        yes="yes",
        no="no",
        undecided="not decidable",
        unknown="unknown",
        both=" and ",
        either=" or ",
        denied="not (",
        stays="stays on while ",
        never="not while ",
        given="filled in",
    ),
    "nl": Words(
        yes="ja",
        no="nee",
        undecided="niet te bepalen",
        unknown="onbekend",
        both=" en ",
        either=" of ",
        denied="niet (",
        stays="blijft aan zolang ",
        never="niet zolang ",
        given="ingevuld",
    ),
}
SIGNS: dict[str, Callable[[Fraction, Fraction], bool]] = {"=": eq, "≠": ne, "<": lt, "≤": le, ">": gt, "≥": ge}
LINE = re.compile(r"([A-Z_]{4,}|[NW]\d): (.+?)(?: · (.*))?")
TEST = re.compile(r"([=≠<≤>≥]) (.*)")
AMOUNT = re.compile(r"-?[€$£]? ?-?[\d.,]*\d$")
COLUMNS = re.compile(r" ?\{[^{}]*\}")
OPENING, CLOSING = "([", ")]"


def misread(text: str, language: str) -> Iterator[str]:
    """Give the lines whose grounds say something else than their outcome, or that nobody can read."""
    reader = Reader(WORDS[language], language)
    for line in text.splitlines():
        found = LINE.fullmatch(line)
        if found and found[3]:
            with suppress(Tied):
                if not _fits(reader.read(COLUMNS.sub("", found[3])), reader.outcome(found[2])) or reader.wrong:
                    yield f"{line} {reader.wrong}"
            reader.wrong.clear()


class Tied(Exception):
    """Two numbers that only differ behind the decimals that are told."""


class Reader:
    """Reads grounds in one language; `wrong` holds what stands in brackets and contradicts what it explains."""

    def __init__(self, words: Words, language: str) -> None:
        self.words, self.language = words, language
        self.wrong: list[str] = []

    def outcome(self, text: str) -> Truth:
        """Yes, no, or neither."""
        return {self.words.yes: True, self.words.no: False}.get(text)

    def read(self, text: str) -> Truth:
        """Read grounds: all, any, a signal's memory, brackets, a denial, or one value."""
        words = self.words
        if text.startswith(words.stays):
            return self.read(text.removeprefix(words.stays))
        if text.startswith(words.never):
            return not self.read(text.removeprefix(words.never))
        if len(parts := _split(text, words.both)) > 1:
            return _all([self.read(part) for part in parts])
        if len(parts := _split(text, words.either)) > 1:
            return _not(_all([_not(self.read(part)) for part in parts]))
        if text.startswith("(") and text.endswith(")"):
            return self.read(text[1:-1])
        if text.startswith(words.denied):
            return _not(self.read(text.removeprefix(words.denied)[:-1]))
        return self._value(text)

    def _value(self, text: str) -> Truth:
        inside = ""
        if text.endswith("]"):
            start = _opening(text)
            text, inside = text[:start].rstrip(), text[start + 1 : -1]
        said = self._test(text)
        why = None if not inside or inside.startswith(self.words.given) else self.read(inside)
        if None not in {why, said} and why != said:
            self.wrong.append(f"{inside!r} reads {why}, {text!r} {said}")
        return said

    def _test(self, text: str) -> Truth:
        for word in (self.words.yes, self.words.no, self.words.undecided, self.words.unknown):
            if text.endswith(f" {word}"):
                return self.outcome(word)
        start = _opening(text)
        value, test = text[:start].rstrip(), text[start + 1 : -1]
        enough = test.startswith(self.words.unknown + self.words.either)
        found = TEST.fullmatch(test.removeprefix(self.words.unknown + self.words.either))
        assert found, text
        return self._holds(value, found[1], found[2], enough=enough)

    def _holds(self, value: str, sign: str, wanted: str, *, enough: bool) -> Truth:
        if self.words.unknown in value.lower() or wanted == self.words.unknown:
            return True if enough or sign == "≠" else None
        amount, line = AMOUNT.search(value), AMOUNT.fullmatch(wanted)
        if amount and line:
            held, limit = self._number(amount[0]), self._number(line[0])
            if held == limit and sign not in "=≠":
                raise Tied
            return SIGNS[sign](held, limit)
        assert sign in "=≠", (value, sign, wanted)
        is_one = any(value.endswith(f" {one}") for one in re.split(f", |{self.words.either}", wanted))
        return is_one is (sign == "=")

    def _number(self, text: str) -> Fraction:
        bare = re.sub(r"[€$£ ]", "", text)
        return Fraction(bare.replace(".", "").replace(",", ".") if self.language == "nl" else bare.replace(",", ""))


def _fits(read: Truth, outcome: Truth) -> bool:
    """What cannot be decided may be taken for a no, never for a yes."""
    return read == outcome or (read is None and outcome is False)


def _split(text: str, word: str) -> Sequence[str]:
    """The parts between a word that stands outside all brackets."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter in OPENING) - (letter in CLOSING)
        if depth == 0 and at >= start and text.startswith(word, at):
            parts.append(text[start:at])
            start = at + len(word)
    return [*parts, text[start:]]


def _opening(text: str) -> int:
    """Where the last bracket of a text was opened."""
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += (text[at] in CLOSING) - (text[at] in OPENING)
        if depth == 0 and text[at] in OPENING:
            return at
    raise AssertionError(text)


def _all(truths: Sequence[Truth]) -> Truth:
    return False if False in truths else None if None in truths else True


def _not(truth: Truth) -> Truth:
    return None if truth is None else not truth
