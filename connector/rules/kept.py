"""A rule set that was loaded and checked, as bytes, so that it need not be loaded again.

The bytes can hold what rule sets are made of and nothing else: no other class is let in, so that who can write the
file cannot have anything run.
"""

from __future__ import annotations

import io
import pickle
from dataclasses import replace
from importlib import import_module
from typing import Any

from connector.rules.ruleset import RuleSet

MODEL, RULES = "connector.model", "connector.rules"
HOMES = frozenset({f"{MODEL}.fields", f"{MODEL}.outputs", f"{RULES}.ruleset", f"{RULES}.styles", f"{RULES}.tree"})
VALUES = {("decimal", "Decimal"), ("datetime", "date")}


class NoRuleSetError(ValueError):
    """The bytes hold no rule set."""


def dumped(rules: RuleSet) -> bytes:
    """Write a rule set without its examples, which nobody evaluates by."""
    return pickle.dumps(replace(rules, examples=()), protocol=5)


def loaded(data: bytes) -> RuleSet:
    """Read what `dumped` wrote; raises NoRuleSetError for anything else."""
    try:
        found = _Reader(io.BytesIO(data)).load()
    except Exception as error:
        raise NoRuleSetError(str(error)) from error
    if not isinstance(found, RuleSet):
        raise NoRuleSetError(type(found).__name__)
    return found


class _Reader(pickle.Unpickler):
    """Lets in the classes that rule sets are made of."""

    def find_class(self, module: str, name: str) -> Any:
        """The class of that name; raises for any other thing."""
        if module in HOMES or (module, name) in VALUES:
            found = getattr(import_module(module), name, None)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a rule set")
