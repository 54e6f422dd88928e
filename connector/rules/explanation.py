"""One line per say-no and watch rule, written by the machine: id, outcome, and each value beside its threshold."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from connector.model.fields import Type
from connector.rules.kinds.common import is_known
from connector.rules.ruleset import FormulaOf
from connector.rules.shapes import LANGUAGES
from connector.rules.styles import Style
from connector.rules.texts import STYLES
from connector.rules.tree import (
    Branch,
    Case,
    Compare,
    KnownTest,
    Literal,
    Name,
    Not,
    Param,
    Placeholder,
    Sentence,
    State,
    Test,
)
from connector.rules.walk import NUMERIC, type_of, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.rules.kinds.decision import Decision
    from connector.rules.names import Names
    from connector.rules.tree import Expression

OUTCOMES = {
    "en": {"yes": "yes", "no": "no", "unknown": "not decidable"},
    "nl": {"yes": "ja", "no": "nee", "unknown": "niet te bepalen"},
}
SHOWN = {Test.GE: "≥", Test.LE: "≤", Test.NE: "≠"}
MOST = 6
"""Values shown per rule; more would not be read."""


def explain_rules(names: Names, decision: Decision | None) -> Iterator[Sentence]:
    """Give the lines, in the order of the rules."""
    for rule in decision.rules if decision else ():
        if rule.name.text in names.nodes:
            yield _line(names, rule.name.text)


def _line(names: Names, code: str) -> Sentence:
    outcome = Placeholder(_outcome(code), Style.LABEL, OUTCOMES)
    values = list(_values(names, code))[:MOST]
    parts: dict[str, tuple[str | Placeholder, ...]] = {}
    for language in LANGUAGES:
        pieces: list[str | Placeholder] = [f"{code}: ", outcome]
        for name, compare in values:
            pieces += [f" · {names.nodes[name].meaning.get(language) or name} ", _shown(compare.left)]
            pieces += [f" ({SHOWN.get(compare.test, compare.test)} ", _shown(compare.right), ")"]
        parts[language] = tuple(pieces)
    configured = KnownTest(Name(code, Type.BOOLEAN), State.NOT_APPLICABLE, negated=True)
    return Sentence(parts, configured)


def _outcome(code: str) -> Expression:
    hit = Name(code, Type.BOOLEAN)
    words = {word: Literal(word, Type.TEXT) for word in ("yes", "no", "unknown")}
    branches = (Branch(Not(is_known(hit)), words["unknown"]), Branch(hit, words["yes"]))
    return Case(branches, words["no"], Type.TEXT, strict=False)


def _values(names: Names, code: str) -> Iterator[tuple[str, Compare]]:
    """Find the numbers a rule compares, also inside the true/false names it uses."""
    seen: set[tuple[object, ...]] = set()
    for compare in _compares(names, code, depth=0):
        left = compare.left
        key = (getattr(left, "name", ""), compare.test, str(compare.right))
        if isinstance(left, Name) and type_of(left) in {*NUMERIC, Type.DATE} and key not in seen:
            seen.add(key)
            yield left.name, compare


def _compares(names: Names, code: str, *, depth: int) -> Iterator[Compare]:
    definition = names.nodes[code].definition
    if not isinstance(definition, FormulaOf) or depth > 2:  # noqa: PLR2004 - rule, signal, value: deeper is noise
        return
    for part in walk(definition.expression):
        if isinstance(part, Compare) and isinstance(part.right, (Literal, Param, Name)):
            yield part
        elif isinstance(part, Name) and part.type is Type.BOOLEAN and part.name in names.nodes:
            yield from _compares(names, part.name, depth=depth + 1)


def _shown(value: Expression) -> str | Placeholder:
    if isinstance(value, Literal) and isinstance(value.value, Decimal):
        return f"{value.value.normalize():f}"
    return Placeholder(value, STYLES.get(type_of(value), Style.TEXT))
