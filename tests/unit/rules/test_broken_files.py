"""One mistake anywhere in the shipped rules is told at its place, whatever stands on it; nothing else goes wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connector.rules.loading import load_texts
from connector.rules.problems import RuleError

RULES = Path(__file__).parents[3] / "rules"
FILES = {path.name: path.read_bytes() for path in sorted(RULES.glob("*.yaml"))}
FORMULA = re.compile(r"\b(?:is|when|value|where|that): (?=[a-z(])|^  [a-z_0-9]+: (?=[a-z(])")
PLACES = [
    (name, number)
    for name, content in FILES.items()
    for number, line in enumerate(content.decode().splitlines())
    if FORMULA.search(line) and "{name:" not in line and "default:" not in line
]
CHOSEN = PLACES[::7]
"""Some of them; all come out."""


@pytest.mark.parametrize(("name", "number"), CHOSEN)
def test_a_broken_formula_is_told_at_its_place(name: str, number: int) -> None:
    lines = FILES[name].decode().splitlines()
    found = FORMULA.search(lines[number])
    assert found
    lines[number] = f"{lines[number][: found.end()]}(( {lines[number][found.end() :]}"
    with pytest.raises(RuleError) as caught:
        load_texts({**FILES, name: "\n".join(lines).encode()})
    told = [line for line in str(caught.value).splitlines() if re.match(r"[\w-]+\.yaml:\d+:", line)]
    assert {line.split(": ")[0].rpartition(":")[0] for line in told} == {f"{name}:{number + 1}"}
