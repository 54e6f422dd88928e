"""Logic in three values, as short as it can be said: what is known beforehand is left out of the SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.rules.sql.words import (
    Constant,
    Negation,
    Null,
    NullTest,
    Operation,
    Sql,
    Truth,
    call,
    false,
    inside,
    null,
    true,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connector.rules.sql.words import Rendered


def known_truth(value: Sql) -> bool | None:
    """The truth of a condition that does not depend on the data, else None."""
    return value == "TRUE" if isinstance(value, Truth) else None


def negation(value: Sql) -> Sql:
    """NOT value."""
    truth = known_truth(value)
    if truth is not None:
        return false() if truth else true()
    if isinstance(value, NullTest):
        bare, isnt = value.removesuffix(" IS NULL"), value.removesuffix(" IS NOT NULL")
        return NullTest(f"{bare} IS NOT NULL" if bare != value else f"{isnt} IS NULL")
    return Sql(value.removeprefix("NOT ")) if isinstance(value, Negation) else Negation(f"NOT {inside(value)}")


def is_null(value: Sql) -> Sql:
    """Value IS NULL."""
    if isinstance(value, Null):
        return true()
    if isinstance(value, Constant | Truth):
        return false()
    return NullTest(f"{inside(value)} IS NULL")


def is_known(value: Sql) -> Sql:
    """Value IS NOT NULL."""
    return negation(is_null(value))


def all_of(parts: Sequence[Sql]) -> Sql:
    """AND; nothing at all is TRUE."""
    return _joined(" AND ", parts, neutral=True)


def any_of(parts: Sequence[Sql]) -> Sql:
    """OR; nothing at all is FALSE."""
    return _joined(" OR ", parts, neutral=False)


def _joined(sign: str, parts: Sequence[Sql], *, neutral: bool) -> Sql:
    """Parts that change nothing are left out, and one that decides stands for all: both hold for unknown ones too."""
    truths = [known_truth(part) for part in parts]
    if (not neutral) in truths:
        return false() if neutral else true()
    rest = [part for part, truth in zip(parts, truths, strict=True) if truth is None]
    if not rest:
        return true() if neutral else false()
    return rest[0] if len(rest) == 1 else Operation(sign.join(map(inside, rest)))


def cases(branches: Iterable[tuple[Sql, Sql]], otherwise: Sql | None) -> Sql:
    """CASE WHEN … THEN … ELSE … END, without the branches that make no difference."""
    last = otherwise if otherwise is not None else null()
    kept: list[tuple[Sql, Sql]] = []
    for when, then in branches:
        truth = known_truth(when)
        if truth is not False:
            kept.append((when, then))
        if truth:
            break
    if kept and known_truth(kept[-1][0]):
        last = kept.pop()[1]
    while kept and kept[-1][1] == last:
        kept.pop()
    if not kept:
        return last
    return Sql(f"CASE {' '.join(f'WHEN {when} THEN {then}' for when, then in kept)} ELSE {last} END")


def off_of(parts: Iterable[Rendered]) -> Sql | None:
    """True where one of them is not applicable; None where all always apply."""
    offs = [part.off for part in parts if part.off is not None]
    return any_of(offs) if offs else None


def applied(off: Sql | None, value: Sql, *, otherwise: bool) -> Sql:
    """The value of a test, and a certain answer where it does not apply (`off` is never unknown)."""
    if off is None:
        return value
    return any_of([off, value]) if otherwise else all_of([negation(off), value])


def truth(condition: Rendered) -> Sql:
    """A condition in three values: one that is not applicable counts as false."""
    return applied(condition.off, condition.value, otherwise=False)


def surely(condition: Rendered) -> Sql:
    """TRUE where the condition holds, FALSE where it does not or nobody knows."""
    value = truth(condition)
    if condition.sure or known_truth(value) is not None:
        return value
    return call("COALESCE", value, false())
