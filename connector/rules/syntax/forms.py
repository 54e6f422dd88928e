"""Reading one mapping of a rule file against its shape: unknown and missing keys, and values of the wrong sort."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.rules.syntax.document import Items, Keys, Leaf
from connector.rules.syntax.grammar import Term, parse
from connector.rules.syntax.shapes import LANGUAGES, SHAPES, SHORT
from connector.rules.syntax.words import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.rules.syntax.document import Value
    from connector.rules.syntax.problems import Problems
    from connector.rules.syntax.shapes import Key
    from connector.rules.tree import Position

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*\Z")
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([km%])?\Z")
MISREAD = re.compile(
    r"(?P<truth>yes|no|true|false|on|off)\Z|(?P<nothing>~|null|)\Z"
    r"|(?P<time>[-+]?\d[\d_]*(:[0-5]?\d)+(\.[\d_]*)?)\Z"
    r"|(?P<number>[-+]?(0x[0-9a-f_]+|0o?[0-7]+|(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(e[-+]?\d+)?|\.inf|\.nan))\Z"
    r"|(?P<day>\d{4}-\d\d?-\d\d?([t\s]+\d\d?:\d\d:\d\d\S*)?)\Z",
    re.IGNORECASE,
)
"""Plain words that some YAML reader turns into something else."""
MISREAD_AS = {
    "truth": "true or false",
    "nothing": "nothing",
    "time": "a number of seconds",
    "number": "a number",
    "day": "a date",
}


class Formula(Struct, frozen=True):
    """A formula as read: its place and its syntax, not yet typed."""

    leaf: Leaf
    term: Term

    def uses(self) -> frozenset[str]:
        """Names of the account it uses."""
        return frozenset(_uses(self.term))

    def plain(self) -> frozenset[str]:
        """Names that do not stand after `account.`."""
        return frozenset(name for name in _uses(self.term) if not name.startswith("account."))

    def reaches(self) -> frozenset[str]:
        """Names after `account.`, for formulas over related records."""
        return frozenset(name.removeprefix("account.") for name in _uses(self.term) if name.startswith("account."))


def _uses(term: Term) -> Iterator[str]:
    if term.kind == "name":
        yield term.text
    for part in term.parts:
        yield from _uses(part)


class Form(Struct, frozen=True):
    """One mapping and its shape. Reading notes every problem and gives None (or a default) instead."""

    keys: Keys
    shape: str
    problems: Problems

    @property
    def at(self) -> Position:
        """Where the mapping starts."""
        return self.keys.at

    def check(self) -> Form:
        """Note unknown and missing keys."""
        known = SHAPES[self.shape]
        what = f"key of a {self.shape.replace('_', ' ')}" if self.shape != "file" else "section"
        for leaf, _ in self.keys.entries:
            if leaf.text not in known:
                self.problems.unknown(leaf.at, what, leaf.text, known, hint="known: " + ", ".join(known))
        for name, key in known.items():
            if key.required and self.keys.get(name) is None:
                self.problems.add(self.at, f"'{name}' is missing", key.meaning)
        return self

    def has(self, name: str) -> bool:
        """Tell whether the key is written."""
        return self.keys.get(name) is not None

    def leaf(self, name: str) -> Leaf | None:
        """Give the scalar under a key."""
        value = self.keys.get(name)
        if value is None or isinstance(value, Leaf):
            return value
        self.problems.add(value.at, f"'{name}' must be a single value", self._key(name).meaning)
        return None

    def text(self, name: str) -> str | None:
        """Give a text; refuses what YAML would read as something else."""
        leaf = self.leaf(name)
        return None if leaf is None else read_text(leaf, self.problems)

    def word(self, name: str) -> str | None:
        """Give a word, one of the key's words where it has any."""
        leaf = self.leaf(name)
        return None if leaf is None else read_word(leaf, self.problems, allowed=self._key(name).one_of)

    def flag(self, name: str, *, default: bool) -> bool:
        """Give true or false."""
        leaf = self.leaf(name)
        if leaf is None:
            return default
        if leaf.text not in {"true", "false"} or not leaf.plain:
            self.problems.add(leaf.at, f"'{name}' is true or false", "write true or false")
        return leaf.text == "true"

    def number(self, name: str) -> Decimal | None:
        """Give a plain number."""
        leaf = self.leaf(name)
        return None if leaf is None else read_number(leaf, self.problems)

    def words(self, name: str) -> tuple[str, ...]:
        """Give a list of words."""
        value = self.keys.get(name)
        if value is None:
            return ()
        if not isinstance(value, Items):
            self.problems.add(value.at, f"'{name}' must be a list", "write [a, b]")
            return ()
        leaves = [item for item in value.items if isinstance(item, Leaf)]
        if len(leaves) < len(value.items):
            self.problems.add(value.at, f"'{name}' is a list of words")
        found = (read_word(leaf, self.problems) for leaf in leaves)
        return tuple(word for word in found if word is not None)

    def languages(self, name: str) -> dict[str, str]:
        """Give one text per language; a single text counts for all."""
        value = self.keys.get(name)
        return {} if value is None else read_languages(value, self.problems)

    def formula(self, name: str) -> Formula | None:
        """Give a formula, parsed."""
        leaf = self.leaf(name)
        return None if leaf is None else read_formula(leaf, self.problems)

    def mapping(self, name: str) -> tuple[tuple[Leaf, Value], ...]:
        """Give the entries of a mapping, in order."""
        value = self.keys.get(name)
        if value is None:
            return ()
        if isinstance(value, Keys):
            return value.entries
        if not (isinstance(value, Leaf) and not value.text):
            self.problems.add(value.at, f"'{name}' must be a mapping", self._key(name).meaning)
        return ()

    def items(self, name: str) -> tuple[Value, ...]:
        """Give the items of a list."""
        value = self.keys.get(name)
        if value is None:
            return ()
        if isinstance(value, Items):
            return value.items
        self.problems.add(value.at, f"'{name}' must be a list", self._key(name).meaning)
        return ()

    def forms(self, name: str) -> Iterator[tuple[Leaf, Form]]:
        """Give the named forms inside a mapping, short ones written out."""
        inside = self._key(name).inside
        for leaf, value in self.mapping(name):
            form = as_form(value, inside, self.problems)
            if form is not None and read_word(leaf, self.problems) is not None:
                yield leaf, form

    def list_forms(self, name: str) -> Iterator[Form]:
        """Give the forms inside a list."""
        for item in self.items(name):
            form = as_form(item, self._key(name).inside, self.problems)
            if form is not None:
                yield form

    def _key(self, name: str) -> Key:
        return SHAPES[self.shape][name]


def as_form(value: Value, shape: str, problems: Problems) -> Form | None:
    """Read a value as a form of a shape; a short form becomes its one key."""
    if isinstance(value, Keys) and not (shape == "parameter" and value.get("default") is None):
        return Form(value, shape, problems).check()
    short = SHORT.get(shape)
    if short is not None and not isinstance(value, Keys):
        return Form(Keys(((_borrowed(short, value), value),), value.at), shape, problems)
    hint = "a parameter that holds a mapping needs the key 'default'" if shape == "parameter" else ""
    problems.add(value.at, f"a {shape.replace('_', ' ')} must be a mapping", hint)
    return None


def _borrowed(name: str, value: Value) -> Leaf:
    from connector.rules.syntax.document import Source  # noqa: PLC0415 - only for lists written short

    at = value.at
    return Leaf(
        name, plain=True, line=at.line, column=at.column, length=1, source=Source(at.file, "", ()), start=0, end=0
    )


def read_text(leaf: Leaf, problems: Problems) -> str:
    """Read a text, and refuse a plain word that YAML readers turn into something else."""
    match = MISREAD.match(leaf.text) if leaf.plain else None
    if match is not None:
        what = MISREAD_AS[match.lastgroup or "nothing"]
        problems.add(leaf.at, f"YAML reads {leaf.text or 'this'} as {what}", f"write '{leaf.text}'")
    return leaf.text


def read_word(leaf: Leaf, problems: Problems, *, allowed: tuple[str, ...] = ()) -> str | None:
    """Read a name: letters, digits, `_` and dots, not starting with a digit."""
    if leaf.plain and MISREAD.match(leaf.text) and leaf.text not in {"on", "off"}:
        read_text(leaf, problems)
        return None
    if not WORD.match(leaf.text):
        problems.add(leaf.at, f"'{leaf.text}' is not a name", "letters, digits and _, starting with a letter")
        return None
    if allowed and leaf.text not in allowed:
        problems.unknown(leaf.at, "word", leaf.text, allowed, hint="one of: " + ", ".join(allowed))
        return None
    return leaf.text


def read_number(leaf: Leaf, problems: Problems) -> Decimal | None:
    """Read a plain number; `50%` is 0.5, `500k` 500000, `10m` ten million."""
    if not NUMBER.match(leaf.text) or not leaf.plain:
        problems.add(leaf.at, f"'{leaf.text}' is not a number", "write 1000, 2.5, 500k, 10m or 50%, without quotes")
        return None
    unit = {"k": Decimal(1000), "m": Decimal(1_000_000), "%": Decimal("0.01")}.get(leaf.text[-1])
    return Decimal(leaf.text[:-1]) * unit if unit else Decimal(leaf.text)


def read_languages(value: Value, problems: Problems) -> dict[str, str]:
    """Read one text per language."""
    if isinstance(value, Leaf):
        return dict.fromkeys(LANGUAGES, read_text(value, problems))
    if not isinstance(value, Keys):
        problems.add(value.at, "expected a text per language", "write {en: …, nl: …}")
        return {}
    found = {}
    for leaf, text in value.entries:
        if leaf.text not in LANGUAGES:
            problems.unknown(leaf.at, "language", leaf.text, LANGUAGES, hint="one of: en, nl")
        elif isinstance(text, Leaf):
            found[leaf.text] = read_text(text, problems)
        else:
            problems.add(text.at, "expected a text")
    for language in LANGUAGES:
        if language not in found:
            problems.add(value.at, f"the text in '{language}' is missing")
    return found


def read_formula(leaf: Leaf, problems: Problems) -> Formula | None:
    """Parse a formula; None when it does not follow the grammar (noted)."""
    problems.spend(leaf.at, len(leaf.text))
    try:
        return Formula(leaf, parse(leaf.text))
    except Refused as refused:
        problems.add(leaf.spot(refused.start, refused.length), refused.text, refused.hint)
        return None
