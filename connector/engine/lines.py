"""What `evaluate` prints: one JSON object per account, written by the database (contract.md, domain.md 11.24)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from connector.engine.preparing import K
from connector.engine.sources import quoted_text
from connector.model.fields import Type
from connector.rules.walk import NUMERIC

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.engine.published import Published
    from connector.rules.ruleset import OutputOf


AT_ONCE = 50_000
"""Accounts whose lines are sorted at once."""


def json_lines(published: Published) -> Iterator[str]:
    """Numbers with their stored decimals, multi-selects as lists, booleans, ISO dates, null where there is no value.

    One CONCAT of all names and values: a value joined to its name first would be copied once more for each.
    """
    parts = [_key("account_id", first=True), "to_json(a.account_id)::varchar"]
    for output in published.written:
        parts += [_key(output.output.name), _value(published, output)]
    parts += [_key("warnings"), f"json_list({published.warnings})", "'}'"]
    return (str(line) for (line,) in _ordered(published, f"concat({', '.join(parts)})"))


def _ordered(published: Published, line: str) -> Iterator[tuple[object]]:
    """Lines are long: sorted all at once they would take more memory than all the rest."""
    ((accounts,),) = published.rows("select count(*) from account")
    if accounts > AT_ONCE:
        published.settle()
    for first in range(0, accounts, AT_ONCE):
        places = f"a.{K} > {first} and a.{K} <= {first + AT_ONCE}"
        yield from published.rows(f"select {line} from {published.subjects} where {places} order by a.{K}")


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
