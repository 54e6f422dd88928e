"""Hostile and careless YAML is refused with the line, in no time, whatever it holds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from connector.errors import UsageError
from connector.rules.loading import load, load_texts
from connector.rules.syntax.problems import RuleError

if TYPE_CHECKING:
    from pathlib import Path

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

CORPUS = {
    "duplicate key": ("version: 1\nvalues:\n  a: 1\n  b: 2\n  a: 3\n", "5:3: duplicate key 'a'"),
    "alias bomb": ("version: 1\n" + BOMB, "6:12: '*d' expands to more than 20,000 values"),
    "self reference": ("version: 1\nvalues: &v\n  a: *v\n", "3:6: '*v' refers to itself"),
    "unknown alias": ("version: 1\nvalues: *v\n", "2:9: unknown alias"),
    "unquoted no as a text": ("version: 1\ntexts: {t: {en: no, nl: nee}}\n", "2:17: YAML reads no as true or false"),
    "unquoted on as a text": ("version: 1\ntexts: {t: {en: on, nl: aan}}\n", "2:17: YAML reads on as true or false"),
    "yes for a flag": (
        "version: 1\noutputs: {seg_a: {from: '1', label: A, core: yes}}\n",
        "2:46: 'core' is true or false",
    ),
    "a time of day": ("version: 1\nparameters: {at: 12:30:45}\n", "2:18: YAML reads 12:30:45 as a number of seconds"),
    "a time as a number": ("version: 1\nvalues: {a: 12:30}\n", "2:15: unexpected ':30'"),
    "a short time": ("version: 1\nparameters: {at: 1:2}\n", "2:18: YAML reads 1:2 as a number of seconds"),
    "a number that ends in a point": ("version: 1\nparameters: {a: 5.}\n", "2:17: YAML reads 5. as a number"),
    "a moment": (
        "version: 1\nparameters: {a: 2026-01-01T10:00:00Z}\n",
        "2:17: YAML reads 2026-01-01T10:00:00Z as a date",
    ),
    "a date as a text": ("version: 1\ntexts: {t: {en: a, nl: 2026-01-01}}\n", "2:24: YAML reads 2026-01-01 as a date"),
    "an octal number": ("version: 1\nparameters: {a: 010}\n", "2:17: YAML reads 010 as a number"),
    "a number with underscores": ("version: 1\nparameters: {a: 1_000}\n", "2:17: YAML reads 1_000 as a number"),
    "deep nesting": ("version: 1\nvalues: " + "[" * 5000, "2:32: nested more than 24 levels deep"),
    "deep nesting in a formula": (
        f"version: 1\nvalues: {{a: '{'(' * 500}1{')' * 500}'}}\n",
        "2:14: more than 300 words",
    ),
    "nesting in a short formula": (
        f"version: 1\nvalues: {{a: '{'(' * 60}1{')' * 60}'}}\n",
        "2:44: nested more than 30 deep",
    ),
    "many not": (f"version: 1\nvalues: {{a: '{'not ' * 100}true'}}\n", "2:14: too many 'not'"),
    "a long sum": (f"version: 1\nvalues: {{a: '{'1+' * 900}1'}}\n", "2:14: more than 300 words"),
    "a long formula": (f"version: 1\nvalues: {{a: '{'x' * 3000}'}}\n", "2:14: longer than 2000 characters"),
    "more than 1 MB": ("version: 1\n#" + "x" * 1_000_000, "1:1: the file is larger than 1,000,000 bytes"),
    "a megabyte of values": (
        "version: 1\nvalues:\n" + "".join(f"  a{n}: 1\n" for n in range(60_000)),
        "10000:10: more than 20,000 values in one file",
    ),
    "a megabyte of sums": (
        "version: 1\nvalues:\n" + "".join(f"  a{n}: {'1+' * 95}1\n" for n in range(4_900)),
        "the formulas have more than 120,000 characters together",
    ),
    "a chain of all values there may be": (
        "version: 1\nvalues:\n" + "".join(f"  a{n}: a{n + 1}\n" for n in range(9_900)),
        "9902:10: unknown name 'a9900'",
    ),
    "a circle of all values there may be": (
        "version: 1\nvalues:\n" + "".join(f"  a{n}: a{(n + 1) % 9_900}\n" for n in range(9_900)),
        "3:3: defined in a circle",
    ),
    "nothing but unknown names": (
        "version: 1\nvalues:\n" + "".join(f"  a{n}: b{n} + 1\n" for n in range(9_900)),
        "more than 1,000 mistakes",
    ),
    "every text in every output": (
        "version: 1\ntexts:\n"
        + "".join(f"  t{n}: {{en: x, nl: x}}\n" for n in range(1_000))
        + "outputs:\n"
        + "".join(f"  seg_{n}: {{label: A, say: [t*]}}\n" for n in range(1_000)),
        "the outputs say more than 20,000 texts together",
    ),
    "a tag": ("version: 1\nvalues: !!python/name:os.system {}\n", "2:9: tag 'tag:yaml.org,2002:python/name:os.system'"),
    "two documents": ("version: 1\n---\nversion: 1\n", "2:1: more than one document in the file"),
    "a tab": ("version: 1\nvalues:\n\ta: 1\n", "3:1: YAML: found character that cannot start any token"),
    "no mapping": ("- a\n- b\n", "1:1: a rule file is a mapping of sections"),
    "a mapping as key": ("version: 1\nvalues: {{a: 1}: 2}\n", "2:10: a key must be a plain word"),
    "another version": ("version: 2\n", "1:1: version 2 is not known"),
    "a control character": ("version: 1\nvalues: {a: '\x07'}\n", "a character YAML does not allow"),
}


@pytest.mark.parametrize("case", CORPUS)
def test_hostile_yaml_is_refused_with_its_line_in_under_two_seconds(case: str) -> None:
    text, expected = CORPUS[case]
    start = time.process_time()
    with pytest.raises(RuleError) as caught:
        load_texts({"t.yaml": text.encode()})
    assert time.process_time() - start < 2
    assert any(expected in str(problem) for problem in caught.value.problems), str(caught.value)[:500]


@pytest.mark.parametrize("place", ["/dev/zero", "/"])
def test_what_is_no_file_is_refused_and_not_read(place: str, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").symlink_to(place)
    with pytest.raises(UsageError, match=r"t\.yaml is no file"):
        load(tmp_path)


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    with (tmp_path / "t.yaml").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(RuleError, match="larger than 1,000,000 bytes"):
        load(tmp_path)


def test_text_that_is_not_utf8_is_refused_with_its_line() -> None:
    with pytest.raises(RuleError, match=r"t\.yaml:2:1: the file is not UTF-8 text"):
        load_texts({"t.yaml": b"version: 1\n# caf\xe9\n"})


def test_an_anchor_that_stays_small_is_fine() -> None:
    text = "version: 1\noutputs:\n  seg_a: {from: '1', label: &l {en: A, nl: B}}\n  seg_b: {from: '2', label: *l}\n"
    rules = load_texts({"t.yaml": text.encode()})
    assert [output.output.label["nl"] for output in rules.outputs] == ["B", "B"]


def test_the_file_may_have_windows_line_ends_and_a_byte_order_mark() -> None:
    rules = load_texts({"t.yaml": b"\xef\xbb\xbfversion: 1\r\nvalues:\r\n  a: 1 + 1\r\n"})
    assert [node.name for node in rules.nodes if not node.model] == ["a"]
