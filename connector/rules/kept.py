"""A rule set that was loaded and checked, as bytes, with what its values are made of: neither is worked out again.

The bytes can hold what rule sets are made of and nothing else: no other class is let in and none is handed out, so
that who can write the file can have nothing run and no class altered. What is told by it is as good as its folder.
"""

from __future__ import annotations

import io
import pickle
from importlib import import_module
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from connector.rules.origins import Origin, parameter_of, sources

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.rules.ruleset import RuleSet

MODEL, RULES = "connector.model", "connector.rules"
HOMES = frozenset({f"{MODEL}.fields", f"{MODEL}.outputs", f"{RULES}.ruleset", f"{RULES}.styles", f"{RULES}.tree"})
OTHERS = {("decimal", "Decimal"), ("datetime", "date"), (f"{RULES}.origins", "Origin"), (__name__, "KeptRules")}


class NoRuleSetError(ValueError):
    """The bytes hold no rule set."""


class KeptRules(Struct, frozen=True):
    """A rule set without its examples, which nobody evaluates by, and the origins of every node."""

    rules: RuleSet
    origins: Mapping[str, tuple[Origin, ...]]


def told(rules: RuleSet) -> KeptRules:
    """A rule set as it is kept."""
    nodes, chosen = {node.name: node for node in rules.nodes}, parameter_of(rules.parameters)
    return KeptRules(replace(rules, examples=()), {name: sources(nodes, name, chosen) for name in nodes})


def dumped(found: KeptRules) -> bytes:
    """Write it."""
    return pickle.dumps(found, protocol=5)


def loaded(data: bytes) -> KeptRules:
    """Read what `dumped` wrote; raises NoRuleSetError for anything else."""
    try:
        found = _Reader(io.BytesIO(data)).load()
    except Exception as error:
        raise NoRuleSetError(str(error)) from error
    if not isinstance(found, KeptRules):
        raise NoRuleSetError(type(found).__name__)
    return found


def _maker(kind: type) -> Callable[..., object]:
    """What makes values of a class and is not that class: a pickle may set attributes of whatever it was handed."""

    def made(*parts: object) -> object:
        return kind(*parts)

    return made


class _Reader(pickle.Unpickler):
    """Makes what rule sets are made of."""

    def find_class(self, module: str, name: str) -> Any:
        """What makes a value of that class; raises for any other thing."""
        if module in HOMES or (module, name) in OTHERS:
            found = getattr(import_module(module), name, None)
            if isinstance(found, type) and found.__module__ == module:
                return _maker(found)
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a rule set")
