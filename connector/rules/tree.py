"""Expressions of the rule language: a small frozen tree, and the semantics both evaluators are held to.

States. Every value has one of three states besides its type:

- known: it has a value;
- unknown: it should have one, and the data does not tell (an empty cell, a division by zero);
- not applicable: the question does not arise (a model whose `applies` is false, a source that is not
  connected, a parameter that is null). *Not configured* is the same state, known before the data is read.

A column holds the value, NULL in both other states; where a node may be not applicable (`Node.may_not_apply`)
a second boolean column tells the two apart. Booleans that come out of a test or of logic are never "not applicable".

How states travel:

- arithmetic and functions: an operand that is not applicable makes the result not applicable; else an unknown
  operand makes it unknown. Division by zero, and a square of nothing, is unknown. Exceptions: `coalesce`
  takes its first known operand (none: unknown when one is unknown, else not applicable); `if` looks only at
  the branch taken, and is unknown when its condition is.
- tests (Compare, Between, In, Within, contains, starts_with): an operand that is not applicable makes the
  test false, and `<>` and `not in` true: it certainly is not that value. Else an unknown operand makes it unknown.
  `In` is true as soon as one option is equal, whatever the others.
- KnownTest: always true or false. Not applicable is neither known nor unknown.
- And, Or, Not: Kleene's three values (false and unknown = false, true or unknown = true, not unknown =
  unknown). A boolean column that is not applicable counts as false.
- Case: the first branch whose condition is true gives the value. A condition that is unknown before the first
  true one makes the Case unknown when `strict`, and is skipped otherwise. No branch: `otherwise`.
- Collect: the codes of the entries whose condition is true, in order; unknown conditions are skipped. Never
  unknown; empty is the empty list.
- Say: a text; a placeholder that is unknown or not applicable reads as the language's `unknown` word.

Numbers are exact decimals, never binary floats. `+ - *` are exact; a quotient is rounded half-up (away from
zero) to 12 decimals, and so is any product with more than 12. Money has 2 decimals where it is read or stored;
inside a formula it is an exact number. `round` is half-up, away from zero. Outputs are rounded half-up to
their own decimals, comparisons never look at rounded values.

Text is compared without case when `fold` is true: both sides folded with `lower`. Dates are days: a timestamp
column is given to the rules as its day in the business time zone. `date - date` is a whole number of days.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import astuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.model.fields import Plain, Type
    from connector.rules.styles import Style


class Position(Struct, frozen=True, order=True):
    """Where something stands in a rule file; line and column count from 1, length is in characters."""

    file: str = ""
    line: int = 0
    column: int = 0
    length: int = 1

    @property
    def place(self) -> str:
        """Where it begins, as compilers write it."""
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Position()


class Placed(Struct, frozen=True):
    """What stands somewhere in a rule file, its last field `at`: equal to what says the same at another place."""

    def __eq__(self, other: object) -> bool:
        """Whether both say the same."""
        return type(other) is type(self) and astuple(self)[:-1] == astuple(other)[:-1]

    def __hash__(self) -> int:
        """Equal ones are one key."""
        return hash(astuple(self)[:-1])


class Scope(StrEnum):
    """Whose value a name is."""

    ACCOUNT = "account"
    """A node of the account evaluated (of its group, when that node is `of: group`)."""
    ROW = "row"
    """A column of the related record; for relations to accounts, a node of that other account."""


class Given(StrEnum):
    """What is the same for everybody in one evaluation."""

    AS_OF = "as_of"
    WINDOW_START = "window_start"
    """First day inside the window of `$window`; its last day is `as_of`."""
    RULE_VERSION = "rule_version"
    HOME_CURRENCY = "home_currency"


class Op(StrEnum):
    """Arithmetic on numbers; `-` also on two dates (days), `+ -` on a date and a number of days."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"


class Test(StrEnum):
    """Comparisons; both sides have the same type."""

    EQ = "="
    NE = "<>"
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


class Unit(StrEnum):
    """Units of `within`. Months are calendar months, clamped to the month's last day; a year is 12 months."""

    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"


class State(StrEnum):
    """The state of a value; see the module's docstring."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


class Function(StrEnum):
    """Every function there is."""

    COALESCE = "coalesce"
    """First known argument."""
    LEAST = "least"
    """Strict: unknown when one argument is (unlike SQL's)."""
    GREATEST = "greatest"
    """Strict: unknown when one argument is (unlike SQL's)."""
    ABS = "abs"
    ROUND = "round"
    """round(x, n): half-up to n decimals, n a literal; round(x) to whole."""
    FLOOR = "floor"
    IF = "if"
    """if(condition, then, else)."""
    DAYS_SINCE = "days_since"
    """as_of - date, in days."""
    MONTHS_BETWEEN = "months_between"
    """months_between(a, b): the largest whole k with a + k months <= b; -months_between(b, a) when b is before a."""
    ADD_MONTHS = "add_months"
    """add_months(date, n): clamped to the month's last day; n may be negative."""
    QUARTER = "quarter"
    """quarter(date): year * 4 + quarter number, so that equal means the same quarter."""
    DIVISION = "division"
    """division(code): the first two digits of an activity code (after an optional letter) as a number, C25.11 is 25;
    unknown when it does not start so."""
    CONTAINS = "contains"
    """contains(text, part): true when part occurs; folded like comparisons; part may be a list (any of)."""
    STARTS_WITH = "starts_with"
    """starts_with(text, part); part may be a list (any of)."""
    HAS = "has"
    """has(multi, 'CODE'): the option is among the multi-select's values."""


class Literal(Placed, frozen=True):
    """A constant: Decimal, str, date, bool, or a tuple of those. `value` None is "not applicable"."""

    value: Plain | tuple[Plain, ...] | None
    type: Type
    at: Position = NOWHERE


class Name(Placed, frozen=True):
    """A node of the account, or inside a fact a column of the related record."""

    name: str
    type: Type
    scope: Scope = Scope.ACCOUNT
    at: Position = NOWHERE


class Param(Placed, frozen=True):
    """`$name`: the parameter's value for this evaluation (RuleSet.parameters); null is "not applicable"."""

    name: str
    type: Type
    at: Position = NOWHERE


class Known(Placed, frozen=True):
    """One of the givens: as_of, the window's first day, the rule version."""

    given: Given
    type: Type
    at: Position = NOWHERE


class Arithmetic(Placed, frozen=True):
    """Two operands and an operator."""

    op: Op
    left: Expression
    right: Expression
    type: Type
    at: Position = NOWHERE


class Compare(Placed, frozen=True):
    """A comparison; `fold` compares text without case."""

    test: Test
    left: Expression
    right: Expression
    fold: bool = False
    at: Position = NOWHERE


class Between(Placed, frozen=True):
    """low <= value <= high."""

    value: Expression
    low: Expression
    high: Expression
    negated: bool = False
    at: Position = NOWHERE


class In(Placed, frozen=True):
    """Membership; `options` are literals, or one Param / Literal holding a list."""

    value: Expression
    options: tuple[Expression, ...]
    negated: bool = False
    fold: bool = False
    at: Position = NOWHERE


class Within(Placed, frozen=True):
    """as_of - amount units < value <= as_of (domain.md 11.10)."""

    value: Expression
    amount: Expression
    unit: Unit
    at: Position = NOWHERE


class InWindow(Placed, frozen=True):
    """window_start <= value <= as_of, by the parameter `window` (domain.md 2.2)."""

    value: Expression
    at: Position = NOWHERE


class KnownTest(Placed, frozen=True):
    """`is known`, `is unknown`, `is not applicable`: which state makes it true."""

    value: Expression
    state: State
    negated: bool = False
    at: Position = NOWHERE


class And(Placed, frozen=True):
    """All of them."""

    parts: tuple[Expression, ...]
    at: Position = NOWHERE


class Or(Placed, frozen=True):
    """Any of them."""

    parts: tuple[Expression, ...]
    at: Position = NOWHERE


class Not(Placed, frozen=True):
    """Negation; unknown stays unknown."""

    part: Expression
    at: Position = NOWHERE


class Call(Placed, frozen=True):
    """A function applied; `fold` as in Compare (contains, starts_with)."""

    function: Function
    arguments: tuple[Expression, ...]
    type: Type
    fold: bool = False
    at: Position = NOWHERE


class Branch(Struct, frozen=True):
    """One line of a Case: `label` is the rule's id or the answer's name, for people."""

    when: Expression
    then: Expression
    label: str = ""


class Case(Placed, frozen=True):
    """First true branch; kinds first_match, score and matrix come down to this. See the module's docstring."""

    branches: tuple[Branch, ...]
    otherwise: Expression
    type: Type
    strict: bool = True
    at: Position = NOWHERE


class Unknown(Placed, frozen=True):
    """The unknown value, as a constant."""

    type: Type
    at: Position = NOWHERE


class Entry(Struct, frozen=True):
    """One possible member of a Collect."""

    when: Expression
    code: str


class Collect(Placed, frozen=True):
    """The codes whose condition is true, in the order written; a multi-select."""

    entries: tuple[Entry, ...]
    at: Position = NOWHERE


class Placeholder(Struct, frozen=True):
    """A value inside a text. `labels` is language -> option -> label, for Style.LABEL."""

    value: Expression
    style: Style
    labels: Mapping[str, Mapping[str, str]] | None = None


class Sentence(Struct, frozen=True):
    """Text parts in order, per language; left out unless `when` is true, and when a text it `encloses` is empty."""

    parts: Mapping[str, tuple[str | Placeholder, ...]]
    when: Expression | None = None
    encloses: bool = False


class Say(Placed, frozen=True):
    """Sentences joined by `join`, in order; sentences whose `when` is not true are left out.

    With `limit` a sentence that would make the text longer than that many characters is left out whole (the
    first is cut at the limit with an ellipsis instead). With `first` only the first that holds is said.
    """

    sentences: tuple[Sentence | Say, ...]
    join: str = " "
    limit: int | None = None
    first: bool = False
    when: Expression | None = None
    at: Position = NOWHERE


Expression = (
    Literal
    | Name
    | Param
    | Known
    | Arithmetic
    | Compare
    | Between
    | In
    | Within
    | InWindow
    | KnownTest
    | And
    | Or
    | Not
    | Call
    | Case
    | Unknown
    | Collect
    | Say
)
"""Any node of an expression."""
