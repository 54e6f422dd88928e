"""Columns that nothing knows and that look like one that is missing: custom fields all the same, and told so.

A name is taken for misspelt where its words are those of the other with a slip of typing or a plural. A word that some
field has is no slip: `last_contract` is a column of its own, however near it is to `last_contact`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connector.engine.said import say
from connector.engine.tables import needs
from connector.model.fields import CATALOGUE, Table
from connector.model.runs import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connector.engine.tables.sources import Source
    from connector.rules.ruleset import RuleSet

BETWEEN = re.compile(r"[\W_]+|(?<=[a-z0-9])(?=[A-Z])")
"""What stands between the words of a name, in one style or another."""
SHORT, LONG = 4, 8
"""Letters of a short and of a long word: a slip in a longer one leaves less doubt which was meant."""
VOWELS = frozenset("aeiouy")
WORDS = frozenset({word for fields in CATALOGUE.values() for field in fields for word in field.name.split("_")})
OTHERS = frozenset({"county"})
"""Words that no field has, that columns are called by, and that are a slip away from one that a field has."""


def lookalikes(sources: Mapping[Table, Source], rules: RuleSet) -> list[Reason]:
    """Return, per column that no rule reads, the known one it may be meant for; case is no difference by itself."""
    return [reason for table, source in sources.items() for reason in _of_table(table, source, rules)]


def _of_table(table: Table, source: Source, rules: RuleSet) -> Iterator[Reason]:
    catalogue = {field.name for field in CATALOGUE.get(table, ())}
    read = {column.source for column in needs.columns(table, rules.nodes, rules.outputs).values()}
    outputs = {output.output.name for output in rules.outputs}
    missing = sorted(catalogue - set(source.columns))
    for column in source.columns:
        if column in catalogue | read | outputs:
            continue
        if meant := next((name for name in missing if misspells(column, name)), None):
            file = source.files[0].name
            yield Reason("LOOKS_MISSPELT", say("looks_misspelt", file=file, column=column, meant=meant))


def misspells(column: str, name: str) -> bool:
    """Whether a column looks like a slip for the name of a field; true of the name itself too."""
    if len(column) > 3 * len(name):
        return False
    written, words = [part.lower() for part in BETWEEN.split(column) if part], name.split("_")
    if len(written) == len(words):
        return all(map(_stands_for, written, words))
    return _run_together("".join(written), words)


def _run_together(letters: str, words: Sequence[str]) -> bool:
    """Whether these are the words, written without what stands between them or with it elsewhere."""
    if not words:
        return not letters
    word, *others = words
    sizes = range(max(1, len(word) - 2), len(word) + 3)
    return any(_stands_for(letters[:size], word) and _run_together(letters[size:], others) for size in sizes)


def _stands_for(written: str, word: str) -> bool:
    if written == word:
        return True
    if not (written + word).isalpha():
        return False
    if written in _plurals(word) or word in _plurals(written):
        return True
    return written not in WORDS | OTHERS and (
        _reordered(written, word) or _changed(written, word) or _dropped(written, word) or _added(written, word)
    )


def _plurals(word: str) -> tuple[str, ...]:
    return f"{word}s", f"{word}es", *([f"{word[:-1]}ies"] if word.endswith("y") else ())


def _reordered(written: str, word: str) -> bool:
    """Two neighbours changed places; in a word that is not short any letters did, but the first and the last."""
    if sorted(written) != sorted(word):
        return False
    apart = _apart(written, word)
    inside = apart[0] > 0 and apart[-1] < len(word) - 1
    return apart[-1] - apart[0] == 1 or (len(word) > SHORT and inside)


def _changed(written: str, word: str) -> bool:
    """One letter inside is another: a vowel for a vowel, any in a long word; `starred` is not `started`."""
    if len(written) != len(word) or len(apart := _apart(written, word)) > 1:
        return False
    at = apart[0]
    vowels = len(word) > SHORT and {written[at], word[at]} <= VOWELS
    return 0 < at < len(word) - 1 and (vowels or len(word) >= LONG)


def _dropped(written: str, word: str) -> bool:
    return len(word) >= SHORT and any(_without(word, at) == written for at in range(len(word)))


def _added(written: str, word: str) -> bool:
    """A letter is doubled, or one too many stands inside a word that is not short."""
    return any(
        _without(written, at) == word and (written[at] == written[at - 1] or (len(word) > SHORT and at < len(word)))
        for at in range(1, len(written))
    )


def _apart(written: str, word: str) -> list[int]:
    return [at for at, pair in enumerate(zip(written, word, strict=True)) if len(set(pair)) > 1]


def _without(word: str, at: int) -> str:
    return word[:at] + word[at + 1 :]
