"""Columns that nothing knows and that look like one that is missing: custom fields all the same, and told so."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from connector.engine.said import say
from connector.engine.tables import needs
from connector.model.fields import CATALOGUE, Table
from connector.model.runs import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.engine.tables.sources import Source
    from connector.rules.ruleset import RuleSet

SHORT = 5
"""Names of so many letters are told apart by one letter, longer ones by two."""


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
        if meant := next((name for name in missing if _alike(column.lower(), name)), None):
            file = source.files[0].name
            yield Reason("LOOKS_MISSPELT", say("looks_misspelt", file=file, column=column, meant=meant))


def _alike(one: str, other: str) -> bool:
    most = 1 if len(other) <= SHORT else 2
    letters, others = Counter(one), Counter(other)
    if max((letters - others).total(), (others - letters).total()) > most:
        return False
    return distance(one, other) <= most


def distance(one: str, other: str) -> int:
    """Count the letters to add, leave out or change to come from one word to the other."""
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        before, row = row, [number]
        for at, known in enumerate(other):
            row.append(min(before[at] + (letter != known), before[at + 1] + 1, row[at] + 1))
    return row[-1]
