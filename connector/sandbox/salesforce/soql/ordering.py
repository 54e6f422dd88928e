"""Puts things in order by several keys, each up or down, nulls first unless told otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.sandbox.salesforce.soql.tree import Order

T = TypeVar("T")


def ordered(rows: list[T], keys: Sequence[tuple[Callable[[T], Any], Order]]) -> list[T]:
    """Sort by the first key, then the second, …; texts without case."""
    for read, key in reversed(keys):
        rows = _sorted(rows, read, key)
    return rows


def _sorted(rows: list[T], read: Callable[[T], Any], key: Order) -> list[T]:
    decorated = [(read(row), row) for row in rows]
    valued = [(value, row) for value, row in decorated if value is not None]
    valued.sort(key=lambda pair: pair[0], reverse=key.descending)
    empty = [row for value, row in decorated if value is None]
    found = [row for _value, row in valued]
    return found + empty if key.nulls_last else empty + found


def folded(read: Callable[[T], Any]) -> Callable[[T], Any]:
    """Give a key that reads texts without case."""

    def told(row: T) -> Any:
        value = read(row)
        return value.casefold() if isinstance(value, str) else value

    return told
