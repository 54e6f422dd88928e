"""What `evaluate` prints: one JSON object per account, written by the database (contract.md, domain.md 11.24)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from connector.engine.preparing import K
from connector.engine.sources import quoted_text
from connector.model.fields import Type
from connector.rules.walk import NUMERIC

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.engine.published import Published
    from connector.rules.ruleset import OutputOf


def json_lines(published: Published) -> Iterator[bytes]:
    """Numbers with their stored decimals, multi-selects as lists, booleans, ISO dates, null where there is no value.

    One CONCAT of all names and values: a value joined to its name first would be copied once more for each.
    """
    parts = [_key("account_id", first=True), "to_json(a.account_id)::varchar"]
    for output in published.written:
        parts += [_key(output.output.name), _value(published, output)]
    parts += [_key("warnings"), f"json_list({published.warnings})", "'}'"]
    query = f"select a.{K}, encode(concat({', '.join(parts)})) from {published.subjects}"
    return in_order(published.rows(query))


def in_order(placed: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
    """Lines by their places 1, 2, 3 …: the database hands them on about as it reads them, and what is early waits.

    Sorting there would copy every line twice more and hold all of them.
    """
    early: dict[int, bytes] = {}
    following = 1
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
