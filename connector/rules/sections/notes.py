"""Warnings, and what is reported as missing: conditions with a code or a name, from every file together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from connector.model.fields import Type
from connector.rules.binding.declare import Declaration, add, formula_node, resolve, uses_of
from connector.rules.fold import FALSE
from connector.rules.kinds.common import sure
from connector.rules.tree import NOWHERE, Collect, Entry, Name, Or

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.rules.binding.names import Names
    from connector.rules.ruleset import Node
    from connector.rules.syntax.document import Leaf
    from connector.rules.syntax.forms import Form, Formula
    from connector.rules.tree import Position

MISSING = "missing_fields"
ANYTHING = "anything_missing"


class Missing(Struct, frozen=True):
    """One name that may be missing, as read."""

    name: Leaf
    when: Formula | None
    label: dict[str, str]


def read_missing(name: Leaf, form: Form) -> Missing:
    """Read one entry of `missing`."""
    return Missing(name, form.formula("when"), form.languages("label"))


def declare_warning(name: Leaf, form: Form) -> Declaration:
    """Declare the true/false node `warning.CODE`."""
    when = form.formula("when")
    node = f"warning.{name.text}"

    def build(names: Names) -> list[Node]:
        condition = sure(resolve(when, names, "condition"))
        return formula_node(names, node, condition, at=name.at, model="warnings", label=form.languages("label"))

    return Declaration((node,), "warnings", name.at, uses_of(when), build, "warning")


def declare_missing(entries: Sequence[Missing], at: Position) -> Declaration:
    """Declare `missing_fields`, the list of what is missing, and `anything_missing`."""
    used = uses_of(*(entry.when for entry in entries))

    def build(names: Names) -> list[Node]:
        made: list[Node] = []
        for entry in entries:
            condition = sure(resolve(entry.when, names, "condition"))
            made += formula_node(names, f"missing.{entry.name.text}", condition, at=entry.name.at, model="missing")
        add(names, made)
        flags = {node.name: Name(node.name, Type.BOOLEAN) for node in made}
        listed = Collect(tuple(Entry(flag, name.removeprefix("missing.")) for name, flag in flags.items()))
        codes = [entry.code for entry in listed.entries]
        made += formula_node(names, MISSING, listed, at=NOWHERE, model="missing", options=codes)
        anything = Or(tuple(flags.values())) if flags else FALSE
        return made + formula_node(names, ANYTHING, anything, at=NOWHERE, model="missing")

    given = (*(f"missing.{entry.name.text}" for entry in entries), MISSING, ANYTHING)
    return Declaration(given, "missing", at, used, build, "missing")


def missing_labels(entries: Sequence[Missing], labels: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    """Give the label of each name: its own, else that of the field, fact, value or model of that name."""
    return {entry.name.text: entry.label or labels.get(entry.name.text, {}) for entry in entries}
