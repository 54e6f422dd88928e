"""The names a formula may use: nodes of the account, parameters, and columns of related records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.rules.ruleset import Of
from connector.rules.syntax.problems import Problems
from connector.rules.tree import Call, Case, Function, Literal, Name, Param, Scope
from connector.rules.walk import names as names_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.rules.columns import Column
    from connector.rules.ruleset import Node, Parameter
    from connector.rules.tree import Expression, Position


class Names(Struct):
    """What is defined so far; grows while declarations are built in order."""

    problems: Problems = field(default_factory=Problems)
    nodes: dict[str, Node] = field(default_factory=dict)
    absent: dict[str, Column] = field(default_factory=dict)
    """Expected from files that are not there: always not applicable."""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    tables: dict[str, dict[str, Column]] = field(default_factory=dict)
    """Tables beside the CRM."""
    fills: dict[str, tuple[str, Position]] = field(default_factory=dict)
    """Account column -> the name that fills it where the CRM has none."""
    shown_by: Mapping[str, str] = field(default_factory=dict)
    """Name -> the output that shows it as it is: what an earlier run left behind."""
    broken: set[str] = field(default_factory=set)
    """Declared, but with a mistake that is already noted: naming them is no second mistake."""

    def known(self) -> list[str]:
        """Every name of an account that may be written."""
        return [name for name in (*self.nodes, *self.absent) if not name.startswith("_")]

    def options(self, expression: Expression) -> tuple[str, ...]:
        """Give the texts an expression may have; empty when any text is possible."""
        match expression:
            case Name(scope=Scope.ACCOUNT) if expression.name in self.nodes:
                return self.nodes[expression.name].options
            case Param() if expression.name in self.parameters:
                return self.parameters[expression.name].one_of
            case Literal(value=str() as text):
                return (text,)
            case Call(function=Function.COALESCE | Function.IF):
                start = 1 if expression.function is Function.IF else 0
                return self._union(expression.arguments[start:])
            case Case():
                return self._union((*(branch.then for branch in expression.branches), expression.otherwise))
            case _:
                return ()

    def of(self, *expressions: Expression) -> Of:
        """Tell whose question these answer: the account's as soon as one part is the account's."""
        return self.asks(name for expression in expressions for name in names_in(expression))

    def asks(self, used: Iterable[str]) -> Of:
        """Tell the same of who uses these names."""
        return Of.ACCOUNT if any(self.nodes[name].of is Of.ACCOUNT for name in used) else Of.GROUP

    def _union(self, expressions: tuple[Expression, ...]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for expression in expressions:
            if isinstance(expression, Literal) and expression.value is None:
                continue
            options = self.options(expression)
            if not options and not _stateless(expression):
                return ()
            found |= dict.fromkeys(options)
        return tuple(found)


def _stateless(expression: Expression) -> bool:
    return type(expression).__name__ == "Unknown"
