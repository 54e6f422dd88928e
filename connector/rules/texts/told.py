"""The pieces a rule's grounds are told with: words, a text with its condition, the branches worth telling."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from connector.model.fields import Type
from connector.rules.fold import TRUE
from connector.rules.kinds.common import sure
from connector.rules.ruleset import FormulaOf
from connector.rules.styles import Style
from connector.rules.tree import (
    Branch,
    Case,
    Compare,
    In,
    KnownTest,
    Literal,
    Name,
    Not,
    Placeholder,
    Say,
    Sentence,
    State,
    Test,
)
from connector.rules.wording import UNKNOWN_WORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.rules.ruleset import Node
    from connector.rules.tree import Expression

WORDS = {
    "en": {
        "and": " and ",
        "or": " or ",
        "not": "not ",
        "stays": "stays on while ",
        "never": "not while ",
        "given": "filled in",
    },
    "nl": {
        "and": " en ",
        "or": " of ",
        "not": "niet ",
        "stays": "blijft aan zolang ",
        "never": "niet zolang ",
        "given": "ingevuld",
    },
}
ANSWERS = {"en": ("yes", "no", "not decidable"), "nl": ("ja", "nee", "niet te bepalen")}
SHOWN = {Test.GE: "≥", Test.LE: "≤", Test.NE: "≠"}
EXACTLY = {Type.MONEY: Style.CENTS, Type.DATE: Style.DATE, Type.INTEGER: Style.WHOLE}
IDLE = "not applicable"
"""Label of the branch that keeps a model off; nothing of the account's own."""


class Told(NamedTuple):
    """A piece of text; None stands where there is nothing to tell."""

    text: Sentence | Say
    loose: bool = False
    """Needs brackets beside something else."""


def outcome_of(hit: Name, language: str, *, filled_in: bool = False) -> Placeholder:
    """Give the word for yes, no or not decidable; what a person fills in is unknown instead."""
    words = (*ANSWERS[language][:2], UNKNOWN_WORD[language]) if filled_in else ANSWERS[language]
    yes, no, undecided = (Literal(word, Type.TEXT) for word in words)
    branches = (Branch(Not(KnownTest(hit, State.KNOWN)), undecided), Branch(hit, yes))
    return Placeholder(Case(branches, no, Type.TEXT, strict=False), Style.TEXT)


def ways(case: Case) -> Iterator[tuple[Branch | None, Expression]]:
    """Give each branch of a signal, those of the case inside it last."""
    for branch in case.branches:
        if branch.label != IDLE:
            yield branch, branch.then
    if isinstance(case.otherwise, Case):
        yield from ways(case.otherwise)
    elif not isinstance(case.otherwise, Literal):
        yield None, case.otherwise


def answers(case: Case) -> Iterator[tuple[Expression, Expression]]:
    """Give each condition with its answer; an answer without a condition of its own stands under `true`."""
    for branch in case.branches:
        if branch.label != IDLE:
            yield branch.when, branch.then
    if isinstance(case.otherwise, Case):
        yield from answers(case.otherwise)
    else:
        yield TRUE, case.otherwise


def agreeing(asked: Compare, when: Expression) -> Expression:
    """Hold where a condition says what the answer says: true beside the answer asked for, not true beside another.

    Rules before it, or a person, may have decided otherwise: what reads as the opposite of the answer is no ground.
    """
    return Case((Branch(asked, sure(when)),), Not(sure(when)), Type.BOOLEAN, strict=False)


def given_first(node: Node) -> Name | None:
    """Give the value that a model takes as it is before it looks at anything else."""
    case = node.definition.expression if isinstance(node.definition, FormulaOf) else None
    when, then = next(answers(case)) if isinstance(case, Case) else (TRUE, TRUE)
    match when:
        case KnownTest(value=Name(name=tested), state=State.KNOWN, negated=False):
            return then if isinstance(then, Name) and then.name == tested else None
        case _:
            return None


def looked_at(part: Expression) -> Iterator[Name]:
    """Give the value that a comparison looks at."""
    match part:
        case Compare(left=Name() as name) | In(value=Name() as name):
            yield name


def unknown_is_enough(part: Expression) -> Iterator[str]:
    """Give the name that a part of an `or` asks to be unknown, if that is what it asks."""
    match part:
        case KnownTest(value=Name(name=name), state=State.KNOWN, negated=True):
            yield name
        case KnownTest(value=Name(name=name), state=State.UNKNOWN, negated=False):
            yield name


def enclosed(told: Told) -> Placeholder:
    """Make a piece of text part of a sentence."""
    text = told.text if isinstance(told.text, Say) else Say((told.text,))
    return Placeholder(text, Style.TEXT)


def said(language: str, *pieces: str | Placeholder, when: Expression | None = None) -> Told:
    """Make a text of pieces."""
    return Told(Sentence({language: pieces}, when))


def style_of(name: Name) -> Style:
    """Give the style in which every number equals the stored property (domain.md 5.9)."""
    return EXACTLY.get(name.type, Style.EXACT)
