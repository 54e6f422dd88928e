"""Laws of the rule language: printing and parsing, three-valued logic, and taking out what is not connected."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from connector.model.fields import Type
from connector.rules import tree
from connector.rules.binding.names import Names
from connector.rules.binding.resolve import Resolver
from connector.rules.cells import IDLE, UNKNOWN, Cell, all_of, any_of, compare, negate
from connector.rules.fold import Folder
from connector.rules.printing import show
from connector.rules.python.evaluate import Evaluator, Frame
from connector.rules.ruleset import FieldOf, Node, Of
from connector.rules.syntax.document import Leaf, Source
from connector.rules.syntax.grammar import MAX_NESTING, parse
from connector.rules.walk import walk

if TYPE_CHECKING:
    from connector.rules.tree import Expression

NUMBERS, FLAGS, DATES, WORDS = ("n", "m", "k"), ("p", "q", "r"), ("d", "e"), ("w", "x")
TYPES = {
    **dict.fromkeys(NUMBERS, Type.NUMBER),
    **dict.fromkeys(FLAGS, Type.BOOLEAN),
    **dict.fromkeys(DATES, Type.DATE),
    **dict.fromkeys(WORDS, Type.TEXT),
}
NODES = {name: Node(name, kind, Of.ACCOUNT, FieldOf(name), (), may_not_apply=True) for name, kind in TYPES.items()}
FRAME = Frame(date(2026, 4, 2), {})
STATES = (UNKNOWN, IDLE)

Formulas = st.SearchStrategy[str]

# ── formulas as text ──

numbers: Formulas = st.deferred(
    lambda: (
        st.sampled_from(NUMBERS)
        | st.sampled_from(("0", "1", "2.5", "500k", "50%", "3m"))
        | st.tuples(numbers, st.sampled_from("+-*/"), numbers).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})")
        | numbers.map(lambda n: f"-({n})")
        | st.tuples(numbers, numbers).map(lambda t: f"coalesce({t[0]}, {t[1]})")
        | st.tuples(numbers, numbers).map(lambda t: f"greatest({t[0]}, {t[1]})")
        | st.tuples(conditions, numbers, numbers).map(lambda t: f"if({t[0]}, {t[1]}, {t[2]})")
        | numbers.map(lambda n: f"round({n}, 2)")
    )
)
tests_of_numbers = st.tuples(numbers, st.sampled_from(list(tree.Test)), numbers).map(lambda t: f"{t[0]} {t[1]} {t[2]}")
conditions: Formulas = st.deferred(
    lambda: (
        st.sampled_from(FLAGS)
        | tests_of_numbers
        | st.tuples(numbers, st.sampled_from(("between", "not between")), numbers, numbers).map(
            lambda t: f"{t[0]} {t[1]} {t[2]} and {t[3]}"
        )
        | st.tuples(st.sampled_from(WORDS), st.sampled_from(("=", "<>"))).map(lambda t: f"{t[0]} {t[1]} 'Abc'")
        | st.tuples(st.sampled_from(WORDS), st.sampled_from(("in", "not in"))).map(
            lambda t: f"{t[0]} {t[1]} ['a', 'it''s']"
        )
        | st.sampled_from(DATES).map(lambda d: f"{d} within 12 months")
        | st.sampled_from(DATES).map(lambda d: f"{d} in window or {d} < 2026-01-31")
        | st.tuples(numbers, st.sampled_from(("known", "not known", "unknown", "applicable", "not applicable"))).map(
            lambda t: f"{t[0]} is {t[1]}"
        )
        | conditions.map(lambda c: f"not ({c})")
        | st.lists(conditions, min_size=2, max_size=3).map(lambda cs: " and ".join(f"({c})" for c in cs))
        | st.lists(conditions, min_size=2, max_size=3).map(lambda cs: " or ".join(f"({c})" for c in cs))
    )
)

values: dict[Type, st.SearchStrategy[Any]] = {
    Type.NUMBER: st.sampled_from(STATES)
    | st.sampled_from([Decimal(n) for n in ("-1", "0", "0.5", "1", "2.5", "500000")]),
    Type.BOOLEAN: st.sampled_from((*STATES, True, False)),
    Type.DATE: st.sampled_from(STATES) | st.dates(date(2025, 1, 1), date(2026, 12, 31)),
    Type.TEXT: st.sampled_from((*STATES, "abc", "ABC", "a", "it's")),
}
cells: st.SearchStrategy[dict[str, Cell]] = st.fixed_dictionaries({name: values[TYPES[name]] for name in TYPES})


def resolve(text: str) -> Expression:
    names = Names(nodes=NODES)
    source = Source("t", text, (text,))
    leaf = Leaf(text, plain=True, line=1, column=1, length=len(text), source=source, start=0, end=len(text))
    found = Resolver(leaf, names).expression(parse(text))
    assert not names.problems.found, names.problems.found
    return found


def _flat(text: str) -> bool:
    """Whether a formula is far from the deepest that may be written."""
    steps = ({"(": 1, ")": -1}.get(sign, 0) for sign in text)
    return max(accumulate(steps), default=0) <= MAX_NESTING // 2


@given((conditions | numbers).filter(_flat))
def test_what_is_printed_parses_to_the_same_formula(text: str) -> None:
    expression = resolve(text)
    assert resolve(show(expression)) == expression


# ── three values, and a fourth ──

truths = st.sampled_from((True, False, UNKNOWN, IDLE))
known_truths = st.sampled_from((True, False, UNKNOWN))


@given(truths, truths, truths)
def test_logic_is_commutative_associative_and_distributes(a: Cell, b: Cell, c: Cell) -> None:
    for join in (all_of, any_of):
        assert join((a, b)) is join((b, a))
        assert join((join((a, b)), c)) is join((a, join((b, c))))
    assert all_of((a, any_of((b, c)))) is any_of((all_of((a, b)), all_of((a, c))))


@given(truths, truths)
def test_de_morgan_holds_with_unknown_and_not_applicable(a: Cell, b: Cell) -> None:
    assert negate(all_of((a, b))) is any_of((negate(a), negate(b)))
    assert negate(any_of((a, b))) is all_of((negate(a), negate(b)))


@given(known_truths)
def test_unknown_never_becomes_false_in_a_negation(a: Cell) -> None:
    assert negate(negate(a)) is a
    assert (negate(a) is UNKNOWN) is (a is UNKNOWN)


@given(values[Type.NUMBER], values[Type.NUMBER])
def test_a_comparison_and_its_opposite_never_agree(a: Cell, b: Cell) -> None:
    for test, opposite in ((tree.Test.EQ, tree.Test.NE),):
        assert compare(test, a, b, fold=False) is negate(compare(opposite, a, b, fold=False))
    for test, opposite in ((tree.Test.LT, tree.Test.GE), (tree.Test.GT, tree.Test.LE)):
        found = (compare(test, a, b, fold=False), compare(opposite, a, b, fold=False))
        idle = a is IDLE or b is IDLE
        assert found == (False, False) if idle else found[0] is negate(found[1])


@given(st.data())
def test_learning_more_never_changes_what_was_known(data: st.DataObject) -> None:
    text = data.draw(conditions.filter(lambda t: " is " not in t and "coalesce" not in t))
    before = data.draw(cells)
    expression = resolve(text)
    answer = Evaluator(FRAME, before).value(expression)
    after = {
        name: data.draw(values[TYPES[name]].filter(lambda v: v not in STATES)) if value is UNKNOWN else value
        for name, value in before.items()
    }
    if answer is not UNKNOWN:
        assert Evaluator(FRAME, after).value(expression) == answer


@given(conditions, cells)
def test_a_condition_is_true_false_or_unknown_and_nothing_else(text: str, row: dict[str, Cell]) -> None:
    answer = Evaluator(FRAME, row).value(resolve(f"not not ({text})"))
    assert answer is True or answer is False or answer is UNKNOWN


# ── not connected ──


@given(conditions | numbers, cells, st.sets(st.sampled_from(sorted(TYPES))))
def test_taking_out_what_is_not_connected_changes_no_answer(text: str, row: dict[str, Cell], off: set[str]) -> None:
    expression = resolve(text)
    folded = Folder(dict.fromkeys(off, ""), {}).fold(expression)
    used = {part.name for part in walk(folded) if hasattr(part, "name")}
    assert not used & off
    silent = {name: IDLE if name in off else value for name, value in row.items()}
    found = Evaluator(FRAME, silent).value(folded)
    expected = Evaluator(FRAME, silent).value(expression)
    assert _same(found, expected)


def _same(found: Cell, expected: Cell) -> bool:
    """Where a condition itself is not applicable it counts as false: folded away it is false."""
    if expected is IDLE or found is IDLE:
        return negate(found) is negate(expected) if False in (found, expected) else found is expected
    return found is expected or found == expected
