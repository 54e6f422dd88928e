"""Fault rules: which calls go wrong, how often, and in which way. What a fault looks like is the vendor's room."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass
class Rule:
    """One fault: it counts the calls it matches and strikes when the count is due.

    `method`, `path` (with its query) and `body` are regular expressions searched for in the call. Without any of `nth`,
    `every`, `first` and `last` it strikes each time; `times` ends it after so many strikes.
    """

    action: str
    method: str = ""
    path: str = ""
    body: str = ""
    nth: int | None = None
    every: int | None = None
    first: int | None = None
    last: int | None = None
    times: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    seen: int = 0
    struck: int = 0

    def matches(self, method: str, path: str, body: bytes) -> bool:
        """Tell whether a call is of the kind this fault is about."""
        fits = re.search(self.method, method) and re.search(self.path, path)
        return bool(fits) and (not self.body or re.search(self.body.encode(), body) is not None)

    def strikes(self) -> bool:
        """Count one matching call and tell whether it goes wrong."""
        self.seen += 1
        due = (
            (self.times is None or self.struck < self.times)
            and (self.nth is None or self.seen == self.nth)
            and (self.every is None or self.seen % self.every == 0)
            and (self.first is None or self.seen >= self.first)
            and (self.last is None or self.seen <= self.last)
        )
        self.struck += due
        return due


class Faults:
    """The rules in force; the first one that strikes decides."""

    def __init__(self, actions: Iterable[str]) -> None:
        self._actions = frozenset(actions)
        self._rules: list[Rule] = []

    def add(self, wanted: dict[str, Any]) -> Rule:
        """Take in a rule; names that are no field of a rule are the action's options."""
        names = Rule.__dataclass_fields__.keys() - {"options", "seen", "struck"}
        action = str(wanted.get("action", ""))
        if action not in self._actions:
            raise UsageError(f"unknown fault {action!r}", hint=f"one of {', '.join(sorted(self._actions))}")
        if action == "answer":
            names -= {"body"}  # it is what is answered, not what is looked for
        fields = {name: value for name, value in wanted.items() if name in names}
        rule = Rule(**fields, options={name: value for name, value in wanted.items() if name not in names})
        self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Take every rule out of force."""
        self._rules.clear()

    def pick(self, method: str, path: str, body: bytes) -> Rule | None:
        """Give the rule that strikes this call; every matching rule counts it."""
        matching = [rule for rule in self._rules if rule.matches(method, path, body)]
        striking = [rule for rule in matching if rule.strikes()]
        return striking[0] if striking else None

    def told(self) -> list[dict[str, Any]]:
        """List the rules with how often each matched and struck."""
        return [asdict(rule) for rule in self._rules]
