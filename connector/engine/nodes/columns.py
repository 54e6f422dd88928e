"""What has been made so far: the column of every node, and how to name it in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from connector.engine.tables.preparing import ACCOUNTS, G, K
from connector.engine.tables.sources import quoted
from connector.rules.columns import NEVER_EMPTY
from connector.rules.ruleset import Of, Relation
from connector.rules.sql import logic
from connector.rules.sql import words as w
from connector.rules.sql.words import COLUMN_SCALE, Rendered
from connector.rules.tree import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connector.rules.ruleset import FactOf, Node
    from connector.rules.tree import Name

OF_ACCOUNTS = frozenset({Relation.MEMBERS, Relation.REFERRED})
"""Relations whose records are accounts: their names are nodes."""


class Columns(Struct):
    """Per node name its column; filled as nodes are made."""

    nodes: Mapping[str, Node]
    made: dict[str, Rendered] = field(default_factory=dict)
    stage: dict[str, int] = field(default_factory=dict)
    """The stage whose table holds a node."""
    held: dict[str, str] = field(default_factory=dict)
    """The column of the accounts that is a node as it stands; such a node is in no other table."""

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
        """Answer for names in a formula: all columns stand side by side in one table."""
        return self.named(name.name)

    def beside(self, name: Name) -> Rendered:
        """Answer for names beside joined figures: the subject is `s`."""
        return self.of_subject(name.name, "s")

    def of_subject(self, name: str, role: str) -> Rendered:
        """The column of a node of the account that is called so in `subjects`."""
        if name in self.held:
            return replace(self.made[name], value=w.column(self.held[name], role))
        return self.named(name, f"{role}{self.stage[name]}")

    def cells(self, name: str, role: str) -> list[str]:
        """SQL that selects a node's columns from `subjects`."""
        made = self.of_subject(name, role)
        state = [f"{made.off} as {quoted(off(name))}"] if made.off is not None else []
        return [f"{made.value} as {quoted(name)}", *state]

    def is_there(self, name: str) -> bool:
        """Whether a table holds the node."""
        return name in self.stage or name in self.held

    def subjects(self, role: str, names: Iterable[str]) -> str:
        """FROM clause of one row per account, called so, with the columns of these nodes.

        The tables of all stages have the same accounts in the same order (Builder), so nothing is looked up.
        """
        numbers = self._stages(names)
        joined = " positional join ".join(
            [f"{ACCOUNTS} {role}", *(f"{stage_table(number)} {role}{number}" for number in numbers)]
        )
        return f"({joined})" if numbers else joined

    def key(self, role: str, names: Iterable[str]) -> str:
        """SQL of an account's key in `subjects` of these nodes; an error where its rows are of several accounts."""
        same = " and ".join(f"{role}{number}.{K} = {role}.{K}" for number in self._stages(names))
        return f"case when {same} then {role}.{K} else error('accounts out of order') end" if same else f"{role}.{K}"

    def _stages(self, names: Iterable[str]) -> list[int]:
        """The stages whose tables hold these nodes."""
        return sorted({self.stage[name] for name in names if name in self.stage})

    def everybody(self, nodes: Sequence[Node]) -> str:
        """FROM clause of whom figures and rankings are of, every account or every group once, with what they ask."""
        subjects = self.subjects("s", [name for node in nodes for name in node.depends])
        return f"{subjects} where s.{K} = s.{G}" if nodes[0].of is Of.GROUP else subjects

    def in_fact(self, fact: FactOf, of: Of, name: Name) -> Rendered:
        """Answer for names in a fact."""
        role = self.role(of, name)
        if role != "r" or fact.relation in OF_ACCOUNTS:
            return self.of_subject(name.name, role)
        sure = fact.relation in set(Relation) and name.name in NEVER_EMPTY
        return Rendered(w.column(name.name, "r"), scale=COLUMN_SCALE.get(name.type, 0), sure=sure)

    def role(self, of: Of, name: Name) -> str:
        """Whose column a name in a fact is: of the record `r`, of the account `s`, of its whole group `sg`.

        A fact of a group knows besides the group the account that its record is of.
        """
        if name.scope is not Scope.ACCOUNT:
            return "r"
        return "sg" if of is Of.GROUP and self.nodes[name.name].of is Of.GROUP else "s"


def stage_table(number: int) -> str:
    """Name the table of a stage."""
    return f"stage_{number}"


def off(name: str) -> str:
    """Name the column that tells whether a node does not apply."""
    return f"{name} off"
