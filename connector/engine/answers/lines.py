"""What `evaluate` prints: one JSON object per account, written by the database (contract.md, domain.md 11.24)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from connector.engine.tables.preparing import K
from connector.engine.tables.sources import quoted_text
from connector.model.fields import Type
from connector.rules.walk import NUMERIC

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.engine.answers.published import Published
    from connector.rules.ruleset import OutputOf


AT_ONCE = 100_000
"""Accounts whose lines are asked for at once; planning that anew for each stretch is a hundredth of its work."""


def json_lines(published: Published) -> Iterator[bytes]:
    """Numbers with their stored decimals, multi-selects as lists, booleans, ISO dates, null where there is no value.

    One CONCAT of all names and values: a value joined to its name first would be copied once more for each.
    """
    parts = [_key("account_id", first=True), "to_json(a.account_id)::varchar"]
    for output in published.written:
        parts += [_key(output.output.name), _value(published, output)]
    parts += [_key("warnings"), f"json_list({published.warnings})", "'}'"]
    return _streamed(published, f"encode(concat({', '.join(parts)}))")


def _streamed(published: Published, line: str) -> Iterator[bytes]:
    """A stretch of accounts at a time, so that no more than those can ever wait for their place."""
    ((accounts,),) = published.rows("select count(*) from account")
    for first in range(0, accounts, AT_ONCE):
        last = first + AT_ONCE
        stretch = " and ".join(f"{table}.{K} > {first} and {table}.{K} <= {last}" for table in "as")
        where = f" where {stretch}" if accounts > AT_ONCE else ""
        yield from in_order(published.rows(f"select a.{K}, {line} from {published.subjects}{where}"), first + 1)


def in_order(placed: Iterable[tuple[int, bytes]], following: int = 1) -> Iterator[bytes]:
    """Lines by their places, from `following` on: the database hands them on about as it reads them; early ones wait.

    Sorting there would copy every line twice more and hold all of them.
    """
    early: dict[int, bytes] = {}
    for place, line in placed:
        if place != following:
            early[place] = line
            continue
        yield line
        following += 1
        while following in early:
            yield early.pop(following)
            following += 1


def _key(name: str, *, first: bool = False) -> str:
    return quoted_text(("{" if first else ", ") + json.dumps(name) + ": ")


def _value(published: Published, output: OutputOf) -> str:
    if not output.node:
        return "'[]'" if output.output.type is Type.MULTI else "'null'"
    value = published.stored(output)
    if output.output.type is Type.MULTI:
        return f"json_list({value})"
    if output.output.type in NUMERIC and output.output.decimals is None:
        return f"coalesce({published.wanted(output)}, 'null')"
    plain = output.output.type in NUMERIC or output.output.type is Type.BOOLEAN
    written = f"cast({value} as varchar)" if plain else f"to_json(cast({value} as varchar))::varchar"
    return f"coalesce({written}, 'null')"
