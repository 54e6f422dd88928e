"""Walking expressions: their type, their parts, and rebuilding them with other parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from connector.model.fields import Type
from connector.rules.tree import (
    And,
    Arithmetic,
    Between,
    Branch,
    Call,
    Case,
    Collect,
    Compare,
    Entry,
    In,
    InWindow,
    Known,
    KnownTest,
    Literal,
    Name,
    Not,
    Or,
    Param,
    Placeholder,
    Say,
    Scope,
    Sentence,
    Unknown,
    Within,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.rules.tree import Expression

NUMERIC = frozenset({Type.INTEGER, Type.NUMBER, Type.MONEY, Type.PERCENT})

POISON = Unknown(Type.TEXT)
"""Stands for a part whose mistake is already noted; nothing more is said about it. Compare by identity."""


def family(kind: Type) -> str:
    """Group types that may be compared with each other, in words for people."""
    if kind in NUMERIC:
        return "number"
    words = {Type.BOOLEAN: "true/false", Type.DATE: "date", Type.TIMESTAMP: "date", Type.MULTI: "list"}
    return words.get(kind, "text")


def type_of(expression: Expression) -> Type:
    """Give the type of an expression; tests and logic are booleans, a Collect is a multi-select, a Say a text."""
    if isinstance(expression, (Literal, Name, Param, Known, Arithmetic, Call, Case, Unknown)):
        return expression.type
    if isinstance(expression, Collect):
        return Type.MULTI
    return Type.TEXT if isinstance(expression, Say) else Type.BOOLEAN


def parts(expression: Expression) -> tuple[Expression, ...]:
    """Give the direct parts of an expression, in the order they are written."""
    give = _PARTS.get(type(expression))
    return give(expression) if give else ()


def _parts_of_case(case: Case) -> tuple[Expression, ...]:
    found: list[Expression] = []
    for branch in case.branches:
        found += (branch.when, branch.then)
    return (*found, case.otherwise)


_PARTS: dict[type, Callable[[Any], tuple[Expression, ...]]] = {
    Arithmetic: lambda e: (e.left, e.right),
    Compare: lambda e: (e.left, e.right),
    Between: lambda e: (e.value, e.low, e.high),
    In: lambda e: (e.value, *e.options),
    Within: lambda e: (e.value, e.amount),
    InWindow: lambda e: (e.value,),
    KnownTest: lambda e: (e.value,),
    And: lambda e: e.parts,
    Or: lambda e: e.parts,
    Not: lambda e: (e.part,),
    Call: lambda e: e.arguments,
    Case: _parts_of_case,
    Collect: lambda e: tuple(entry.when for entry in e.entries),
    Say: lambda e: tuple(_spoken(e)),
}
"""By type, not by `match`: loading walks every formula several times."""


def walk(expression: Expression) -> Iterator[Expression]:
    """Give the expression and everything inside it, outside first."""
    waiting = [expression]
    while waiting:
        part = waiting.pop()
        yield part
        waiting.extend(reversed(parts(part)))


def names(expression: Expression, scope: Scope = Scope.ACCOUNT) -> tuple[str, ...]:
    """Give the names of one scope an expression uses, each once, in order of appearance."""
    found = (part.name for part in walk(expression) if isinstance(part, Name) and part.scope is scope)
    return tuple(dict.fromkeys(found))


def rebuild(expression: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """Copy an expression with each direct part changed."""
    match expression:
        case Arithmetic() | Compare():
            return replace(expression, left=change(expression.left), right=change(expression.right))
        case Between():
            low, high = change(expression.low), change(expression.high)
            return replace(expression, value=change(expression.value), low=low, high=high)
        case In():
            return replace(expression, value=change(expression.value), options=tuple(map(change, expression.options)))
        case Within():
            return replace(expression, value=change(expression.value), amount=change(expression.amount))
        case InWindow() | KnownTest():
            return replace(expression, value=change(expression.value))
        case And() | Or():
            return replace(expression, parts=tuple(map(change, expression.parts)))
        case Not():
            return replace(expression, part=change(expression.part))
        case Call():
            return replace(expression, arguments=tuple(map(change, expression.arguments)))
        case Case():
            branches = tuple(Branch(change(b.when), change(b.then), b.label) for b in expression.branches)
            return replace(expression, branches=branches, otherwise=change(expression.otherwise))
        case Collect():
            return replace(expression, entries=tuple(Entry(change(e.when), e.code) for e in expression.entries))
        case Say():
            return _resay(expression, change)
        case _:
            return expression


def _spoken(say: Say) -> Iterator[Expression]:
    if say.when is not None:
        yield say.when
    for sentence in say.sentences:
        if isinstance(sentence, Say):
            yield sentence
            continue
        if sentence.when is not None:
            yield sentence.when
        for pieces in sentence.parts.values():
            yield from (piece.value for piece in pieces if isinstance(piece, Placeholder))


def _resay(say: Say, change: Callable[[Expression], Expression]) -> Say:
    sentences = tuple(_resay(s, change) if isinstance(s, Say) else _rephrase(s, change) for s in say.sentences)
    return replace(say, sentences=sentences, when=None if say.when is None else change(say.when))


def _rephrase(sentence: Sentence, change: Callable[[Expression], Expression]) -> Sentence:
    spoken = {
        language: tuple(
            piece if isinstance(piece, str) else Placeholder(change(piece.value), piece.style, piece.labels)
            for piece in pieces
        )
        for language, pieces in sentence.parts.items()
    }
    return replace(sentence, parts=spoken, when=None if sentence.when is None else change(sentence.when))
