"""The words of a formula: numbers, texts, dates, names and signs, with their offsets."""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_LENGTH = 2000
MAX_WORDS = 300

KEYWORDS = frozenset(
    (
        *("and", "or", "not", "between", "in", "within", "is", "known", "unknown", "applicable"),
        *(
            "true",
            "false",
            "null",
            "window",
            "day",
            "days",
            "month",
            "months",
            "year",
            "years",
            "as_of",
            "window_start",
            "rule_version",
        ),
    )
)
COMPARISONS = frozenset({"=", "<>", "<", "<=", ">", ">="})
INSTEAD = {
    "==": "write '='",
    "!=": "write '<>'",
    "&&": "write 'and'",
    "||": "write 'or'",
    "!": "write 'not'",
    "=>": "write '>='",
    "=<": "write '<='",
    '"': "texts go in single quotes",
    "%": "write 'a / b' for a ratio; a percentage is '50%' without a space",
    ";": "one condition per line",
    "≥": "write '>='",
    "≤": "write '<='",
    "≠": "write '<>'",
}

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<date>\d{4}-\d{2}-\d{2}(?![\w-]))
    | (?P<number>\d+(?:\.\d+)?(?:[km]\b|%)?(?![\w.]))
    | (?P<text>'(?:[^']|'')*')
    | (?P<param>\$[A-Za-z_]\w*(?:\.\w+)*)
    | (?P<name>[A-Za-z_]\w*(?:\.\w+)*)
    | (?P<wrong>==|!=|&&|\|\||=>|=<|!|"|%|;|≥|≤|≠)
    | (?P<op><=|>=|<>|[=<>+\-*/(),\[\]])
    )""",
    re.VERBOSE,
)


class Refused(Exception):
    """The text does not follow the grammar: what, where (offset, length), and what to write instead."""

    def __init__(self, text: str, start: int, length: int = 1, hint: str = "") -> None:
        super().__init__(text)
        self.text, self.start, self.length, self.hint = text, start, max(1, length), hint


class Token(NamedTuple):
    """A word; `kind` is date, number, text, param, name, word (keyword), op or end."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Offset after the word."""
        return self.start + len(self.text)


def read_words(text: str) -> list[Token]:
    """Split a formula into words, an empty one of kind `end` last; raises Refused."""
    if len(text) > MAX_LENGTH:
        raise Refused(f"longer than {MAX_LENGTH} characters", 0, 1, "split it into named values")
    end = len(text.rstrip())
    tokens: list[Token] = []
    position = 0
    while position < end:
        token = _next(text, position)
        tokens.append(token)
        position = token.end
    if len(tokens) > MAX_WORDS:
        raise Refused(f"more than {MAX_WORDS} words", 0, 1, "split it into named values")
    return [*tokens, Token("end", "", end)]


def _next(text: str, position: int) -> Token:
    match = _TOKEN.match(text, position)
    if match is None or match.lastgroup is None:
        raise _unreadable(text, position + len(text[position:]) - len(text[position:].lstrip()))
    kind = match.lastgroup
    word, start = match[kind], match.start(kind)
    if kind == "wrong":
        found = "a double quote" if word == '"' else f"'{word}'"
        raise Refused(f"unexpected {found}", start, len(word), INSTEAD[word])
    if kind == "name" and word.lower() in KEYWORDS:
        return Token("word", word, start)
    return Token(kind, word, start)


def _unreadable(text: str, start: int) -> Refused:
    word = re.match(r"[\w.,:]+|.", text[start:])
    found = word[0] if word else text[start]
    if found[0].isdigit():
        return Refused(f"{found!r} is not a number", start, len(found), "write 1000, 2.5, 500k, 10m or 50%")
    if found[0] == "'":
        return Refused("a text without its closing quote", start, len(text) - start)
    return Refused(f"unexpected {found!r}", start, len(found))
