"""From syntax to typed expressions: every name found, every type checked, every mistake noted at its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from connector.model.fields import Type
from connector.model.meant import near
from connector.rules.binding.functions import apply
from connector.rules.tree import (
    And,
    Arithmetic,
    Between,
    Compare,
    Given,
    In,
    InWindow,
    Known,
    KnownTest,
    Literal,
    Name,
    Not,
    Op,
    Or,
    Param,
    Position,
    Scope,
    State,
    Test,
    Unit,
    Within,
)
from connector.rules.walk import POISON, family, type_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.rules.binding.names import Names
    from connector.rules.columns import Column
    from connector.rules.syntax.document import Leaf
    from connector.rules.syntax.grammar import Term
    from connector.rules.tree import Expression

SCALE = {"k": Decimal(1000), "m": Decimal(1_000_000), "%": Decimal("0.01")}


@dataclass(frozen=True, slots=True)
class Resolver:
    """Types one formula. Inside a fact `row` holds the related record's columns, and `account.` reaches out."""

    leaf: Leaf
    names: Names
    row: Mapping[str, Column] | None = None
    row_what: str = "column"
    accounts: bool = False
    """The related records are accounts: their names are those of the rules."""
    direct: bool = field(init=False, default=False)
    """The text stands in the file as it is, on one line: places are then sums."""

    def __post_init__(self) -> None:
        """Look once how the text stands in its file."""
        object.__setattr__(self, "direct", self.leaf.direct)

    # ── what the kinds call ──

    def condition(self, term: Term) -> Expression:
        """Resolve a term that must be true or false."""
        expression = self.expression(term)
        self.must(expression, "true/false", "a condition")
        return expression

    def number(self, term: Term) -> Expression:
        """Resolve a term that must be a number."""
        expression = self.expression(term)
        self.must(expression, "number", "a number")
        return expression

    def expression(self, term: Term) -> Expression:
        """Resolve a term of any type; POISON when it holds a mistake."""
        at = self.at(term)
        match term.kind:
            case "date" if not _is_day(term.text):
                self.say(at, f"there is no day {term.text}", "write a day of the calendar")
                return POISON
            case "number" | "text" | "date" | "true" | "false":
                return literal(term, at)
            case "null":
                self.say(at, "nothing is null here", "write 'is known' or 'is unknown'")
                return POISON
            case "as_of" | "window_start" | "rule_version":
                kind = Type.TEXT if term.kind == "rule_version" else Type.DATE
                return Known(Given(term.kind), kind, at)
            case "name":
                return self._name(term, at)
            case "param":
                return self._param(term, at)
            case "negative" | "arithmetic":
                return self._arithmetic(term, at)
            case "and" | "or":
                found = tuple(self.condition(part) for part in term.parts)
                return And(found, at) if term.kind == "and" else Or(found, at)
            case "not":
                return Not(self.condition(term.parts[0]), at)
            case "call":
                return apply(self, term, at)
            case "list":
                self.say(at, "a list does not stand here")
                return POISON
            case _:
                return self._test(term, at)

    def must(self, expression: Expression, wanted: str, what: str) -> None:
        """Note a problem unless the expression is of the wanted family."""
        if expression is POISON or (isinstance(expression, Literal) and expression.value is None):
            return
        found = family(type_of(expression))
        if found != wanted:
            self.say(expression.at, f"expected {what}, found a {found}")

    def at(self, term: Term) -> Position:
        """Give the place of a term in its file."""
        if self.direct:
            start, length = self.leaf.column + term.start, max(1, term.end - term.start)
            return Position(self.leaf.source.file, self.leaf.line, start + (0 if self.leaf.plain else 1), length)
        return self.leaf.spot(term.start, term.end - term.start)

    def say(self, at: Position, text: str, hint: str = "") -> None:
        """Note a problem."""
        self.names.problems.add(at, text, hint)

    # ── names ──

    def _name(self, term: Term, at: Position) -> Expression:
        if self.row is not None:
            return self._row_name(self.row, term, at)
        return self._account_name(term.text, at)

    def _row_name(self, row: Mapping[str, Column], term: Term, at: Position) -> Expression:
        if term.text.startswith("account."):
            return self._account_name(term.text.removeprefix("account."), at)
        if term.text in row:
            return Name(term.text, row[term.text].type, Scope.ROW, at)
        if self.accounts and term.text in self.names.absent:
            return Literal(None, self.names.absent[term.text].type, at)
        if self.accounts and (term.text in self.names.broken or self.names.problems.unread):
            return POISON
        hint = f"write 'account.{term.text}'" if term.text in self.names.nodes else near(term.text, row)
        self.say(at, f"unknown {self.row_what} '{term.text}'", hint)
        return POISON

    def _account_name(self, name: str, at: Position) -> Expression:
        if name in self.names.nodes:
            return Name(name, self.names.nodes[name].type, Scope.ACCOUNT, at)
        if name in self.names.absent:
            return Literal(None, self.names.absent[name].type, at)
        if name not in self.names.broken:
            known = self.names.known()
            self.names.problems.undefined(at, "name", name, known, hint=f"a text is written '{name}', in single quotes")
        return POISON

    def _param(self, term: Term, at: Position) -> Expression:
        name = term.text[1:]
        found = self.names.parameters.get(name)
        if found is None:
            self.names.problems.undefined(at, "parameter", name, self.names.parameters)
            return POISON
        return Param(name, Type.MULTI if found.many else found.type, at)

    # ── arithmetic ──

    def _arithmetic(self, term: Term, at: Position) -> Expression:
        if term.kind == "negative":
            part = self.number(term.parts[0])
            return Arithmetic(Op.SUBTRACT, Literal(Decimal(0), Type.INTEGER, at), part, _plain(part), at)
        left, right = (self.expression(part) for part in term.parts)
        if left is POISON or right is POISON:
            return POISON
        dates = {family(type_of(left)), family(type_of(right))}
        if "date" in dates and term.text in "+-":
            return self._date_arithmetic(term, left, right, at)
        self.must(left, "number", "a number")
        self.must(right, "number", "a number")
        return Arithmetic(Op(term.text), left, right, result_type(Op(term.text), type_of(left), type_of(right)), at)

    def _date_arithmetic(self, term: Term, left: Expression, right: Expression, at: Position) -> Expression:
        sides = (family(type_of(left)), family(type_of(right)))
        if sides == ("date", "date") and term.text == "-":
            return Arithmetic(Op.SUBTRACT, left, right, Type.INTEGER, at)
        if sides == ("date", "number"):
            return Arithmetic(Op(term.text), left, right, Type.DATE, at)
        self.say(
            at, f"cannot write {sides[0]} {term.text} {sides[1]}", "date - date gives days; date + 30 gives a date"
        )
        return POISON

    # ── tests ──

    def _test(self, term: Term, at: Position) -> Expression:
        flag = term.text == "not"
        match term.kind:
            case "compare":
                return self._compare(term, at)
            case "between":
                value, low, high = (self.expression(part) for part in term.parts)
                self._same(value, low)
                self._same(value, high)
                return Between(value, low, high, flag, at)
            case "in":
                return self._membership(term, at)
            case "window":
                value = self.expression(term.parts[0])
                self.must(value, "date", "a date before 'in window'")
                return InWindow(value, at) if not flag else Not(InWindow(value, at), at)
            case "within":
                value, amount = self.expression(term.parts[0]), self.number(term.parts[1])
                self.must(value, "date", "a date before 'within'")
                return Within(value, amount, Unit(term.text), at)
            case _:
                return self._state(term, at)

    def _compare(self, term: Term, at: Position) -> Expression:
        first, second = term.parts
        if second.kind == "null" or first.kind == "null":
            wanted = "is known" if term.text == "<>" else "is unknown"
            self.say(at, f"'{term.text} null' is never true", f"write '{wanted}'")
            return POISON
        left, right = self.expression(first), self.expression(second)
        self._same(left, right)
        self._option(left, right)
        self._option(right, left)
        return Compare(Test(term.text), left, right, self._folds(left, right), at)

    def _membership(self, term: Term, at: Position) -> Expression:
        value = self.expression(term.parts[0])
        options = tuple(self.expression(part) for part in term.parts[1:])
        for option in options:
            if isinstance(option, Param) and self.names.parameters[option.name].many:
                self._list_option(value, option)
                continue
            self._same(value, option)
            self._option(value, option)
        return In(value, options, term.text == "not", self._folds(value, *options), at)

    def _list_option(self, value: Expression, option: Param) -> None:
        wanted = family(self.names.parameters[option.name].type)
        if value is not POISON and family(type_of(value)) != wanted:
            self.say(option.at, f"${option.name} is a list of {wanted}s, this is a {family(type_of(value))}")

    def _state(self, term: Term, at: Position) -> Expression:
        value = self.expression(term.parts[0])
        negated = term.text.startswith("not ")
        word = term.text.removeprefix("not ")
        if word == "applicable":
            return KnownTest(value, State.NOT_APPLICABLE, not negated, at)
        return KnownTest(value, State(word), negated, at)

    def _same(self, left: Expression, right: Expression) -> None:
        if left is POISON or right is POISON:
            return
        sides = family(type_of(left)), family(type_of(right))
        if sides[0] != sides[1]:
            hint = "'has(x, ''CODE'')' looks into a list" if "list" in sides else _quote_hint(left, right)
            self.say(right.at, f"a {sides[0]} cannot be compared with a {sides[1]}", hint)

    def _option(self, side: Expression, value: Expression) -> None:
        options = self.names.options(side)
        if (
            isinstance(side, Literal)
            or not options
            or not isinstance(value, Literal)
            or not isinstance(value.value, str)
        ):
            return
        what = getattr(side, "name", "this")
        if value.value == "unknown":
            self.say(value.at, "unknown is a state, not a text", f"write '{what} is unknown'")
        elif value.value not in options:
            hint = near(value.value, options) or "one of: " + ", ".join(options)
            self.say(value.at, f"'{what}' is never '{value.value}'", hint)

    def _folds(self, *sides: Expression) -> bool:
        if family(type_of(sides[0])) != "text":
            return False
        return not all(self.names.options(side) for side in sides)


def literal(term: Term, at: Position) -> Expression:
    """Turn a constant into its value; `50%` is 0.5, `500k` 500000, `10m` ten million."""
    if term.kind == "number":
        unit = SCALE.get(term.text[-1].lower())
        value = Decimal(term.text[:-1]) * unit if unit else Decimal(term.text)
        whole = value == value.to_integral_value() and "." not in term.text
        return Literal(value, Type.INTEGER if whole else Type.NUMBER, at)
    if term.kind == "text":
        return Literal(term.text[1:-1].replace("''", "'"), Type.TEXT, at)
    if term.kind == "date":
        return Literal(date.fromisoformat(term.text), Type.DATE, at)
    return Literal(term.kind == "true", Type.BOOLEAN, at)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _plain(part: Expression) -> Type:
    kind = type_of(part)
    return kind if kind in {Type.INTEGER, Type.MONEY} else Type.NUMBER


def result_type(op: Op, left: Type, right: Type) -> Type:
    """Tell the type: money stays money when added or scaled, and whole whole until divided."""
    money = (left is Type.MONEY, right is Type.MONEY)
    if op in {Op.ADD, Op.SUBTRACT}:
        if any(money):
            return Type.MONEY
        return Type.INTEGER if left is right is Type.INTEGER else Type.NUMBER
    if op is Op.MULTIPLY:
        if any(money) and not all(money):
            return Type.MONEY
        return Type.INTEGER if left is right is Type.INTEGER else Type.NUMBER
    return Type.MONEY if money == (True, False) else Type.NUMBER


def _quote_hint(left: Expression, right: Expression) -> str:
    for side in (left, right):
        if isinstance(side, Name) and family(type_of(side)) == "true/false":
            return f"'{side.name}' is already true or false: write it alone"
    return ""
