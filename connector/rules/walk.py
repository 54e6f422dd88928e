"""Walking expressions: their type, their parts, and rebuilding them with other parts."""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any, TypeVar

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

E = TypeVar("E", bound="Expression")

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
        if give := _PARTS.get(type(part)):
            waiting += give(part)[::-1]


def names(expression: Expression, scope: Scope = Scope.ACCOUNT) -> tuple[str, ...]:
    """Give the names of one scope an expression uses, each once, in order of appearance."""
    found: dict[str, None] = {}
    waiting = [expression]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Name):
            if part.scope is scope:
                found[part.name] = None
        elif give := _PARTS.get(type(part)):
            waiting += give(part)[::-1]
    return tuple(found)


def rebuild(expression: E, change: Callable[[Expression], Expression]) -> E:
    """Copy an expression with each direct part changed; where no part changes, it is the expression itself."""
    make = _REBUILT.get(type(expression))
    found: E = make(expression, change) if make else expression
    return found


def _with(*fields: str) -> Callable[[Any, Callable[[Expression], Expression]], Any]:
    """Rebuild what has its parts in these fields, each one part or a tuple of them."""

    def made(expression: Any, change: Callable[[Expression], Expression]) -> Any:
        changed: dict[str, Any] = {}
        for name in fields:
            old = getattr(expression, name)
            new = _each(old, change) if isinstance(old, tuple) else change(old)
            if new is not old:
                changed[name] = new
        return replace(expression, **changed) if changed else expression

    return made


def _each(old: tuple[Any, ...], change: Callable[[Any], Any]) -> tuple[Any, ...]:
    new = tuple(map(change, old))
    return old if all(map(is_, old, new)) else new


def _branch(branch: Branch, change: Callable[[Expression], Expression]) -> Branch:
    when, then = change(branch.when), change(branch.then)
    return branch if when is branch.when and then is branch.then else Branch(when, then, branch.label)


def _case(case: Case, change: Callable[[Expression], Expression]) -> Case:
    branches = _each(case.branches, lambda branch: _branch(branch, change))
    otherwise = change(case.otherwise)
    same = branches is case.branches and otherwise is case.otherwise
    return case if same else replace(case, branches=branches, otherwise=otherwise)


def _collect(collect: Collect, change: Callable[[Expression], Expression]) -> Collect:
    def entry(old: Entry) -> Entry:
        when = change(old.when)
        return old if when is old.when else Entry(when, old.code)

    entries = _each(collect.entries, entry)
    return collect if entries is collect.entries else replace(collect, entries=entries)


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
    sentences = _each(say.sentences, lambda s: _resay(s, change) if isinstance(s, Say) else rephrase(s, change))
    when = None if say.when is None else change(say.when)
    return say if sentences is say.sentences and when is say.when else replace(say, sentences=sentences, when=when)


def rephrase(sentence: Sentence, change: Callable[[Expression], Expression]) -> Sentence:
    """Copy a sentence with its condition and what it tells changed; itself where nothing changes."""

    def piece(old: str | Placeholder) -> str | Placeholder:
        if isinstance(old, str):
            return old
        value = change(old.value)
        return old if value is old.value else Placeholder(value, old.style, old.labels)

    spoken = {language: _each(pieces, piece) for language, pieces in sentence.parts.items()}
    when = None if sentence.when is None else change(sentence.when)
    if when is sentence.when and all(map(is_, spoken.values(), sentence.parts.values())):
        return sentence
    return replace(sentence, parts=spoken, when=when)


_REBUILT: dict[type, Callable[[Any, Callable[[Expression], Expression]], Any]] = {
    Arithmetic: _with("left", "right"),
    Compare: _with("left", "right"),
    Between: _with("value", "low", "high"),
    In: _with("value", "options"),
    Within: _with("value", "amount"),
    InWindow: _with("value"),
    KnownTest: _with("value"),
    And: _with("parts"),
    Or: _with("parts"),
    Not: _with("part"),
    Call: _with("arguments"),
    Case: _case,
    Collect: _collect,
    Say: _resay,
}
