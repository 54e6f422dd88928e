"""One line per say-no and watch rule, written by the machine: id, outcome, and what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model.fields import Type
from connector.rules.kinds.signal import ALL
from connector.rules.ruleset import FormulaOf
from connector.rules.syntax.shapes import LANGUAGES
from connector.rules.texts.grounds import Grounds
from connector.rules.texts.leaves import Leaves
from connector.rules.texts.told import Told, enclosed, outcome_of
from connector.rules.tree import And, Collect, KnownTest, Name, Placeholder, Sentence, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.rules.binding.names import Names
    from connector.rules.kinds.decision import Decision
    from connector.rules.texts.sentences import Labels
    from connector.rules.tree import Expression


def explain_rules(names: Names, labels: Labels, decision: Decision | None) -> Iterator[Sentence]:
    """Give the lines: each signal with all it rests on, then each rule of the decision."""
    signals = _signals(names)
    for code in signals:
        yield _line(names, labels, code, _definition(names, code), ())
    for rule in decision.rules if decision else ():
        if rule.name.text in names.nodes:
            limited = decision is not None and decision.applies is not None
            yield _line(names, labels, rule.name.text, _condition(names, rule.name.text, limited=limited), signals)


def _signals(names: Names) -> tuple[str, ...]:
    found = _definition(names, ALL) if ALL in names.nodes else None
    return tuple(entry.code for entry in found.entries) if isinstance(found, Collect) else ()


def _definition(names: Names, code: str) -> Expression | None:
    definition = names.nodes[code].definition
    return definition.expression if isinstance(definition, FormulaOf) else None


def _condition(names: Names, code: str, *, limited: bool) -> Expression | None:
    """The rule's own condition, without the one that all rules share."""
    whole = _definition(names, code)
    return whole.parts[-1] if limited and isinstance(whole, And) else whole


def _line(names: Names, labels: Labels, code: str, condition: Expression | None, listed: tuple[str, ...]) -> Sentence:
    parts: dict[str, tuple[str | Placeholder, ...]] = {}
    for language in LANGUAGES:
        told = None if condition is None else Grounds(Leaves(names, labels, language), listed).tell(condition)
        parts[language] = _pieces(code, language, told)
    return Sentence(parts, KnownTest(Name(code, Type.BOOLEAN), State.NOT_APPLICABLE, negated=True))


def _pieces(code: str, language: str, told: Told | None) -> tuple[str | Placeholder, ...]:
    outcome = outcome_of(Name(code, Type.BOOLEAN), language)
    if told is None:
        return (f"{code}: ", outcome)
    rest = Sentence({language: (" · ", enclosed(told))}, encloses=True)
    return (f"{code}: ", outcome, enclosed(Told(rest)))
