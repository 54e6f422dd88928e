"""Values that people read under an internal name, because nobody gave them a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.rules.ruleset import FormulaOf
from connector.rules.syntax.shapes import LANGUAGES
from connector.rules.tree import Name, Placeholder, Say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.rules.ruleset import Node, RuleSet
    from connector.rules.tree import Sentence


def sentences(rules: RuleSet) -> Iterator[Sentence]:
    """Give every sentence the outputs may say, those inside others too."""
    for node in rules.nodes:
        if isinstance(node.definition, FormulaOf) and isinstance(node.definition.expression, Say):
            yield from _within(node.definition.expression)


def nameless(rules: RuleSet) -> tuple[Node, ...]:
    """Give the nodes without a label that an explanation tells, in the order they are written."""
    nodes = {node.name: node for node in rules.nodes}
    told = {(name, language) for sentence in sentences(rules) for name, language in _by_name(sentence)}
    found = {name for name, language in told if not nodes[name].meaning.get(language)}
    return tuple(sorted((nodes[name] for name in found), key=lambda node: (node.at, node.name)))


def _within(said: Sentence | Say) -> Iterator[Sentence]:
    if isinstance(said, Say):
        for each in said.sentences:
            yield from _within(each)
        return
    yield said
    for pieces in said.parts.values():
        for piece in pieces:
            if isinstance(piece, Placeholder) and isinstance(piece.value, Say):
                yield from _within(piece.value)


def _by_name(sentence: Sentence) -> Iterator[tuple[str, str]]:
    """A value that the machine tells behind its own name, and in which language: a person's text is in both."""
    for language, pieces in sentence.parts.items() if len(sentence.parts) < len(LANGUAGES) else ():
        match pieces:
            case (str() as called, Placeholder(value=Name(name=name)), *_) if called == f"{name} ":
                yield name, language
            case _:
                pass
