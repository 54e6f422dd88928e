"""Outputs: properties written to the CRM, with labels and options, filled by a name, a formula, or sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.model.fields import Type
from connector.model.meant import near
from connector.model.outputs import Output
from connector.rules.binding.declare import Declaration, formula_node, resolve, uses_of
from connector.rules.kinds.common import limited
from connector.rules.kinds.signal import ALL
from connector.rules.ruleset import OutputOf
from connector.rules.syntax.document import Items, Keys, Leaf
from connector.rules.syntax.forms import read_languages, read_word
from connector.rules.syntax.shapes import LANGUAGES
from connector.rules.texts.explanation import explain_rules
from connector.rules.texts.sentences import Labels, Teller, matching, used_by
from connector.rules.tree import Say, Sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connector.rules.binding.names import Names
    from connector.rules.kinds.decision import Decision
    from connector.rules.ruleset import Node
    from connector.rules.syntax.document import Value
    from connector.rules.syntax.forms import Form, Formula
    from connector.rules.texts.sentences import Text

DECIMALS = {Type.MONEY: 2, Type.NUMBER: 4, Type.PERCENT: 4, Type.INTEGER: 0}
MOST_SAID = 20_000
EXPLANATION = "explanation"
CAUSES = "causes"


class Stated(Struct):
    """One output as read."""

    name: Leaf
    form: Form
    origin: Formula | None
    options: dict[str, dict[str, str]]
    type: Type | None
    node: str = ""
    """The node that fills it, once that is known."""


class Outputs(Struct):
    """All outputs of a rule set, and the sentences they are made of."""

    stated: dict[str, Stated] = field(default_factory=dict)
    texts: dict[str, Text] = field(default_factory=dict)
    decision: Decision | None = None
    code_labels: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    """Node of a list -> code -> label per language: signals, rules, protections, missing names."""
    said: int = 0
    """Texts of the outputs declared so far."""

    def read(self, name: Leaf, form: Form) -> None:
        """Take in one output."""
        kind = form.word("type")
        options = {
            leaf.text: read_languages(value, form.problems)
            for leaf, value in form.mapping("options")
            if read_word(leaf, form.problems) is not None
        }
        if form.has("from") and form.has("say"):
            form.problems.add(name.at, "an output has one of 'from' and 'say'")
        if not form.has("from") and not form.has("say") and form.flag("written", default=True):
            form.problems.add(name.at, f"nothing fills '{name.text}'", "add 'from' or 'say', or 'written: false'")
        self.stated[name.text] = Stated(name, form, form.formula("from"), options, Type(kind) if kind else None)

    def settle(self) -> None:
        """Take over options of other outputs, and of lists of codes."""
        for stated in self.stated.values():
            other = stated.form.word("options_of")
            if other is not None and other in self.stated:
                stated.options = self.stated[other].options
            elif other is not None:
                leaf = stated.form.leaf("options_of")
                stated.form.problems.undefined(leaf.at if leaf else stated.name.at, "output", other, self.stated)
            term = stated.origin.term if stated.origin else None
            if term is not None and term.kind == "name" and not stated.options and term.text in self.code_labels:
                stated.options = {code: dict(label) for code, label in self.code_labels[term.text].items()}

    def shown(self) -> dict[str, str]:
        """Give the output that shows a name as it is, by that name; people's own inputs show nothing."""
        found: dict[str, str] = {}
        for name, stated in self.stated.items():
            if stated.origin is not None and stated.origin.term.kind == "name":
                found.setdefault(stated.origin.term.text, name)
        return found

    def labels(self) -> Labels:
        """Give the labels of options, by output and by the node that fills it."""
        found: Labels = {name: _by_language(labels) for name, labels in self.code_labels.items()}
        for name, stated in self.stated.items():
            if stated.options:
                found[name] = _by_language(stated.options)
                if stated.origin is not None and stated.origin.term.kind == "name":
                    found.setdefault(stated.origin.term.text, found[name])
        return found

    def declare(self) -> Iterator[Declaration]:
        """Declare a node for every output that is more than a name."""
        for stated in self.stated.values():
            if stated.form.has("say"):
                yield self._declare_say(stated)
            elif stated.origin is not None and stated.origin.term.kind == "name" and not stated.form.has("applies"):
                stated.node = stated.origin.term.text
            elif stated.origin is not None:
                stated.node = stated.name.text
                yield _declare_formula(stated)

    def _declare_say(self, stated: Stated) -> Declaration:
        items = stated.form.items("say")
        texts = {text.key.text: text for item in items for text in self._texts(stated, item)}
        self.said += len(texts)
        if self.said > MOST_SAID:
            stated.form.problems.add(stated.name.at, f"the outputs say more than {MOST_SAID:,} texts together")
            stated.form.problems.stop()
        stated.node = stated.name.text
        used = used_by(self.texts, texts.values())
        told = self.decision.rules if self.decision and any(_says(item, EXPLANATION) for item in items) else []
        used |= {rule.name.text for rule in told} | ({ALL} if told else set())

        def build(names: Names) -> list[Node]:
            teller = Teller(names, self.labels(), self.texts)
            said = tuple(part for item in items for part in self._parts(stated, item, teller))
            limit = stated.form.number("limit")
            join = stated.form.text("join") if stated.form.has("join") else " "
            say = Say(said, join or "", None if limit is None else int(limit))
            kind = stated.type or Type.TEXT
            return formula_node(names, stated.name.text, say, at=stated.name.at, model="outputs", kind=kind)

        return Declaration((stated.name.text,), "outputs", stated.name.at, used, build, "text")

    # ── sentences ──

    def _parts(self, stated: Stated, item: Value, teller: Teller) -> Iterator[Sentence | Say]:
        if isinstance(item, Keys):
            for leaf, inner in item.entries:
                parts = tuple(part for each in _listed(inner) for part in self._parts(stated, each, teller))
                yield Say(parts, first=leaf.text == "first")
        elif _says(item, EXPLANATION):
            yield Say(tuple(explain_rules(teller.names, teller.labels, self.decision)), join="\n")
        elif _says(item, CAUSES):
            yield Say(tuple(_sentences(teller, self._texts(stated, item))), first=True)
        else:
            yield from _sentences(teller, self._texts(stated, item))

    def _texts(self, stated: Stated, item: Value) -> list[Text]:
        if isinstance(item, Keys):
            return [
                text
                for leaf, inner in item.entries
                if self._combines(leaf)
                for each in _listed(inner)
                for text in self._texts(stated, each)
            ]
        if not isinstance(item, Leaf):
            stated.form.problems.add(item.at, "expected the name of a text", "a text, {first: […]} or {all: […]}")
            return []
        if item.text == EXPLANATION:
            return []
        if item.text == CAUSES:
            return self._causes()
        found = matching(self.texts, item.text)
        if not found and not item.text.endswith("*"):
            stated.form.problems.undefined(item.at, "text", item.text, self.texts)
        return found

    def _combines(self, leaf: Leaf) -> bool:
        if leaf.text not in {"first", "all"}:
            next(iter(self.stated.values())).form.problems.unknown(leaf.at, "word", leaf.text, ("first", "all"))
        return True

    def _causes(self) -> list[Text]:
        rules = self.decision.causes() if self.decision else []
        return [self.texts[rule.text] for rule in rules if rule.text in self.texts]

    # ── results ──

    def results(self, names: Names) -> tuple[OutputOf, ...]:
        """Make the outputs; notes answers without an option."""
        return tuple(self._result(names, stated) for stated in self.stated.values())

    def _result(self, names: Names, stated: Stated) -> OutputOf:
        node = names.nodes.get(stated.node)
        form = stated.form
        kind = stated.type or (node.type if node else Type.TEXT)
        if node is not None and stated.options:
            for option in node.options:
                if option not in stated.options:
                    hint = near(option, stated.options) or "add it, with a label per language"
                    form.problems.add(stated.name.at, f"'{stated.name.text}' has no option '{option}'", hint)
        decimals = form.number("decimals")
        output = Output(
            name=stated.name.text,
            type=kind,
            label=form.languages("label"),
            options=stated.options,
            decimals=DECIMALS.get(kind) if decimals is None else int(decimals),
            written=form.flag("written", default=True),
            follows=form.flag("follows", default=False),
            ranked=self._ranked(stated, kind if node is not None else stated.type),
            on_deals=form.word("on_deals") or "",
        )
        return OutputOf(output, stated.node if node else "", form.flag("core", default=False), stated.name.at)

    def _ranked(self, stated: Stated, kind: Type | None) -> bool:
        """Whether it is ranked; `kind` is None where a mistake elsewhere, which is told there, leaves it unknown."""
        ranked = stated.form.flag("ranked", default=False)
        if ranked and kind is not None and not stated.options and kind not in DECIMALS:
            at, name = stated.name.at, stated.name.text
            stated.form.problems.add(at, f"'{name}' is ranked and has neither options nor a number", "take it away")
        return ranked


def _declare_formula(stated: Stated) -> Declaration:
    applies = stated.form.formula("applies")

    def build(names: Names) -> list[Node]:
        limit = None if applies is None else resolve(applies, names, "condition")
        expression = limited(resolve(stated.origin, names), limit)
        return formula_node(names, stated.name.text, expression, at=stated.name.at, model="outputs", kind=stated.type)

    return Declaration((stated.name.text,), "outputs", stated.name.at, uses_of(stated.origin, applies), build, "value")


def _sentences(teller: Teller, texts: Sequence[Text]) -> Iterator[Sentence]:
    for text in texts:
        sentence = teller.sentence(text)
        if sentence is not None:
            yield sentence


def _says(item: Value, word: str) -> bool:
    return isinstance(item, Leaf) and item.text == word


def _listed(value: Value) -> tuple[Value, ...]:
    return value.items if isinstance(value, Items) else (value,)


def _by_language(options: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    return {language: {code: label.get(language, code) for code, label in options.items()} for language in LANGUAGES}
