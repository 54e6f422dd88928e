"""Rule files in a test: as text, loaded, and their problems as lines."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from connector.rules.loading import load_texts
from connector.rules.syntax.problems import RuleError

if TYPE_CHECKING:
    from connector.rules.ruleset import RuleSet


def rules(text: str, **more: str) -> RuleSet:
    """Load one rule file, and others by name; `version: 1` is added."""
    files = {"t.yaml": text, **{f"{name}.yaml": other for name, other in more.items()}}
    return load_texts({name: ("version: 1\n" + dedent(each).lstrip("\n")).encode() for name, each in files.items()})


def problems(text: str, **more: str) -> list[str]:
    """Give the problems of rule files as `FILE:LINE:COLUMN: text`, sorted by place."""
    with pytest.raises(RuleError) as caught:
        rules(text, **more)
    return [str(problem) for problem in caught.value.problems]


def shown(text: str, **more: str) -> str:
    """Give the whole message a person sees."""
    with pytest.raises(RuleError) as caught:
        rules(text, **more)
    return str(caught.value)
