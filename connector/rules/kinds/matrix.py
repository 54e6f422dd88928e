"""matrix: two questions with a few answers each, and one answer per pair.

An undecidable question makes the answer unknown, unless that side says `unknown: allowed` and the cells answer for
`…_unknown` too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from connector.model.fields import Type
from connector.rules.binding.declare import Declaration, formula_node, resolve, uses_of
from connector.rules.kinds.common import answer, is_known, is_unknown, limited
from connector.rules.syntax.document import Keys, Leaf
from connector.rules.syntax.forms import Form, read_word
from connector.rules.tree import And, Branch, Case, Compare, Literal, Not, Test
from connector.rules.walk import POISON, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.rules.binding.names import Names
    from connector.rules.ruleset import Node
    from connector.rules.syntax.forms import Formula
    from connector.rules.tree import Expression


class _Axis(Struct, frozen=True):
    """One question as read: a condition (high or low), or a text with its answers."""

    form: Form
    high: Formula | None
    of: Formula | None
    unknown: bool


def declare(name: Leaf, form: Form) -> Declaration:
    """Read the model; every pair of answers needs a cell, and every cell a pair."""
    rows, columns = _read(form, "rows"), _read(form, "columns")
    applies = form.formula("applies")
    label = form.languages("label")
    cells = {
        leaf.text: (leaf, read_word(value, form.problems) or "")
        for leaf, value in form.mapping("cells")
        if isinstance(value, Leaf)
    }
    used = uses_of(applies, *(formula for axis in (rows, columns) if axis for formula in (axis.high, axis.of)))

    def build(names: Names) -> list[Node]:
        if rows is None or columns is None:
            names.broken.add(name.text)
            return []
        across, down = list(_answers(names, rows)), list(_answers(names, columns))
        if any(part is POISON for _, asked in across + down for part in walk(asked)):
            names.broken.add(name.text)
            return []
        pairs = [(r, c, And((x, y))) for r, x in across for c, y in down]
        _check_cells(names, name, cells, [f"{r}_{c}" for r, c, _ in pairs])
        branches = tuple(
            Branch(when, answer(cells[f"{r}_{c}"][1], cells[f"{r}_{c}"][0].at), f"{r}_{c}")
            for r, c, when in pairs
            if f"{r}_{c}" in cells
        )
        limit = None if applies is None else resolve(applies, names, "condition")
        case = limited(Case(branches, Literal(None, Type.TEXT), Type.TEXT, at=name.at), limit)
        return formula_node(names, name.text, case, at=name.at, model=name.text, label=label)

    return Declaration((name.text,), "models", name.at, used, build, "matrix", label)


def _read(form: Form, key: str) -> _Axis | None:
    value = form.keys.get(key)
    if not isinstance(value, Keys):
        form.problems.add(form.at, f"'{key}' must be a mapping", "write {name: …, high: condition}")
        return None
    axis = Form(value, "axis", form.problems).check()
    if axis.has("high") == axis.has("of"):
        form.problems.add(value.at, f"'{key}' has one of 'high' and 'of'")
    return _Axis(axis, axis.formula("high"), axis.formula("of"), axis.word("unknown") == "allowed")


def _answers(names: Names, axis: _Axis) -> Iterator[tuple[str, Expression]]:
    """Give each answer of a question with its condition; `unknown` last where it is allowed."""
    found: list[tuple[str, Expression]]
    if axis.of is not None:
        value = resolve(axis.of, names)
        found = [(option, Compare(Test.EQ, value, Literal(option, Type.TEXT))) for option in names.options(value)]
        if value is not POISON and not found:
            names.problems.add(
                axis.of.leaf.at, "the answers of this text are not known", "name a model, or a field with one_of"
            )
    else:
        value = resolve(axis.high, names, "condition")
        found = [("high", value), ("low", Not(value))]
    for word, condition in found:
        yield word, And((is_known(value), condition)) if axis.unknown else condition
    if axis.unknown:
        yield "unknown", is_unknown(value)


def _check_cells(names: Names, name: Leaf, cells: dict[str, tuple[Leaf, str]], pairs: list[str]) -> None:
    for pair in pairs:
        if pair not in cells:
            names.problems.add(name.at, f"'{name.text}' has no cell '{pair}'", "a gap: every pair of answers needs one")
    for word, (leaf, _) in cells.items():
        if word not in pairs and pairs:
            names.problems.unknown(leaf.at, "cell", word, pairs, hint="cells: " + ", ".join(pairs))
