"""Signals: facts that can lead to a NO, with a line for going on and another for going off.

A signal that was on stays on until `off` holds; one that was off needs `on`. `not_while` keeps it off, and so does
`applies` where it is false. Whether it was on `was` tells, else the output that lists the signals that are on, as an
earlier run left it; where that cannot be told there is no memory, and only `on` counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model.fields import Type
from connector.rules.binding.declare import Declaration, formula_node, resolve, uses_of
from connector.rules.binding.earlier import HINT, earlier
from connector.rules.fold import FALSE
from connector.rules.kinds.common import sure
from connector.rules.ruleset import Of
from connector.rules.tree import NOWHERE, Branch, Call, Case, Collect, Entry, Function, Literal, Name, Not
from connector.rules.walk import POISON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.rules.binding.names import Names
    from connector.rules.ruleset import Node
    from connector.rules.syntax.document import Leaf
    from connector.rules.syntax.forms import Form
    from connector.rules.tree import Expression

ALL = "signals_on"
"""The name under which the signals that are on are listed."""


def declare(name: Leaf, form: Form) -> Declaration:
    """Read a signal."""
    on, off, was = form.formula("on"), form.formula("off"), form.formula("was")
    never, applies = form.formula("not_while"), form.formula("applies")
    label = form.languages("label")
    if was is not None and off is None:
        form.problems.add(name.at, "'was' needs 'off': when the signal ends")

    def build(names: Names) -> list[Node]:
        made: list[Node] = []
        expression: Expression = resolve(on, names, "condition")
        if off is not None:
            before = _before(name, names, made) if was is None else resolve(was, names, "condition")
            stays = Branch(before, Not(resolve(off, names, "condition")), "was on")
            expression = Case((stays,), expression, Type.BOOLEAN, strict=False)
        if never is not None:
            quiet = Branch(resolve(never, names, "condition"), FALSE, "suppressed")
            expression = Case((quiet,), expression, Type.BOOLEAN)
        if applies is not None:
            idle = Branch(Not(resolve(applies, names, "condition")), FALSE, "not applicable")
            expression = Case((idle,), expression, Type.BOOLEAN)
        return made + formula_node(names, name.text, expression, at=name.at, model=name.text, label=label)

    return Declaration((name.text,), "signals", name.at, uses_of(on, off, was, never, applies), build, "signal", label)


def _before(name: Leaf, names: Names, made: list[Node]) -> Expression:
    """Tell whether the signal was on when an earlier run listed the signals that are."""
    found = earlier(names, ALL, Type.MULTI, of=Of.ACCOUNT, at=name.at)
    if found is None:
        hint = f"write 'was', or add {HINT.format(name=ALL)}"
        names.problems.add(name.at, f"nothing tells whether '{name.text}' was on", hint)
        return POISON
    made += found[0]
    return Call(Function.HAS, (found[1], Literal(name.text, Type.TEXT)), Type.BOOLEAN)


def declare_all(signals: Sequence[Declaration]) -> Declaration | None:
    """Declare the list of the signals that are on, in the order they are written."""
    if not signals:
        return None
    codes = [signal.names[0] for signal in signals]

    def build(names: Names) -> list[Node]:
        there = [code for code in codes if code in names.nodes]
        entries = tuple(Entry(sure(Name(code, Type.BOOLEAN)), code) for code in there)
        return formula_node(names, ALL, Collect(entries), at=NOWHERE, options=there)

    return Declaration((ALL,), "signals", signals[0].at, frozenset(codes), build)
