"""Worked examples inside rule files."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from connector.rules.ruleset import Example
from connector.rules.syntax.document import Keys, Leaf

ALWAYS = ("warnings", "counts")

if TYPE_CHECKING:
    from collections.abc import Collection

    from connector.rules.binding.names import Names
    from connector.rules.syntax.document import Value
    from connector.rules.syntax.forms import Form


def read_example(form: Form) -> Example:
    """Read one example; its values stay texts, as they would stand in a CSV file."""
    given = {leaf.text: _plain(value) for leaf, value in form.mapping("given")}
    expect = {leaf.text: _plain(value) for leaf, value in form.mapping("expect")}
    changes = {leaf.text: _plain(value) for leaf, value in form.mapping("set")}
    name = form.text("name") or ""
    return Example(name, given, expect, _day(form), changes, form.words("needs"), form.at)


def _day(form: Form) -> str:
    """Give the day an example is evaluated on as it is written; empty without one, or when it is none (noted)."""
    leaf = form.leaf("as_of")
    if leaf is None:
        return ""
    try:
        return date.fromisoformat(leaf.text).isoformat()
    except ValueError:
        form.problems.add(leaf.at, f"'{leaf.text}' is not a date", "write it as 2026-03-31")
        return ""


def check_example(example: Example, names: Names, outputs: Collection[str]) -> None:
    """Note what an example expects or sets that does not exist: it would never fail."""
    known = {*names.nodes, *names.absent, *outputs, *ALWAYS}
    several = isinstance(example.given.get("accounts"), list)
    for key, value in example.expect.items():
        wanted = value if isinstance(value, dict) and (several or key == "counts") else {key: value}
        for name in wanted:
            if name not in known and not names.broken:  # a name may be missing for a mistake told already
                names.problems.unknown(example.at, "expectation", str(name), known)
    for name in example.set:
        if name not in names.parameters:
            names.problems.unknown(example.at, "parameter", name, names.parameters)


def _plain(value: Value) -> object:
    if isinstance(value, Leaf):
        return None if value.plain and value.text in {"null", "~", ""} else value.text
    if isinstance(value, Keys):
        return {leaf.text: _plain(inner) for leaf, inner in value.entries}
    return [_plain(item) for item in value.items]
