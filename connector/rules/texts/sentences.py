"""Sentences in two languages: their placeholders, how values are written in them, and when they are said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.model.fields import Type
from connector.rules.binding.declare import resolve, uses_of
from connector.rules.kinds.common import sure, sure_name
from connector.rules.styles import Style
from connector.rules.syntax.document import Leaf
from connector.rules.syntax.forms import read_languages
from connector.rules.syntax.shapes import LANGUAGES
from connector.rules.tree import Literal, Name, Placeholder, Say, Sentence
from connector.rules.walk import POISON, type_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connector.rules.binding.names import Names
    from connector.rules.syntax.forms import Form, Formula
    from connector.rules.tree import Expression, Position

PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
STYLES = {
    Type.MONEY: Style.WHOLE_MONEY,
    Type.DATE: Style.DATE,
    Type.INTEGER: Style.WHOLE,
    Type.NUMBER: Style.DECIMAL_1,
    Type.PERCENT: Style.DECIMAL_1,
    Type.MULTI: Style.LABEL,
}

Labels = dict[str, dict[str, dict[str, str]]]
"""Name of a node or output -> language -> option -> label."""


class Shown(Struct, frozen=True):
    """What one placeholder shows, as read."""

    of: Formula | None
    style: str | None
    labels: dict[str, dict[str, str]] | None
    labels_of: str | None
    say: str | None


class Text(Struct, frozen=True):
    """One sentence as read."""

    key: Leaf
    when: Formula | None
    shown: Mapping[str, Shown]
    leaves: Mapping[str, Leaf]
    rule: str = ""
    """The decision rule it tells: said when that holds."""

    def nested(self) -> frozenset[str]:
        """Names of other texts shown inside it."""
        return frozenset(shown.say for shown in self.shown.values() if shown.say)

    def uses(self) -> frozenset[str]:
        """Names of the account it needs, those of texts inside it left out."""
        plain = frozenset(name for name in self.placeholders() if name not in self.shown)
        own = frozenset([self.rule]) if self.rule else frozenset()
        return plain | own | uses_of(self.when, *(shown.of for shown in self.shown.values()))

    def placeholders(self) -> frozenset[str]:
        """Names in braces, of all languages."""
        return frozenset(found for leaf in self.leaves.values() for found in PLACEHOLDER.findall(leaf.text))


def read_text(key: Leaf, form: Form) -> Text:
    """Read one sentence; both languages must show the same placeholders."""
    leaves = {language: leaf for language in LANGUAGES if isinstance(leaf := form.keys.get(language), Leaf)}
    for language in leaves:
        form.text(language)
    shown = {name.text: _read_shown(inner) for name, inner in form.forms("with")}
    text = Text(key, form.formula("when"), shown, leaves)
    for language, leaf in leaves.items():
        for name in text.placeholders() - set(PLACEHOLDER.findall(leaf.text)):
            form.problems.add(leaf.at, f"the text in '{language}' does not show {{{name}}}")
    for name in set(shown) - text.placeholders():
        form.problems.add(key.at, f"no text shows {{{name}}}")
    return text


def _read_shown(form: Form) -> Shown:
    labels = {}
    for leaf, value in form.mapping("labels"):
        labels[leaf.text] = read_languages(value, form.problems)
    turned = {lang: {option: texts.get(lang, "") for option, texts in labels.items()} for lang in LANGUAGES}
    say = form.leaf("say")
    if form.has("of") == form.has("say"):
        form.problems.add(form.at, "a placeholder has one of 'of' and 'say'")
    return Shown(
        form.formula("of"),
        form.word("as"),
        turned if labels else None,
        form.word("labels_of"),
        say.text if say else None,
    )


class Teller(Struct):
    """Builds sentences once every name is known."""

    names: Names
    labels: Labels = field(default_factory=dict)
    texts: Mapping[str, Text] = field(default_factory=dict)

    def sentence(self, text: Text) -> Sentence | None:
        """Build a sentence; None when it is broken, or speaks of what is not configured."""
        said = {language: tuple(self._pieces(text, leaf)) for language, leaf in text.leaves.items()}
        when = self._when(text)
        placeholders = [piece.value for pieces in said.values() for piece in pieces if isinstance(piece, Placeholder)]
        if when is POISON or any(value is POISON for value in placeholders) or len(said) < len(LANGUAGES):
            return None
        return Sentence(said, when)

    def _when(self, text: Text) -> Expression | None:
        if text.rule:
            return sure_name(text.rule, self.names) if text.rule in self.names.nodes else POISON
        return None if text.when is None else self._sure(resolve(text.when, self.names, "condition"))

    def _sure(self, condition: Expression) -> Expression:
        return condition if condition is POISON else sure(condition)

    def _pieces(self, text: Text, leaf: Leaf) -> Iterator[str | Placeholder]:
        position = 0
        for match in PLACEHOLDER.finditer(leaf.text):
            if match.start() > position:
                yield leaf.text[position : match.start()]
            yield self._placeholder(text, match[1], leaf.spot(match.start(), len(match[0])))
            position = match.end()
        if leaf.text[position:]:
            yield leaf.text[position:]

    def _placeholder(self, text: Text, name: str, at: Position) -> Placeholder:
        shown = text.shown.get(name)
        if shown is not None and shown.say:
            return Placeholder(self._nested(shown.say, at), Style.TEXT)
        value = self._named(name, at) if shown is None else resolve(shown.of, self.names)
        labels = self._labels(value, shown, at)
        style = Style(shown.style) if shown and shown.style else self._style(value, labels, at)
        return Placeholder(value, style, labels if style is Style.LABEL else None)

    def _nested(self, key: str, at: Position) -> Expression:
        found = matching(self.texts, key)
        if not found and not key.endswith("*"):
            self.names.problems.undefined(at, "text", key, self.texts)
        sentences = [self.sentence(text) for text in found]
        return Say(tuple(sentence for sentence in sentences if sentence is not None), first=True, at=at)

    def _named(self, name: str, at: Position) -> Expression:
        if name in self.names.nodes:
            return Name(name, self.names.nodes[name].type, at=at)
        if name in self.names.absent:
            return Literal(None, self.names.absent[name].type, at)
        if name not in self.names.broken:
            hint = "say under 'with' what it shows"
            self.names.problems.undefined(at, "placeholder", name, self.names.known(), hint=hint)
        return POISON

    def _labels(self, value: Expression, shown: Shown | None, at: Position) -> dict[str, dict[str, str]] | None:
        if shown is not None and shown.labels is not None:
            return shown.labels
        if shown is not None and shown.labels_of:
            if shown.labels_of not in self.labels:
                self.names.problems.undefined(at, "output with options", shown.labels_of, self.labels)
            return self.labels.get(shown.labels_of)
        return self.labels.get(value.name) if isinstance(value, Name) else None

    def _style(self, value: Expression, labels: dict[str, dict[str, str]] | None, at: Position) -> Style:
        if value is POISON:
            return Style.TEXT
        kind = type_of(value)
        if kind is Type.BOOLEAN:
            self.names.problems.add(
                at, "a true/false value has no text of its own", "give a text per answer under 'labels'"
            )
        return Style.LABEL if labels is not None else STYLES.get(kind, Style.TEXT)


def matching(texts: Mapping[str, Text], key: str) -> list[Text]:
    """Give the text of that name, or all whose name starts as in `prefix.*`."""
    if key.endswith("*"):
        return [text for name, text in texts.items() if name.startswith(key[:-1])]
    return [texts[key]] if key in texts else []


def used_by(texts: Mapping[str, Text], roots: Iterable[Text]) -> frozenset[str]:
    """Give every name of the account some texts need, texts inside them included."""
    waiting, seen, found = list(roots), set[str](), frozenset[str]()
    while waiting:
        text = waiting.pop()
        if text.key.text not in seen:
            seen.add(text.key.text)
            found |= text.uses()
            waiting += [inner for key in text.nested() for inner in matching(texts, key)]
    return found
