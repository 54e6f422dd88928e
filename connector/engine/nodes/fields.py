"""Fields: columns of the accounts table as they were read, an account's own or the one that stands for its group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.engine.tables.needs import read_as
from connector.engine.tables.preparing import G, K
from connector.engine.tables.sources import quoted, quoted_text
from connector.rules.ruleset import FieldOf, Pick
from connector.rules.sql import words as w
from connector.rules.sql.words import COLUMN_SCALE, Rendered

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from connector.engine.nodes.columns import Columns
    from connector.rules.ruleset import Node

FIRST = f"case when {K} = {G} then 0 else {K} end as first"
"""Members of a group in the order they stand for it: the ultimate parent, then by id."""


def fields(nodes: Sequence[Node], columns: Columns) -> str:
    """Give the FROM clause of all accounts with their fields as columns, called `s`.

    What stands for a group is worked out for groups of several accounts only: one alone stands for itself.
    """
    cells, grouped = [f"a.{K}", f"a.{G}"], []
    for node in nodes:
        if not isinstance(node.definition, FieldOf):
            continue
        kept = _kept(node, columns)
        if node.definition.pick is None:
            cells.append(f"{_cell(node)} as {kept}")
        else:
            grouped.append(f"{_picked(_cell(node), node.definition.pick)} as {kept}")
            cells.append(f"case when g.{G} is null then {_cell(node)} else g.{kept} end as {kept}")
    if not grouped:
        return f"(select {', '.join(cells)} from account a) s"
    several = f"select *, {FIRST} from account where {G} in (select {G} from account where {K} <> {G})"
    groups = f"select a.{G}, {', '.join(grouped)} from ({several}) a group by a.{G}"
    return f"(select {', '.join(cells)} from account a left join ({groups}) g on g.{G} = a.{G}) s"


def held(nodes: Sequence[Node], there: Collection[str]) -> dict[str, str]:
    """The columns of the accounts that are a node as they stand, of those that are there, by node."""
    return {
        node.name: read_as(node)
        for node in nodes
        if isinstance(node.definition, FieldOf)
        and read_as(node) in there
        and not (node.definition.pick or node.definition.lower or node.options)
    }


def _kept(node: Node, columns: Columns) -> str:
    columns.made[node.name] = Rendered(
        w.column(node.name), scale=COLUMN_SCALE.get(node.type, 0), sure=not node.may_be_unknown
    )
    return quoted(node.name)


def _cell(node: Node) -> str:
    field = node.definition
    cell = f"a.{quoted(read_as(node))}"
    if isinstance(field, FieldOf) and field.lower:
        cell = f"lower({cell})"
    if not node.options:
        return cell
    return f"case when {cell} in ({', '.join(map(quoted_text, node.options))}) then {cell} end"


def _picked(cell: str, pick: Pick) -> str:
    match pick:
        case Pick.LATEST:
            return f"max({cell})"
        case Pick.PARENT:
            return f"max({cell}) filter (where a.{K} = a.{G})"
        case _:
            return f"arg_min({cell}, a.first)"  # which leaves out those that are NULL
