"""Random expressions of the rule language over a few named cells, well typed and shallow enough to read."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

from connector.model.fields import Type
from connector.rules.cells import IDLE, UNKNOWN
from connector.rules.ruleset import Parameter
from connector.rules.styles import Style
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
    Function,
    Given,
    In,
    InWindow,
    Known,
    KnownTest,
    Literal,
    Name,
    Not,
    Op,
    Or,
    Param,
    Placeholder,
    Say,
    Sentence,
    State,
    Test,
    Unit,
    Unknown,
    Within,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from connector.rules.cells import Cell
    from connector.rules.tree import Expression

T = TypeVar("T")
AS_OF = date(2024, 2, 29)
"""A leap day: months that clamp are where calendars disagree."""

NUMBERS = (Style.WHOLE_MONEY, Style.CENTS, Style.EXACT, Style.PERCENT, Style.WHOLE, Style.DECIMAL_1)
"""Every way to write a number."""

NAMES: dict[str, Type] = {
    "amount": Type.MONEY,
    "other": Type.MONEY,
    "share": Type.NUMBER,
    "count": Type.INTEGER,
    "day": Type.DATE,
    "later": Type.DATE,
    "word": Type.TEXT,
    "flag": Type.BOOLEAN,
    "codes": Type.MULTI,
}
SCALES = {Type.MONEY: 2, Type.NUMBER: 6, Type.INTEGER: 0}
PARAMETERS = {
    "limit": Parameter("limit", Type.MONEY, Decimal("100.50"), None),
    "nothing": Parameter("nothing", Type.MONEY, None, None),
    "words": Parameter("words", Type.TEXT, ("Top", "big"), None, many=True),
    "no_words": Parameter("no_words", Type.TEXT, (), None, many=True),
    "window": Parameter("window", Type.TEXT, "trailing_12_months", None),
}
LABELS = {"en": {"A": "First", "unknown": "not known"}, "nl": {"A": "Eerste"}}

WORDS = ("top", "Top", "BIG", "big", "é", "", "a;b", 'it\'s 50% "so"')
AMOUNTS = ("0", "0.01", "-0.01", "100.50", "100.49", "-90", "0.125", "62500", "1234567.89", "3")
DAYS = tuple(AS_OF + timedelta(days=days) for days in (0, 1, -1, -365, -366, -30, -29, 365, 31))
CODES = ("A", "B", "N1")


def _made(kind: Callable[..., T], *parts: SearchStrategy[Any]) -> SearchStrategy[T]:
    return st.tuples(*parts).map(lambda values: kind(*values))  # a struct has no signature that hypothesis could read


def numbers() -> SearchStrategy[Decimal]:
    return st.sampled_from(AMOUNTS).map(Decimal) | st.decimals(-5000, 5000, places=3).map(lambda d: d + 0)


def cells(kind: Type) -> SearchStrategy[Cell]:
    """Values of a column, at the boundaries more often than not, unknown and not applicable among them."""
    known: dict[Type, SearchStrategy[Any]] = {
        Type.MONEY: numbers().map(lambda n: round(n, 2)),
        Type.NUMBER: numbers(),
        Type.INTEGER: st.integers(-3, 40).map(Decimal),
        Type.DATE: st.sampled_from(DAYS),
        Type.TEXT: st.sampled_from([word for word in WORDS if word]),
        Type.BOOLEAN: st.booleans(),
        Type.MULTI: st.lists(st.sampled_from(CODES), unique=True).map(tuple),
    }
    return known[kind] | known[kind] | st.just(UNKNOWN) | st.just(IDLE)


def rows() -> SearchStrategy[list[dict[str, Cell]]]:
    return st.lists(st.fixed_dictionaries({name: cells(kind) for name, kind in NAMES.items()}), min_size=1, max_size=12)


def name(*kinds: Type) -> SearchStrategy[Expression]:
    return st.sampled_from([Name(n, kind) for n, kind in NAMES.items() if kind in kinds])


def number(depth: int = 2) -> SearchStrategy[Expression]:
    leaf: SearchStrategy[Expression] = st.one_of(
        name(Type.MONEY, Type.NUMBER, Type.INTEGER),
        numbers().map(lambda n: Literal(n, Type.NUMBER)),
        st.sampled_from([Param("limit", Type.MONEY), Param("nothing", Type.MONEY)]),
        st.sampled_from([Unknown(Type.NUMBER), Literal(None, Type.NUMBER)]),
    )
    if not depth:
        return leaf
    inner = st.deferred(lambda: number(depth - 1))
    strict = st.sampled_from([Function.LEAST, Function.GREATEST])
    return (
        leaf
        | _made(Arithmetic, st.sampled_from(Op), inner, inner, st.just(Type.NUMBER))
        | st.builds(lambda f, *a: Call(f, a, Type.NUMBER), strict, inner, inner)
        | st.builds(lambda *a: Call(Function.COALESCE, a, Type.NUMBER), inner, inner, inner)
        | st.builds(lambda f, a: Call(f, (a,), Type.NUMBER), st.sampled_from([Function.ABS, Function.FLOOR]), inner)
        | st.builds(
            lambda a, n: Call(Function.ROUND, (a, Literal(Decimal(n), Type.INTEGER)), Type.NUMBER),
            inner,
            st.integers(0, 4),
        )
        | st.builds(lambda c, *a: Call(Function.IF, (c, *a), Type.NUMBER), condition(depth - 1), inner, inner)
        | _case(inner, Type.NUMBER, depth)
        | st.builds(lambda a, b: Call(Function.MONTHS_BETWEEN, (a, b), Type.INTEGER), day(0), day(0))
        | st.builds(lambda a: Call(Function.DAYS_SINCE, (a,), Type.INTEGER), day(0))
        | st.builds(lambda a: Call(Function.QUARTER, (a,), Type.INTEGER), day(0))
        | st.builds(lambda a, b: Arithmetic(Op.SUBTRACT, a, b, Type.INTEGER), day(0), day(0))
        | st.builds(lambda a: Call(Function.DIVISION, (a,), Type.INTEGER), text(0))
    )


def day(depth: int = 1) -> SearchStrategy[Expression]:
    leaf = name(Type.DATE) | st.sampled_from(DAYS).map(lambda d: Literal(d, Type.DATE))
    leaf |= st.sampled_from([Known(Given.AS_OF, Type.DATE), Known(Given.WINDOW_START, Type.DATE), Unknown(Type.DATE)])
    if not depth:
        return leaf
    months = name(Type.INTEGER) | st.integers(-14, 14).map(lambda n: Literal(Decimal(n), Type.INTEGER))
    strict = st.sampled_from([Function.LEAST, Function.GREATEST])
    return (
        leaf
        | st.builds(lambda a, n: Call(Function.ADD_MONTHS, (a, n), Type.DATE), leaf, months)
        | st.builds(
            lambda op, a, n: Arithmetic(op, a, n, Type.DATE), st.sampled_from([Op.ADD, Op.SUBTRACT]), leaf, months
        )
        | st.builds(lambda f, *a: Call(f, a, Type.DATE), strict, leaf, leaf)
        | st.builds(lambda *a: Call(Function.COALESCE, a, Type.DATE), leaf, leaf)
    )


def text(depth: int = 1) -> SearchStrategy[Expression]:
    leaf = name(Type.TEXT) | st.sampled_from(WORDS).map(lambda w: Literal(w, Type.TEXT)) | st.just(Unknown(Type.TEXT))
    return leaf | _case(leaf, Type.TEXT, depth) if depth else leaf


def condition(depth: int = 2) -> SearchStrategy[Expression]:
    tests = st.sampled_from(Test)
    equal = st.sampled_from([Test.EQ, Test.NE])
    leaf = (
        name(Type.BOOLEAN)
        | st.booleans().map(lambda b: Literal(b, Type.BOOLEAN))
        | _made(Compare, tests, number(min(depth, 1)), number(min(depth, 1)))
        | _made(Compare, tests, day(1), day(1))
        | _made(Compare, equal, text(0), text(0), st.booleans())
        | _made(Between, number(0), number(0), number(0), st.booleans())
        | st.builds(
            lambda v, o, n: In(v, tuple(o), n), number(0), st.lists(number(0), min_size=1, max_size=3), st.booleans()
        )
        | st.builds(
            _in_words,
            text(0),
            st.sampled_from(["words", "no_words", ""]),
            negated=st.booleans(),
            fold=st.booleans(),
        )
        | _made(Within, day(1), _amount(), st.sampled_from(Unit))
        | _made(InWindow, day(1))
        | _made(
            KnownTest,
            number(min(depth, 1)) | day(1) | text(min(depth, 1)) | name(Type.BOOLEAN),
            st.sampled_from(State),
            st.booleans(),
        )
        | st.builds(
            _occurs,
            st.sampled_from([Function.CONTAINS, Function.STARTS_WITH]),
            text(0),
            st.sampled_from(WORDS),
            fold=st.booleans(),
        )
        | st.builds(
            lambda c: Call(Function.HAS, (Name("codes", Type.MULTI), Literal(c, Type.TEXT)), Type.BOOLEAN),
            st.sampled_from(CODES),
        )
    )
    if not depth:
        return leaf
    inner = st.deferred(lambda: condition(depth - 1))
    return (
        leaf
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: And(tuple(parts)))
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: Or(tuple(parts)))
        | _made(Not, inner)
    )


def codes() -> SearchStrategy[Expression]:
    entry = _made(Entry, condition(1), st.sampled_from(CODES))
    return st.lists(entry, max_size=3, unique_by=lambda e: e.code).map(lambda entries: Collect(tuple(entries)))


def said() -> SearchStrategy[Expression]:
    placeholder = (
        _made(Placeholder, number(1), st.sampled_from(NUMBERS))
        | _made(Placeholder, day(1), st.just(Style.DATE))
        | _made(Placeholder, text(0), st.just(Style.TEXT))
        | _made(Placeholder, text(0) | name(Type.MULTI), st.just(Style.LABEL), st.just(LABELS))
    )
    piece = st.sampled_from(WORDS) | placeholder
    parts = st.lists(piece, min_size=1, max_size=3).map(
        lambda pieces: {"en": tuple(pieces), "nl": tuple(reversed(pieces))}
    )
    sentence = _made(Sentence, parts, st.none() | condition(0))
    limits = st.sampled_from([None, 10, 40])
    inner = st.builds(_say, st.lists(sentence, min_size=1, max_size=3), st.just(", "), limits, first=st.booleans())
    return st.builds(
        _say, st.lists(sentence | inner, min_size=1, max_size=3), st.just(" "), limits, first=st.booleans()
    )


def expressions() -> SearchStrategy[Expression]:
    return condition() | number() | day() | text() | codes() | said()


def _say(sentences: list[Any], join: str, limit: int | None, *, first: bool) -> Say:
    return Say(tuple(sentences), join, limit, first)


def _case(then: SearchStrategy[Expression], kind: Type, depth: int) -> SearchStrategy[Expression]:
    branch = _made(Branch, condition(depth - 1), then)
    return st.builds(
        lambda branches, last, strict: Case(tuple(branches), last, kind, strict),
        st.lists(branch, min_size=1, max_size=3),
        then,
        st.booleans(),
    )


def _amount() -> SearchStrategy[Expression]:
    return st.integers(0, 13).map(lambda n: Literal(Decimal(n), Type.INTEGER)) | name(Type.INTEGER)


def _in_words(value: Expression, words: str, *, negated: bool, fold: bool) -> In:
    options = (Param(words, Type.TEXT),) if words else (Literal("Big", Type.TEXT), Literal("top", Type.TEXT))
    return In(value, options, negated, fold)


def _occurs(function: Function, value: Expression, part: str, *, fold: bool) -> Call:
    return Call(function, (value, Literal(part, Type.TEXT)), Type.BOOLEAN, fold)
