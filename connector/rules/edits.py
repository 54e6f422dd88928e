"""What a person changed between two rule sets: the columns that mean something else, and the parameters behind it."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.model.outputs import SAY_NO, TIER
from connector.rules.expressions import expressions
from connector.rules.tree import Param
from connector.rules.walk import walk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from connector.rules.ruleset import Node, RuleSet

MOVED = (TIER, SAY_NO)
"""The outputs whose change is a move."""
HELD_TO = frozenset({"window", "fiscal_year_start_month", "sales_pipelines", "rollup"})
"""Parameters the evaluator itself obeys: they change what every fact sees."""


class Edit(Struct, frozen=True, order=True):
    """One thing that was changed: a parameter, or a rule (the name it defines), and where it stands now."""

    kind: str
    """parameter, rule, added or removed."""
    name: str
    detail: str
    """Of a parameter its old and new value; of a rule its file and line."""

    def __str__(self) -> str:
        """Give one line."""
        return f"{self.kind} {self.name}" + (f" ({self.detail})" if self.detail else "")


def edits(old: RuleSet, new: RuleSet) -> dict[str, tuple[Edit, ...]]:
    """Give what was changed, by the column it changes first; columns in the order of evaluation."""
    before, after = ({node.name: node for node in rules.nodes} for rules in (old, new))
    changed = parameters(old, new)
    everywhere = tuple(changed[name] for name in sorted(HELD_TO & changed.keys()))
    found: dict[str, tuple[Edit, ...]] = {}
    for name in dict.fromkeys((*after, *before)):
        mine = _of_node(before.get(name), after.get(name), changed)
        node = after.get(name) or before[name]
        if everywhere and not node.depends:
            mine = (*mine, *everywhere)
        if mine:
            found[name] = mine
    return found


def parameters(old: RuleSet, new: RuleSet) -> dict[str, Edit]:
    """Give the parameters whose value in force is another one, added and removed ones included."""
    found: dict[str, Edit] = {}
    for name in sorted({*old.parameters, *new.parameters}):
        before, after = (rules.parameters.get(name) for rules in (old, new))
        if before is None or after is None or before.value != after.value:
            values = (None if one is None else one.value for one in (before, after))
            found[name] = Edit("parameter", name, " → ".join(map(_shown, values)))
    return found


class Paths:
    """How what was edited reaches the tier and the say-no, through columns that come out differently."""

    def __init__(self, rules: Iterable[RuleSet], edited: Iterable[str]) -> None:
        rules = tuple(rules)
        self.edited = tuple(edited)
        self._depends: dict[str, set[str]] = {}
        self._ends: dict[str, set[str]] = {output: set() for output in MOVED}
        for one in rules:
            for node in one.nodes:
                self._depends.setdefault(node.name, set()).update(node.depends)
            for entry in one.outputs:
                if entry.output.name in MOVED and entry.node:
                    self._ends[entry.output.name].add(entry.node)
        above = {name for ends in self._ends.values() for end in ends for name in self._reach(end, None)}
        below = {name for name in self._depends if self._reach(name, None) & set(self.edited)}
        self.between: frozenset[str] = frozenset(above & below)
        """The columns whose values tell which way an edit went."""

    def first(self, output: str, differ: Collection[str]) -> list[str]:
        """Give the edited columns that the output is reached from, through `differ` alone, and that come first."""
        reached = {name for end in self._ends[output] if end in differ for name in self._reach(end, differ)}
        found = [name for name in self.edited if name in reached]
        return [name for name in found if not (self._reach(name, differ) - {name}) & set(found)]

    def _reach(self, start: str, within: Collection[str] | None) -> set[str]:
        """The column itself and all it is worked out from, in steps that stay `within`."""
        seen, waiting = {start}, [start]
        while waiting:
            for name in self._depends.get(waiting.pop(), ()):
                if name not in seen and (within is None or name in within):
                    seen.add(name)
                    waiting.append(name)
        return seen


def _of_node(before: Node | None, after: Node | None, changed: Mapping[str, Edit]) -> tuple[Edit, ...]:
    if before is None:
        return () if after is None else (Edit("added", after.name, _place(after)),)
    if after is None:
        return (Edit("removed", before.name, _place(before)),)
    found = {part.name for root in expressions(after.definition) for part in walk(root) if isinstance(part, Param)}
    mine = tuple(changed[name] for name in sorted(found) if name in changed)
    same = (before.definition, before.options, before.of) == (after.definition, after.options, after.of)
    return mine if same else (Edit("rule", after.name, _place(after)), *mine)


def _place(node: Node) -> str:
    return f"{PurePath(node.at.file).name}:{node.at.line}" if node.at.file else ""


def _shown(value: object) -> str:
    if value is None:
        return "not set"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
