"""What a rule rests on, as it is written: each value beside its threshold, where it comes from, and / or between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from connector.model.fields import Type
from connector.rules.kinds.common import sure
from connector.rules.ruleset import FieldOf, FormulaOf, RankOf
from connector.rules.styles import Style
from connector.rules.texts.denied import opposite
from connector.rules.texts.told import (
    IDLE,
    SHOWN,
    Told,
    agreeing,
    answers,
    looked_at,
    outcome_of,
    style_of,
    unknown_is_enough,
    ways,
)
from connector.rules.tree import (
    And,
    Arithmetic,
    Branch,
    Call,
    Case,
    Compare,
    Function,
    In,
    KnownTest,
    Literal,
    Name,
    Not,
    Or,
    Param,
    Placeholder,
    Say,
    State,
    Test,
)
from connector.rules.walk import NUMERIC, family
from connector.rules.wording import UNKNOWN_WORD

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from connector.rules.texts.leaves import Leaves
    from connector.rules.tree import Expression

DEEPEST = 8
"""Names followed below a rule: more is not read."""
COMPUTED = (Literal, Param, Name, Arithmetic, Call)


class Grounds(Struct):
    """Tells the condition of one rule, in one language."""

    leaves: Leaves
    listed: Collection[str] = ()
    """Signals that have a line of their own: here they are only named."""
    may_lack: frozenset[str] = frozenset()
    """Names that need not be known here: being unknown is enough."""

    def tell(self, expression: Expression, depth: int = 0) -> Told | None:
        """Give the text of a condition; None where there is nothing a person could check."""
        match expression:
            case And():
                return self._all_of(expression.parts, depth)
            case Or():
                return self._any_of(expression.parts, depth)
            case Not():
                return self._opposite(expression, depth)
            case Compare(left=Name() as left):
                return self._compared(expression, left, depth)
            case In(value=Name() as left):
                return self._listed(expression, left)
            case Name(type=Type.BOOLEAN):
                return self._named(expression, depth)
            case Case():
                return self._chosen(expression, depth)
            case Call(function=Function.IF):
                return self._either(expression, depth)
            case _:
                return None

    # ── what is put together ──

    def _all_of(self, parts: Sequence[Expression], depth: int) -> Told | None:
        """Join what must all hold; where one of them does not apply, the rest is no ground."""
        told, silent = self._each(parts, depth, frozenset())
        idle = (name for part in parts for name in looked_at(part) if self.leaves.names.nodes[name.name].may_not_apply)
        applies = tuple(KnownTest(name, State.NOT_APPLICABLE, negated=True) for name in idle)
        return self._guarded((*silent, *applies), told) if told else None

    def _any_of(self, parts: Sequence[Expression], depth: int) -> Told | None:
        """Join what may hold; where something not worth telling holds by itself, the rest says nothing."""
        told, silent = self._each(parts, depth, frozenset(name for part in parts for name in unknown_is_enough(part)))
        rest = self._or(told)
        others = tuple(Not(sure(part)) for part in silent if not self._never(part))
        return rest and self._guarded(others, [rest])

    def _each(
        self, parts: Sequence[Expression], depth: int, may_lack: frozenset[str]
    ) -> tuple[list[Told], tuple[Expression, ...]]:
        """Tell each part; give those not worth telling apart. Whether something is known goes without saying."""
        before, self.may_lack = self.may_lack, may_lack
        pairs = [(part, self.tell(part, depth)) for part in parts]
        self.may_lack = before
        silent = tuple(part for part, told in pairs if told is None and not isinstance(part, KnownTest))
        return [told for _, told in pairs if told is not None], silent

    def _never(self, part: Expression) -> bool:
        """Whether it asks for one of a list that names nothing."""
        return isinstance(part, In) and not part.negated and not any(map(self.leaves.words, part.options))

    def _guarded(self, silent: tuple[Expression, ...], told: list[Told]) -> Told:
        """Say the rest only where what is not worth telling (an earlier state, a parameter's choice) may hold."""
        rest = told[0] if len(told) == 1 else self._all(told, "and")
        if not silent:
            return rest
        return Told(Say((rest.text,), when=And(silent)), rest.loose)

    def _all(self, told: Sequence[Told], word: str) -> Told:
        join = self.leaves.word(word)
        return Told(Say(tuple(self._bracketed(each).text for each in told), join=join), loose=True)

    def _bracketed(self, told: Told) -> Told:
        return self.leaves.around("(", told, ")") if told.loose else told

    def _opposite(self, denied: Not, depth: int) -> Told | None:
        turned = opposite(denied.part, self.leaves.names.nodes)
        if not isinstance(turned, Not):
            return self.tell(turned, depth)
        told, word = self.tell(turned.part, depth), self.leaves.word("not")
        return told and self.leaves.around(f"{word}(", told, ")")

    def _either(self, choice: Call, depth: int) -> Told | None:
        """What `if` chooses: the one where its condition holds, else the other."""
        when, then, otherwise = choice.arguments
        before = set(self.leaves.placed)
        told = [self._guarded((when,), [each]) for each in (self.tell(then, depth),) if each is not None]
        named, self.leaves.placed = self.leaves.placed, before
        told += [
            self._guarded((Not(sure(when)),), [each]) for each in (self.tell(otherwise, depth),) if each is not None
        ]
        self.leaves.placed |= named
        return self._first(told)

    def _chosen(self, case: Case, depth: int) -> Told | None:
        """A signal: suppressed, staying on, or going on; the first that holds is told."""
        before, named = set(self.leaves.placed), set[str]()
        told: list[Told] = []
        for when, then in ways(case):
            self.leaves.placed = set(before)
            told += [each for each in (self._way(when, then, depth),) if each is not None]
            named |= self.leaves.placed
        self.leaves.placed = named
        found = self._first(told)
        applies = tuple(Not(sure(branch.when)) for branch in case.branches if branch.label == IDLE)
        return found and self._guarded(applies, [found])

    def _first(self, told: Sequence[Told]) -> Told | None:
        if len(told) <= 1:  # nothing to choose from
            return told[0] if told else None
        return Told(Say(tuple(each.text for each in told), first=True), loose=any(t.loose for t in told))

    def _way(self, branch: Branch | None, then: Expression, depth: int) -> Told | None:
        word = {"suppressed": "never", "was on": "stays"}.get(branch.label) if branch else None
        if branch is None or word is None:
            return self.tell(then if branch is None else branch.when, depth)
        told = self.tell(branch.when if word == "never" else then, depth)
        if told is None:
            return None
        return self.leaves.around(self.leaves.word(word), told, when=branch.when)

    # ── one value ──

    def _named(self, name: Name, depth: int) -> Told | None:
        node = self.leaves.names.nodes[name.name]
        inside = None
        if isinstance(node.definition, FormulaOf) and depth < DEEPEST and name.name not in self.listed:
            inside = self.tell(node.definition.expression, depth + 1)
        if not node.meaning:
            return inside
        outcome = outcome_of(name, self.leaves.language, filled_in=isinstance(node.definition, FieldOf))
        return self.leaves.value(name, (outcome,), inside, column=inside is None and name.name not in self.listed)

    def _compared(self, compare: Compare, left: Name, depth: int) -> Told | None:
        if family(left.type) == "text":
            return self._worded(compare, left, depth)
        right = compare.right
        if left.type not in {*NUMERIC, Type.DATE} or not isinstance(right, COMPUTED) or not self.leaves.is_set(right):
            return None
        value = Placeholder(left, style_of(left))
        test = f"{SHOWN.get(compare.test, compare.test)} "
        if left.name in self.may_lack:
            test = UNKNOWN_WORD[self.leaves.language] + self.leaves.word("or") + test
        return self.leaves.value(left, (value, f" ({test}", self.leaves.threshold(right, left), ")"))

    def _worded(self, compare: Compare, left: Name, depth: int) -> Told | None:
        word = compare.right.value if isinstance(compare.right, Literal) else None
        if not isinstance(word, str):
            return None
        deep = compare.test is Test.EQ and not self.listed
        inside = self._makes(compare, left.name, word, depth) if deep else None
        labels = self.leaves.labels.get(left.name)
        if labels is None and self.leaves.names.nodes[left.name].options:
            return inside
        wanted = (labels or {}).get(self.leaves.language, {}).get(word, word)
        value = Placeholder(left, Style.LABEL if labels else Style.TEXT, labels)
        tested = (value, f" ({SHOWN.get(compare.test, compare.test)} {wanted})")
        return self.leaves.value(left, tested, inside, column=inside is None)

    def _listed(self, test: In, left: Name) -> Told | None:
        options = [word for option in test.options for word in self.leaves.words(option)]
        if not options:
            return None
        labels = self.leaves.labels.get(left.name)
        value = Placeholder(left, Style.LABEL if labels else Style.TEXT, labels)
        sign = SHOWN[Test.NE] if test.negated else Test.EQ
        return self.leaves.value(left, (value, f" ({sign} {self.leaves.one_of(left.name, options)})"))

    def _makes(self, asked: Compare, name: str, word: str, depth: int) -> Told | None:
        left, placed = self.leaves.left, set(self.leaves.placed)
        answers = self._answers(asked, name, word, depth)
        if answers is None:
            self.leaves.left, self.leaves.placed = left, placed
        made = self._or(answers)
        given = self.leaves.given(name)
        return self._first([each for each in (given, made) if each is not None])

    def _answers(self, asked: Compare, name: str, word: str, depth: int) -> list[Told] | None:
        """What makes a model give this answer; None where that is a place in a ranking, which no condition tells."""
        definition = self.leaves.names.nodes[name].definition
        if isinstance(definition, RankOf):
            return None
        if not isinstance(definition, FormulaOf) or not isinstance(definition.expression, Case) or depth >= DEEPEST:
            return []
        told: list[Told] = []
        for when, then in answers(definition.expression):
            if isinstance(then, Literal) and then.value == word:
                made = self._alone(when, depth + 1)
                told += [] if made is None else [self._guarded((agreeing(asked, when),), [made])]
            elif isinstance(then, Name):
                more = self._answers(asked, then.name, word, depth + 1)
                if more is None:
                    return None
                told += more
        return told

    def _alone(self, when: Expression, depth: int) -> Told | None:
        """Tell one of several reasons: it may be the only one said, so it names its columns although another did."""
        before, self.leaves.placed = self.leaves.placed, set()
        made = self.tell(when, depth)
        self.leaves.placed |= before
        return made

    def _or(self, told: Sequence[Told] | None) -> Told | None:
        if not told or len(told) == 1:
            return told[0] if told else None
        return self._all(told, "or")
