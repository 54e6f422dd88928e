"""What has been made so far: the column of every node, and how to name it in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from connector.rules.columns import NEVER_EMPTY
from connector.rules.ruleset import Of, Relation
from connector.rules.sql import logic
from connector.rules.sql import words as w
from connector.rules.sql.words import COLUMN_SCALE, Rendered
from connector.rules.tree import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.rules.ruleset import Node
    from connector.rules.tree import Name

OF_ACCOUNTS = frozenset({Relation.MEMBERS, Relation.REFERRED})
"""Relations whose records are accounts: their names are nodes."""


class Columns(Struct):
    """Per node name its column; filled as nodes are made."""

    nodes: Mapping[str, Node]
    made: dict[str, Rendered] = field(default_factory=dict)

    def keep(self, name: str, rendered: Rendered) -> dict[str, str]:
        """Remember a node's column, and give the SQL that makes it (and its `off` column) by column name."""
        if rendered.off is not None and logic.known_truth(rendered.off) is False:
            rendered = replace(rendered, off=None)
        columns: dict[str, str] = {name: rendered.value}
        if rendered.off is not None:
            columns[off(name)] = rendered.off
        self.made[name] = replace(
            rendered, value=w.column(name), off=w.column(off(name)) if rendered.off is not None else None
        )
        return columns

    def named(self, name: str, alias: str = "") -> Rendered:
        """A node's column, of the table with that alias."""
        made = self.made[name]
        return replace(
            made, value=w.column(name, alias), off=w.column(off(name), alias) if made.off is not None else None
        )

    def all_of(self, name: str) -> tuple[str, ...]:
        """The physical columns of a node."""
        return (name,) if self.made[name].off is None else (name, off(name))

    def alone(self, name: Name) -> Rendered:
        """Answer for names in a formula: account and group columns stand side by side in one table."""
        return self.named(name.name)

    def beside(self, name: Name) -> Rendered:
        """Answer for names beside joined figures: accounts are `s`, groups `sg`."""
        return self.named(name.name, "s" if self.nodes[name.name].of is Of.ACCOUNT else "sg")

    def in_fact(self, relation: str, name: Name) -> Rendered:
        """Answer for names in a fact: the subject is `s`, the record `r`."""
        if name.scope is Scope.ACCOUNT:
            alias = "s" if self.nodes[name.name].of is Of.ACCOUNT else "sg"
            return self.named(name.name, alias)
        if relation in OF_ACCOUNTS:
            alias = "r" if self.nodes[name.name].of is Of.ACCOUNT else "rg"
            return self.named(name.name, alias)
        sure = relation in set(Relation) and name.name in NEVER_EMPTY
        return Rendered(w.column(name.name, "r"), scale=COLUMN_SCALE.get(name.type, 0), sure=sure)


def off(name: str) -> str:
    """Name the column that tells whether a node does not apply."""
    return f"{name} off"
