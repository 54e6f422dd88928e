"""Workflows of the account: a property that got a value enrols the record, and a moment later an action edits it.

As at the vendor they run by themselves after the write was answered, so the answer holds what was sent; their own edits
enrol records too, and do not count as a person's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.sandbox.hubspot.account.kinds import Kind
    from connector.sandbox.hubspot.account.records import Record

MS = 1000


@dataclass(frozen=True)
class Workflow:
    """Of records of `object` whose `property` got a value that `pattern` finds, `set` gives others, `seconds` later."""

    object: str
    property: str
    set: dict[str, str]
    pattern: str = ""
    seconds: float = 0

    def enrols(self, kind: Kind, record: Record, given: Iterable[str]) -> bool:
        """Tell whether a record that was just given these properties is enrolled."""
        value = record.properties.get(self.property, "")
        about = kind.name == self.object and self.property in given
        return about and re.search(self.pattern, value) is not None


@dataclass
class Workflows:
    """The workflows that are switched on, and the actions that are still to come."""

    on: list[Workflow] = field(default_factory=list)
    _to_come: list[tuple[int, Kind, int, dict[str, str]]] = field(default_factory=list)

    def enrol(self, kind: Kind, record: Record, given: Iterable[str], *, now: int) -> None:
        """Enrol a record that was just written, where one of them asks for it."""
        for workflow in self.on:
            if workflow.enrols(kind, record, given):
                self._to_come.append((now + int(workflow.seconds * MS), kind, record.id, workflow.set))

    def due(self, now: int) -> Iterator[tuple[Kind, int, dict[str, str]]]:
        """Yield the actions whose time has come, each once."""
        due = [action for action in self._to_come if action[0] <= now]
        self._to_come = [action for action in self._to_come if action[0] > now]
        yield from (action[1:] for action in due)
