"""first_match: rules in order, the first that holds gives the answer.

An undecidable rule before the first true one makes the answer unknown, unless `on_unknown: skip`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from connector.model.fields import Type
from connector.rules.binding.declare import Declaration, formula_node, resolve, uses_of
from connector.rules.kinds.common import answer, limited
from connector.rules.tree import Branch, Case, Literal, Unknown
from connector.rules.walk import POISON, family, type_of

if TYPE_CHECKING:
    from connector.rules.binding.names import Names
    from connector.rules.ruleset import Node
    from connector.rules.syntax.document import Leaf
    from connector.rules.syntax.forms import Form, Formula
    from connector.rules.tree import Expression, Position


class _Rule(Struct, frozen=True):
    at: Position
    label: str
    when: Formula | None
    then: str | None
    value: Formula | None
    last: bool

    def result(self, names: Names) -> Expression:
        if self.value is not None:
            return resolve(self.value, names)
        return POISON if self.then is None else answer(self.then, self.at)


def declare(name: Leaf, form: Form) -> Declaration:
    """Read the model; notes a missing `otherwise`, and rules that can never be reached behind it."""
    rules = [_read(rule) for rule in form.list_forms("rules")]
    _check_order(rules, form)
    applies, skip = form.formula("applies"), form.word("on_unknown") == "skip"
    options = form.words("options")
    label = form.languages("label")
    used = uses_of(applies, *(rule.when for rule in rules), *(rule.value for rule in rules))

    def build(names: Names) -> list[Node]:
        branches = tuple(
            Branch(resolve(r.when, names, "condition"), r.result(names), r.label) for r in rules if not r.last
        )
        last = next((rule.result(names) for rule in rules if rule.last), POISON)
        kind = _one_type(branches, last, names)
        typed = tuple(Branch(b.when, _typed(b.then, kind), b.label) for b in branches)
        case = Case(typed, _typed(last, kind), kind, not skip, name.at)
        limit = None if applies is None else resolve(applies, names, "condition")
        expression = limited(case, limit)
        return formula_node(names, name.text, expression, at=name.at, model=name.text, options=options, label=label)

    return Declaration((name.text,), "models", name.at, used, build, "first_match", label)


def _read(form: Form) -> _Rule:
    answers = [key for key in ("then", "value", "otherwise") if form.has(key)]
    if len(answers) != 1:
        form.problems.add(form.at, "a rule has one answer: 'then', 'value' or 'otherwise'")
    last = form.has("otherwise") or not form.has("when")
    if last and form.has("when"):
        form.problems.add(form.at, "'otherwise' holds when no rule does: it has no 'when'")
    if last and form.has("then"):  # a formula may stand alone: it then holds for the rest
        form.problems.add(form.at, "'when' is missing", "the last rule is written {otherwise: …}")
    then = form.word("then") if form.has("then") else form.word("otherwise")
    value = form.formula("value")
    label = form.word("id") or then or (value.leaf.text if value else "")
    return _Rule(form.at, label, form.formula("when"), then, value, last)


def _check_order(rules: list[_Rule], form: Form) -> None:
    if rules and not any(rule.last for rule in rules):
        form.problems.add(form.at, "the last rule is missing: {otherwise: …}", "an answer for whom no rule holds")
    for rule in rules[:-1]:
        if rule.last:
            form.problems.add(rule.at, "no rule after this one can ever hold", "'otherwise' stands last")


def _one_type(branches: tuple[Branch, ...], last: Expression, names: Names) -> Type:
    results = [e for e in (*(b.then for b in branches), last) if e is not POISON and not _stateless(e)]
    kinds = {family(type_of(e)) for e in results}
    if len(kinds) > 1:
        wrong = next(e for e in results if family(type_of(e)) != family(type_of(results[0])))
        names.problems.add(
            wrong.at, f"the answers are a {family(type_of(results[0]))} here and a {family(type_of(wrong))} there"
        )
    found = {type_of(e) for e in results}
    for kind in (Type.MONEY, Type.NUMBER):
        if kind in found:
            return kind
    return type_of(results[0]) if results else Type.TEXT


def _stateless(expression: Expression) -> bool:
    return isinstance(expression, Unknown) or (isinstance(expression, Literal) and expression.value is None)


def _typed(expression: Expression, kind: Type) -> Expression:
    if expression is POISON or not _stateless(expression):
        return expression
    return Unknown(kind, expression.at) if isinstance(expression, Unknown) else Literal(None, kind, expression.at)
