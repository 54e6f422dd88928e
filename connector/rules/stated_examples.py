"""Worked examples inside rule files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.rules.document import Items, Keys, Leaf
from connector.rules.ruleset import Example

if TYPE_CHECKING:
    from connector.rules.document import Value
    from connector.rules.forms import Form


def read_example(form: Form) -> Example:
    """Read one example; its values stay texts, as they would stand in a CSV file."""
    given = {leaf.text: _plain(value) for leaf, value in form.mapping("given")}
    expect = {leaf.text: _plain(value) for leaf, value in form.mapping("expect")}
    changes = {leaf.text: _plain(value) for leaf, value in form.mapping("set")}
    as_of = form.leaf("as_of")
    return Example(form.text("name") or "", given, expect, as_of.text if as_of else "", changes, form.at)


def _plain(value: Value) -> object:
    if isinstance(value, Leaf):
        return None if value.plain and value.text in {"null", "~", ""} else value.text
    if isinstance(value, Items):
        return [_plain(item) for item in value.items]
    assert isinstance(value, Keys)  # noqa: S101 - the three kinds of values
    return {leaf.text: _plain(inner) for leaf, inner in value.entries}
