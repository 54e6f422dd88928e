"""Taking out what can never apply: a source that is not connected is "not applicable", and the rest follows.

The laws of tree.py read backwards: arithmetic on nothing is nothing, a test of nothing is false, a rule that is
false is no rule. What is left computes the same, and names only what is connected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace

from connector.model.fields import Type
from connector.rules.tree import (
    And,
    Arithmetic,
    Between,
    Branch,
    Call,
    Case,
    Collect,
    Compare,
    Function,
    In,
    InWindow,
    KnownTest,
    Literal,
    Name,
    Not,
    Or,
    Param,
    Placeholder,
    Say,
    Scope,
    Sentence,
    State,
    Test,
    Unknown,
    Within,
)
from connector.rules.walk import parts, rebuild, rephrase, type_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from connector.rules.ruleset import Parameter
    from connector.rules.tree import Expression

TRUE = Literal(value=True, type=Type.BOOLEAN)
FALSE = Literal(value=False, type=Type.BOOLEAN)
TESTS = frozenset({Function.CONTAINS, Function.STARTS_WITH, Function.HAS})


class Folder:
    """Simplifies expressions; `off` are account nodes that never apply, `off_rows` columns that are not there."""

    def __init__(
        self, off: Mapping[str, object], parameters: Mapping[str, Parameter], off_rows: Collection[str] = ()
    ) -> None:
        self.off, self.parameters, self.off_rows = off, parameters, off_rows

    def fold(self, expression: Expression) -> Expression:
        """Simplify; a result that is `idle` never applies."""
        how = self.FOLDS.get(type(expression))
        return how(self, expression) if how else expression

    def _name(self, name: Name) -> Expression:
        gone = self.off_rows if name.scope is Scope.ROW else self.off
        return Literal(None, name.type, name.at) if name.name in gone else name

    def _param(self, param: Param) -> Expression:
        unset = self.parameters[param.name].value is None
        return Literal(None, param.type, param.at) if unset else param

    def _logical(self, logic: And | Or | Not) -> Expression:
        return _logic(rebuild(logic, self.fold))

    def _computed(self, expression: Arithmetic | Call) -> Expression:
        if isinstance(expression, Call) and expression.function is Function.IF:
            return self._if(expression)
        return _call(rebuild(expression, self.fold))

    def _collected(self, collect: Collect) -> Expression:
        return _collect(rebuild(collect, self.fold))

    def _if(self, call: Call) -> Expression:
        when = self._constant(self.fold(call.arguments[0]))
        if isinstance(when, Literal) and isinstance(when.value, bool):
            return self.fold(call.arguments[1 if when.value else 2])
        rest = tuple(self.fold(argument) for argument in call.arguments[1:])
        return _idle(call) if all(idle(part) for part in rest) else replace(call, arguments=(when, *rest))

    def _case(self, case: Case) -> Expression:
        branches: list[Branch] = []
        otherwise = self.fold(case.otherwise)
        for branch in case.branches:
            when = self._constant(self.fold(branch.when))
            if when == FALSE:
                continue
            then = self.fold(branch.then)
            if when == TRUE:
                otherwise = then
                break
            branches.append(Branch(when, then, branch.label))
        if idle(otherwise) and all(idle(branch.then) for branch in branches):
            return _idle(case)
        return replace(case, branches=tuple(branches), otherwise=otherwise) if branches else otherwise

    def _say(self, say: Say) -> Say:
        kept: list[Sentence | Say] = []
        for sentence in say.sentences:
            folded = self._say(sentence) if isinstance(sentence, Say) else self._sentence(sentence)
            if folded is not None and not (isinstance(folded, Say) and not folded.sentences):
                kept.append(folded)
        when = None if say.when is None else self.fold(say.when)
        return replace(say, sentences=() if when == FALSE else tuple(kept), when=None if when == TRUE else when)

    def _sentence(self, sentence: Sentence) -> Sentence | None:
        folded = rephrase(sentence, self.fold)
        if folded.when == FALSE or (folded.encloses and _hollow(folded)):
            return None
        return replace(folded, when=None) if folded.when == TRUE else folded

    def _test(self, test: Compare | Between | In | Within | InWindow | KnownTest) -> Expression:
        test = rebuild(test, self.fold)
        if isinstance(test, KnownTest):
            return _known_test(test)
        sides = parts(test)[:1] if isinstance(test, (In, InWindow)) else parts(test)
        if any(idle(side) for side in sides):
            never = isinstance(test, Compare) and test.test is Test.NE
            negated = isinstance(test, (Between, In)) and test.negated
            return TRUE if never or negated else FALSE
        return self._constant(test)

    def _constant(self, expression: Expression) -> Expression:
        """Decide a choice between words of parameters: `$x = 'a'` is settled before any data is read."""
        if not isinstance(expression, Compare) or expression.test not in {Test.EQ, Test.NE}:
            return expression
        values = [self._word(side) for side in (expression.left, expression.right)]
        if any(value is None for value in values):
            return expression
        equal = values[0] == values[1]
        return TRUE if equal is (expression.test is Test.EQ) else FALSE

    def _word(self, side: Expression) -> str | None:
        value = self.parameters[side.name].value if isinstance(side, Param) else getattr(side, "value", None)
        constant = isinstance(side, (Param, Literal)) and isinstance(value, str)
        return value if constant and isinstance(value, str) else None

    FOLDS: ClassVar[Mapping[type, Callable[[Folder, Any], Expression]]] = {
        Name: _name,
        Param: _param,
        **dict.fromkeys((And, Or, Not), _logical),
        **dict.fromkeys((Compare, Between, In, Within, InWindow, KnownTest), _test),
        **dict.fromkeys((Arithmetic, Call), _computed),
        Case: _case,
        Collect: _collected,
        Say: _say,
    }
    """By type; what has no entry has no parts and stays."""


def idle(expression: Expression) -> bool:
    """Tell whether an expression never applies."""
    return isinstance(expression, Literal) and expression.value is None


def _hollow(sentence: Sentence) -> bool:
    """Tell whether a text inside a sentence never says anything."""
    inside = (piece.value for pieces in sentence.parts.values() for piece in pieces if isinstance(piece, Placeholder))
    return any(isinstance(text, Say) and not text.sentences for text in inside)


def _idle(expression: Expression) -> Expression:
    return Literal(None, type_of(expression))


def _logic(logic: And | Or | Not) -> Expression:
    if isinstance(logic, Not):
        part = FALSE if idle(logic.part) else logic.part
        return FALSE if part == TRUE else TRUE if part == FALSE else logic
    stop, skip = (FALSE, TRUE) if isinstance(logic, And) else (TRUE, FALSE)
    parts = tuple(FALSE if idle(part) else part for part in logic.parts)
    if stop in parts:
        return stop
    kept = tuple(part for part in parts if part != skip)
    if not kept:
        return skip
    return kept[0] if len(kept) == 1 else replace(logic, parts=kept)


def _known_test(test: KnownTest) -> Expression:
    if isinstance(test.value, Unknown):
        return TRUE if (test.state is State.UNKNOWN) is not test.negated else FALSE
    if not isinstance(test.value, Literal):
        return test
    state = State.NOT_APPLICABLE if test.value.value is None else State.KNOWN
    return TRUE if (test.state is state) is not test.negated else FALSE


def _call(expression: Arithmetic | Call) -> Expression:
    if isinstance(expression, Arithmetic):
        return _idle(expression) if idle(expression.left) or idle(expression.right) else expression
    if expression.function is Function.COALESCE:
        return _coalesce(expression)
    if any(idle(argument) for argument in expression.arguments):
        return FALSE if expression.function in TESTS else _idle(expression)
    return expression


def _coalesce(call: Call) -> Expression:
    kept = tuple(argument for argument in call.arguments if not idle(argument))
    if not kept:
        return _idle(call)
    return kept[0] if len(kept) == 1 else replace(call, arguments=kept)


def _collect(collect: Collect) -> Collect:
    return replace(collect, entries=tuple(entry for entry in collect.entries if entry.when != FALSE))
