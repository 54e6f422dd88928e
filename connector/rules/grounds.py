"""What a rule rests on, as it is written: each value beside its threshold, where it comes from, and / or between."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.model.fields import Type
from connector.model.outputs import OURS
from connector.rules.origins import origins, parameter_of
from connector.rules.ruleset import FieldOf, FormulaOf, RankOf
from connector.rules.styles import Style
from connector.rules.told import SHOWN, WORDS, Told, answers, enclosed, outcome_of, style_of, ways
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
    Sentence,
    State,
    Test,
)
from connector.rules.walk import NUMERIC, family, walk
from connector.rules.wording import exact

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from connector.rules.names import Names
    from connector.rules.texts import Labels
    from connector.rules.tree import Expression

MOST, DEEPEST, LONGEST, COLUMNS = 12, 8, 60, 3
"""Values told per rule, names followed below it, characters of a list and columns of a value: more is not read."""
COMPUTED = (Literal, Param, Name, Arithmetic, Call)


class Grounds(Struct):
    """Tells the condition of one rule, in one language."""

    names: Names
    labels: Labels
    language: str
    listed: Collection[str] = ()
    """Signals that have a line of their own: here they are only named."""
    left: int = MOST
    placed: set[str] = field(default_factory=set)
    """Columns named so far: each once per rule."""

    def tell(self, expression: Expression, depth: int = 0) -> Told | None:
        """Give the text of a condition; None where there is nothing a person could check."""
        match expression:
            case And():
                return self._joined(expression.parts, "and", depth)
            case Or():
                return self._joined(expression.parts, "or", depth)
            case Not():
                return self._denied(self.tell(expression.part, depth))
            case Compare(left=Name() as left):
                return self._compared(expression, left, depth)
            case In(value=Name() as left):
                return self._listed(expression, left)
            case Name(type=Type.BOOLEAN):
                return self._named(expression, depth)
            case Case():
                return self._chosen(expression, depth)
            case Call(function=Function.IF):
                return self.tell(expression.arguments[-1], depth)
            case _:
                return None

    # ── what is put together ──

    def _joined(self, parts: Sequence[Expression], word: str, depth: int) -> Told | None:
        pairs = [(part, self.tell(part, depth)) for part in parts]
        told = [each for _, each in pairs if each is not None]
        if word == "and" and told and any(each is None for _, each in pairs):
            silent = tuple(part for part, each in pairs if each is None and not isinstance(part, KnownTest))
            return self._guarded(silent, told)
        if word == "or" or len(told) == 1:
            return self._or(told)
        return self._all(told, "and") if told else None

    def _guarded(self, silent: tuple[Expression, ...], told: list[Told]) -> Told:
        """Say the rest only where what is not worth telling (an earlier state, a parameter's choice) may hold."""
        rest = told[0] if len(told) == 1 else self._all(told, "and")
        if not silent:
            return rest
        return Told(Say((rest.text,), when=And(silent)), rest.loose)

    def _all(self, told: Sequence[Told], word: str) -> Told:
        join = WORDS[self.language][word]
        return Told(Say(tuple(self._bracketed(each).text for each in told), join=join), loose=True)

    def _bracketed(self, told: Told) -> Told:
        return self._around("(", told, ")") if told.loose else told

    def _denied(self, told: Told | None) -> Told | None:
        word = WORDS[self.language]["not"]
        return told and self._around(f"{word}(", told, ")")

    def _chosen(self, case: Case, depth: int) -> Told | None:
        """A signal: suppressed, staying on, or going on; the first that holds is told."""
        before, named = set(self.placed), set[str]()
        told: list[Told] = []
        for when, then in ways(case):
            self.placed = set(before)
            told += [each for each in (self._way(when, then, depth),) if each is not None]
            named |= self.placed
        self.placed = named
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
        return self._around(WORDS[self.language][word], told, when=branch.when)

    # ── one value ──

    def _named(self, name: Name, depth: int) -> Told | None:
        node = self.names.nodes[name.name]
        inside = None
        if isinstance(node.definition, FormulaOf) and depth < DEEPEST and name.name not in self.listed:
            inside = self.tell(node.definition.expression, depth + 1)
        if not node.meaning:
            return inside
        outcome = outcome_of(name, self.language)
        return self._value(name, (outcome,), inside, column=inside is None and name.name not in self.listed)

    def _compared(self, compare: Compare, left: Name, depth: int) -> Told | None:
        if family(left.type) == "text":
            return self._worded(compare, left, depth)
        right = compare.right
        if left.type not in {*NUMERIC, Type.DATE} or not isinstance(right, COMPUTED) or not self._set(right):
            return None
        value = Placeholder(left, style_of(left))
        return self._value(left, (value, f" ({SHOWN.get(compare.test, compare.test)} ", self._shown(right, left), ")"))

    def _set(self, threshold: Expression) -> bool:
        """Tell whether every parameter of a threshold has a value."""
        named = (part.name for part in walk(threshold) if isinstance(part, Param))
        return all(self.names.parameters[name].value is not None for name in named)

    def _worded(self, compare: Compare, left: Name, depth: int) -> Told | None:
        word = compare.right.value if isinstance(compare.right, Literal) else None
        if not isinstance(word, str):
            return None
        deep = compare.test is Test.EQ and not self.listed
        inside = self._makes(left.name, word, depth) if deep else None
        labels = self.labels.get(left.name)
        if labels is None and self.names.nodes[left.name].options:
            return inside
        wanted = (labels or {}).get(self.language, {}).get(word, word)
        value = Placeholder(left, Style.LABEL if labels else Style.TEXT, labels)
        tested = (value, f" ({SHOWN.get(compare.test, compare.test)} {wanted})")
        return self._value(left, tested, inside, column=inside is None)

    def _listed(self, test: In, left: Name) -> Told | None:
        options = [word for option in test.options for word in self._words(option)]
        if not options:
            return None
        labels = self.labels.get(left.name)
        named = [(labels or {}).get(self.language, {}).get(word, word) for word in options]
        text = WORDS[self.language]["or"].join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)
        text = text if len(text) <= LONGEST else text[:LONGEST] + "…"
        value = Placeholder(left, Style.LABEL if labels else Style.TEXT, labels)
        return self._value(left, (value, f" ({'≠' if test.negated else '='} {text})"))

    def _words(self, option: Expression) -> Iterable[str]:
        value = (
            self.names.parameters[option.name].value if isinstance(option, Param) else getattr(option, "value", None)
        )
        return [str(word) for word in (value if isinstance(value, tuple) else (value,))]

    def _makes(self, name: str, word: str, depth: int) -> Told | None:
        left, placed = self.left, set(self.placed)
        answers = self._answers(name, word, depth)
        if answers is None:
            self.left, self.placed = left, placed
        return self._or(answers)

    def _answers(self, name: str, word: str, depth: int) -> list[Told] | None:
        """What makes a model give this answer; None where that is a place in a ranking, which no condition tells."""
        definition = self.names.nodes[name].definition
        if isinstance(definition, RankOf):
            return None
        if not isinstance(definition, FormulaOf) or not isinstance(definition.expression, Case) or depth >= DEEPEST:
            return []
        told: list[Told] = []
        for when, then in answers(definition.expression):
            if isinstance(then, Literal) and then.value == word:
                told += [each for each in (self.tell(when, depth + 1),) if each is not None]
            elif isinstance(then, Name):
                more = self._answers(then.name, word, depth + 1)
                if more is None:
                    return None
                told += more
        return told

    def _or(self, told: Sequence[Told] | None) -> Told | None:
        if not told or len(told) == 1:
            return told[0] if told else None
        return self._all(told, "or")

    def _value(
        self, name: Name, tested: tuple[str | Placeholder, ...], inside: Told | None = None, *, column: bool = True
    ) -> Told | None:
        """One leaf: what it is called, its value and test, where it comes from or what it rests on."""
        definition = self.names.nodes[name.name].definition
        # what we wrote ourselves is the state of an earlier run, no ground for anything
        earlier = isinstance(definition, FieldOf) and definition.column.startswith(OURS)
        if (self.left <= 0 and inside is None) or earlier:
            return None
        self.left -= 1
        called = self.names.nodes[name.name].meaning.get(self.language) or name.name
        pieces: tuple[str | Placeholder, ...] = (f"{called} ", *tested)
        if column and (where := self._column(name)):
            pieces += (f" {{{where}}}",)
        there = KnownTest(name, State.NOT_APPLICABLE, negated=True)
        if inside is None:
            return self._said(*pieces, when=there)
        return self._said(*pieces, enclosed(self._around(" [", inside, "]")), when=there)

    def _column(self, name: Name) -> str:
        """Where a value comes from; of a word computed from a whole profile nothing is named."""
        found = origins(self.names.nodes, name.name, parameter_of(self.names.parameters))
        if len(found) > COLUMNS and family(name.type) == "text":
            return ""
        new = [column for column in found[:COLUMNS] if column not in self.placed]
        self.placed |= set(new)
        return ", ".join(new) + (" …" if new and len(found) > COLUMNS else "")

    def _shown(self, value: Expression, left: Name) -> str | Placeholder:
        if isinstance(value, Literal) and isinstance(value.value, Decimal):
            return exact(value.value, self.language)
        return Placeholder(value, style_of(left))

    def _said(self, *pieces: str | Placeholder, when: Expression | None = None) -> Told:
        return Told(Sentence({self.language: pieces}, when))

    def _around(self, before: str, told: Told, after: str = "", when: Expression | None = None) -> Told:
        """Put words around a text, which are left out with it."""
        pieces = (before, enclosed(told), after) if after else (before, enclosed(told))
        return Told(Sentence({self.language: pieces}, when, encloses=True))
