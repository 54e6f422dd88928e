"""One mistake anywhere in the shipped rules is told at its place, whatever stands on it; nothing else goes wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connector.rules.loading import load_texts
from connector.rules.syntax.problems import RuleError

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
    assert {line.split(": ")[0].rpartition(":")[0] for line in told(caught.value)} == {f"{name}:{number + 1}"}


def told(error: RuleError) -> list[str]:
    """The mistakes, each by its first line."""
    return [line for line in str(error).splitlines() if re.match(r"[\w-]+\.yaml:\d+:", line)]


UNREADABLE = {
    "no YAML": (b"models: [unclosed\n  : : :\n", ":2:3: YAML: "),
    "no text": (b"\xff\xfe\x00", ":1:1: the file is not UTF-8 text"),
    "no rules": (b"a letter to somebody", ":1:1: a rule file is a mapping of sections"),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", UNREADABLE)
def test_a_file_that_cannot_be_read_is_the_only_thing_told_of_what_follows_from_it(name: str, content: str) -> None:
    held, message = UNREADABLE[content]
    with pytest.raises(RuleError) as caught:
        load_texts({**FILES, name: held})
    (line,) = told(caught.value)
    assert line.startswith(name + message)


def test_a_mistake_of_its_own_is_told_beside_a_file_that_cannot_be_read() -> None:
    wrong = FILES["payment.yaml"].replace(b"kind: ", b"kind: no_", 1)
    assert wrong != FILES["payment.yaml"]
    with pytest.raises(RuleError) as caught:
        load_texts({**FILES, "payment.yaml": wrong, "tier.yaml": b"["})
    assert [line.partition(":")[0] for line in told(caught.value)] == ["payment.yaml", "tier.yaml"]
    assert "unknown kind of model 'no_" in told(caught.value)[0]


SURVEY = {
    "beside.yaml": b"version: 1\ntables: {survey: {columns: {answered_on: date, score: number}}}\n"
    b"fill: {nps: survey_score}\n",
    "survey.yaml": b"version: 1\nfacts:\n  survey_score: {mean: survey.score, where: answered_on within 18 months}\n",
}


@pytest.mark.parametrize("broken", SURVEY)
def test_neither_a_table_nor_what_fills_a_field_is_missed_when_its_file_cannot_be_read(broken: str) -> None:
    assert "survey" in load_texts(FILES | SURVEY).tables
    with pytest.raises(RuleError) as caught:
        load_texts(FILES | SURVEY | {broken: b"{ " + SURVEY[broken]})
    assert [line.partition(":")[0] for line in told(caught.value)] == [broken]
