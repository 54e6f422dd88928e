"""One account with every value on the way to its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.engine.nodes.columns import off
from connector.engine.tables.preparing import G, K
from connector.engine.tables.sources import quoted, quoted_text
from connector.model.verdicts import NOT_APPLICABLE, Explanation, KeptValues, NodeValue, State, Verdict
from connector.rules.ruleset import Of
from connector.rules.trying.probes import Counted
from connector.rules.walk import NUMERIC

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.engine.answers.published import Published


def explain(published: Published, account: str) -> Explanation | None:
    """Read the account's row of every node that was kept; None when there is no such account."""
    outputs = {output.output.name: published.wanted(output) for output in published.written}
    nodes = {name: _text(published, name) for name in published.columns.made}
    states = [_off(published, name) for name in nodes]
    cells = ["a.account_id", "a.name", published.warnings, *outputs.values(), *nodes.values(), *states]
    query = f"select {', '.join(cells)} from {published.subjects} where a.account_id = {quoted_text(account)}"
    row = next(published.rows(query), None)
    if row is None:
        return None
    found, name, warnings, *values = row
    verdict = Verdict(
        str(found), dict(zip(outputs, values, strict=False)), tuple(warnings.split(";")) if warnings else ()
    )
    texts = values[len(outputs) : len(outputs) + len(nodes)]
    kept = map(_value, nodes, texts, values[len(outputs) + len(nodes) :])
    return Explanation(verdict, name, tuple(kept), published.rules.not_configured)


def values(published: Published, names: Sequence[str]) -> Iterator[KeptValues]:
    """Stream these values of every account, ascending by id."""
    kept = [name for name in names if name in published.columns.made]
    cells = [
        f"case when {_off(published, name)} then {quoted_text(NOT_APPLICABLE)} else {_text(published, name)} end"
        for name in kept
    ]
    query = f"select {', '.join(['a.account_id', 'a.name', f'a.{G}', *cells])} from {published.subjects} order by a.{K}"
    for account, name, group, *found in published.rows(query):
        yield KeptValues(str(account), name, group, dict(zip(kept, found, strict=True)))


def counts(published: Published, names: Sequence[str]) -> dict[str, Counted]:
    """Count truths, a column of the group once per group; one the data cannot feed is left out."""
    made = [name for name in names if name in published.columns.made]
    cells: list[str] = []
    for name in made:
        once = f" and a.{K} = a.{G}" if published.columns.nodes[name].of is Of.GROUP else ""
        cell, idle = published.cell(name), _off(published, name)
        tests = (f"{cell} and not {idle}", f"not {cell} and not {idle}", f"{cell} is null and not {idle}", idle)
        cells += [f"count(*) filter (where {test}{once})" for test in tests]
    row = next(published.rows(f"select {', '.join(cells) or '0'} from {published.subjects}"))
    return {name: Counted(*row[4 * i : 4 * i + 4]) for i, name in enumerate(made)}


def _value(name: str, text: Any, applies_not: Any) -> NodeValue:
    state = State.OFF if applies_not else State.UNKNOWN if text is None else State.KNOWN
    return NodeValue(name, state, text if state is State.KNOWN else None)


def _text(published: Published, name: str) -> str:
    cell = published.cell(name)
    decimals = published.columns.nodes[name].type in NUMERIC and published.columns.made[name].scale
    return f"number_text({cell})" if decimals else f"cast({cell} as varchar)"


def _off(published: Published, name: str) -> str:
    if published.columns.made[name].off is None:
        return "false"
    place = published.cell(name).partition(".")[0]
    return f"{place}.{quoted(off(name))}"
