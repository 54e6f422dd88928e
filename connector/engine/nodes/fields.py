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
    from collections.abc import Sequence

    from connector.engine.nodes.columns import Columns
    from connector.rules.ruleset import Node

FIRST = f"case when {K} = {G} then 0 else {K} end as first"
"""Members of a group in the order they stand for it: the ultimate parent, then by id."""


def own_fields(nodes: Sequence[Node], columns: Columns) -> str:
    """Give the FROM clause of all accounts with their fields as columns, called `s`."""
    fields = [node for node in nodes if isinstance(node.definition, FieldOf)]
    parents = any(map(_of_parent, fields))
    cells = [f"{_cell(node, 'p' if _of_parent(node) else 'a')} as {_kept(node, columns)}" for node in fields]
    join = f" join account p on p.{K} = a.{G}" if parents else ""
    return f"(select {', '.join([f'a.{K}', f'a.{G}', *cells])} from account a{join}) s"


def group_fields(nodes: Sequence[Node], columns: Columns) -> str:
    """Give the FROM clause of all groups with the fields that stand for them, called `sg`."""
    cells = [
        f"{_picked(_cell(node, 'a'), node.definition.pick)} as {_kept(node, columns)}"
        for node in nodes
        if isinstance(node.definition, FieldOf)
    ]
    return f"(select {', '.join([f'a.{G}', *cells])} from (select *, {FIRST} from account) a group by a.{G}) sg"


def _of_parent(node: Node) -> bool:
    return isinstance(node.definition, FieldOf) and node.definition.pick is Pick.PARENT


def _kept(node: Node, columns: Columns) -> str:
    columns.made[node.name] = Rendered(
        w.column(node.name), scale=COLUMN_SCALE.get(node.type, 0), sure=not node.may_be_unknown
    )
    return quoted(node.name)


def _cell(node: Node, alias: str) -> str:
    field = node.definition
    cell = f"{alias}.{quoted(read_as(node))}"
    if isinstance(field, FieldOf) and field.lower:
        cell = f"lower({cell})"
    if not node.options:
        return cell
    return f"case when {cell} in ({', '.join(map(quoted_text, node.options))}) then {cell} end"


def _picked(cell: str, pick: Pick | None) -> str:
    match pick:
        case Pick.LATEST:
            return f"max({cell})"
        case Pick.PARENT:
            return f"max({cell}) filter (where a.{K} = a.{G})"
        case _:
            return f"arg_min({cell}, a.first)"  # which leaves out those that are NULL
