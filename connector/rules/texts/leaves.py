"""One value a rule rests on: what it is called, how it and its threshold are written, and where it comes from."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.model.fields import Type
from connector.model.outputs import OURS
from connector.rules.kinds.common import is_known
from connector.rules.origins import ACCOUNT, origins, parameter_of
from connector.rules.ruleset import FieldOf
from connector.rules.styles import Style
from connector.rules.texts.told import WORDS, Told, enclosed, given_first, said, style_of
from connector.rules.tree import KnownTest, Literal, Param, Placeholder, Sentence, State
from connector.rules.walk import family, walk
from connector.rules.wording import exact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.rules.binding.names import Names
    from connector.rules.texts.sentences import Labels
    from connector.rules.tree import Expression, Name

MOST, LONGEST, COLUMNS = 12, 60, 3
"""Values told per rule, characters of a list and columns of a value: more is not read."""


class Leaves(Struct):
    """Tells the values of one rule, in one language."""

    names: Names
    labels: Labels
    language: str
    left: int = MOST
    placed: set[str] = field(default_factory=set)
    """Columns named so far: each once, where what named it is always said."""

    def value(
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
            return said(self.language, *pieces, when=there)
        return said(self.language, *pieces, enclosed(self.around(" [", inside, "]")), when=there)

    def threshold(self, value: Expression, left: Name) -> str | Placeholder:
        """Write what a value is held against as the value is: money as money, other numbers with all their decimals."""
        if left.type is not Type.MONEY and isinstance(value, Literal) and isinstance(value.value, Decimal):
            return exact(value.value, self.language)
        style = style_of(left)
        return Placeholder(value, Style.EXACT if style is Style.WHOLE else style)

    def is_set(self, threshold: Expression) -> bool:
        """Tell whether every parameter of a threshold has a value."""
        named = (part.name for part in walk(threshold) if isinstance(part, Param))
        return all(self.names.parameters[name].value is not None for name in named)

    def words(self, option: Expression) -> Sequence[str]:
        """Give the words of one option: its own, or those of a parameter."""
        value = (
            self.names.parameters[option.name].value if isinstance(option, Param) else getattr(option, "value", None)
        )
        return [str(word) for word in (value if isinstance(value, tuple) else (value,)) if word is not None]

    def one_of(self, name: str, words: Sequence[str]) -> str:
        """Write a list of answers by their labels; a long one ends between two words."""
        labels = self.labels.get(name, {}).get(self.language, {})
        called = [labels.get(word, word) for word in words]
        listed = self.word("or").join([", ".join(called[:-1]), called[-1]] if len(called) > 1 else called)
        return listed if len(listed) <= LONGEST else listed[:LONGEST].rpartition(" ")[0].rstrip(",") + " …"

    def given(self, name: str) -> Told | None:
        """Tell that a person filled in the answer, where the model takes that before anything else."""
        found = given_first(self.names.nodes[name])
        source = None if found is None else self.names.nodes[found.name].definition
        if found is None or not isinstance(source, FieldOf) or source.column.startswith(OURS):
            return None
        return said(self.language, f"{self.word('given')} {{{ACCOUNT}.{source.column}}}", when=is_known(found))

    def around(self, before: str, told: Told, after: str = "", when: Expression | None = None) -> Told:
        """Put words around a text, which are left out with it."""
        pieces = (before, enclosed(told), after) if after else (before, enclosed(told))
        return Told(Sentence({self.language: pieces}, when, encloses=True))

    def word(self, key: str) -> str:
        """Give a word of the language."""
        return WORDS[self.language][key]

    def _column(self, name: Name) -> str:
        """Where a value comes from; of a word computed from a whole profile nothing is named."""
        found = origins(self.names.nodes, name.name, parameter_of(self.names.parameters))
        if len(found) > COLUMNS and family(name.type) == "text":
            return ""
        new = [column for column in found[:COLUMNS] if column not in self.placed]
        self.placed |= set(new)
        return ", ".join(new) + (" …" if new and len(found) > COLUMNS else "")
