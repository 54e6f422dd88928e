"""A rule set is kept for exactly the files and parameters it was loaded from, and holds nothing but rules."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from connector.model.fields import Table
from connector.ports import Snapshot
from connector.rules import loading
from connector.rules.kept import NoRuleSetError, dumped, loaded, told
from connector.rules.loading import load
from connector.rules.origins import Origin, parameter_of, sources
from connector.rules.ruleset import RuleSet
from connector.rules.syntax.files import contents
from connector.rules.tree import Name
from connector.wiring import kept_rules as kept_rules_module
from connector.wiring.kept_rules import kept_rules
from tests.shared import ROOT

RULES = "version: 1\nparameters: {line: {default: 10, meaning: line}}\nfacts: {won: {sum: deals.amount}}\n"
Ask = Callable[..., RuleSet]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Ask for the rules of a folder; the answer tells with which question it was loaded from the files."""
    moment = datetime(2026, 6, 1, tzinfo=UTC)
    snapshot = Snapshot("one", moment, {Table.ACCOUNTS: (tmp_path / "accounts.parquet",)}, {}, "", moment)
    directory, questions, load_texts = tmp_path / "rules", count(1), loading.load_texts
    directory.mkdir()
    (directory / "r.yaml").write_text(RULES)

    def asked(**overrides: object) -> RuleSet:
        told = {"loaded": f"with question {next(questions)}"}
        settings = SimpleNamespace(parameters={})
        wiring: Any = SimpleNamespace(rules_directory=directory, settings=settings, overrides=overrides)

        def loaded_now(texts: Mapping[str, bytes], values: Mapping[str, object]) -> RuleSet:
            return replace(load_texts(texts, values), not_configured=told)

        monkeypatch.setattr(loading, "load_texts", loaded_now)
        return kept_rules(wiring, snapshot).rules

    return asked


def loaded_with(rules: RuleSet) -> str:
    return rules.not_configured["loaded"][-1]


def test_the_shipped_rules_are_kept_whole() -> None:
    rules = load(ROOT / "rules")
    found = loaded(dumped(told(rules)))
    assert repr(found.rules) == repr(replace(rules, examples=()))  # equal ones may stand at other places
    assert found.origins == {node.name: origins_of(rules, node.name) for node in rules.nodes}


def origins_of(rules: RuleSet, name: str) -> tuple[Origin, ...]:
    return sources({node.name: node for node in rules.nodes}, name, parameter_of(rules.parameters))


def test_a_second_question_is_answered_from_what_is_kept(ask: Ask) -> None:
    assert [loaded_with(ask()), loaded_with(ask())] == ["1", "1"]


def test_an_edited_file_is_loaded_anew(ask: Ask, tmp_path: Path) -> None:
    ask()
    (tmp_path / "rules" / "r.yaml").write_text(RULES.replace("10", "11"))
    found = ask()
    assert (found.parameters["line"].value, loaded_with(found)) == (11, "2")


def test_a_file_that_is_edited_while_it_is_loaded_is_not_kept_under_what_it_was(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "rules" / "r.yaml"

    def edited_meanwhile(directory: Path) -> dict[str, bytes]:
        found = contents(directory)
        file.write_text(RULES.replace("10", "11"))
        return found

    monkeypatch.setattr(kept_rules_module, "contents", edited_meanwhile)
    ask()
    monkeypatch.undo()
    assert ask().parameters["line"].value == 11
    file.write_text(RULES)
    assert ask().parameters["line"].value == 10


def test_another_file_is_loaded_too(ask: Ask, tmp_path: Path) -> None:
    ask()
    (tmp_path / "rules" / "s.yaml").write_text("version: 1\nfacts: {lost: {count: deals}}\n")
    assert {"won", "lost"} <= {node.name for node in ask().nodes}


def test_another_parameter_is_loaded_anew(ask: Ask) -> None:
    ask()
    assert ask(line="12").parameters["line"].value == 12


def test_a_file_that_was_altered_is_not_used(ask: Ask, tmp_path: Path) -> None:
    ask()
    [file] = tmp_path.glob("rules-*")
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    assert loaded_with(ask()) == "2"


@pytest.mark.parametrize("thing", [print, Path, {"no": "rules"}, datetime(2026, 6, 1, tzinfo=UTC)])
def test_nothing_but_rules_is_let_in(thing: object) -> None:
    with pytest.raises(NoRuleSetError):
        loaded(pickle.dumps(thing))


def test_nothing_is_run_by_what_is_read(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, tuple[object, ...]]:
            return Path.touch, (tmp_path / "sprung",)

    with pytest.raises(NoRuleSetError):
        loaded(pickle.dumps(Trap()))
    assert not list(tmp_path.iterdir())


def test_no_class_is_altered_by_what_is_read() -> None:
    """A pickle may set attributes (BUILD) of what it was handed, a class as well as a value."""
    name, module = (b"\x8c" + bytes([len(text)]) + text for text in (b"Name", b"connector.rules.tree"))
    for state in (b"N}\x8c\x05aliasNs\x86", b"}\x8c\x05aliasNs"):
        with pytest.raises(NoRuleSetError):
            loaded(b"\x80\x05" + module + name + b"\x93" + state + b"b.")
        assert not hasattr(Name, "alias")
