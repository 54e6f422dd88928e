"""The sandbox's page names every fault, switch and option there is, and none that is not."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

from connector.cli.sandbox import sandbox
from connector.sandbox.hubspot.control import ACTS
from connector.sandbox.hubspot.failures import ACTIONS
from connector.sandbox.hubspot.portal import Switches

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "sandbox.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    found = re.search(rf"^### {title}\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def named(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def test_every_fault_is_named() -> None:
    table = [line.split("|")[1] for line in section("Faults").splitlines() if line.startswith("|")]
    told = named(re.sub(r"\(.*?\)", "", " ".join(table)))
    assert told == set(ACTIONS)


def test_every_switch_is_named() -> None:
    assert {name for name in named(section("Switches")) if "_" in name} == {field.name for field in fields(Switches)}


def test_every_option_is_named() -> None:
    own = [name for name in inspect.signature(sandbox).parameters if not name.endswith("call")]
    assert len(own) > 5
    assert [name for name in own if f"`--{name.replace('_', '-')}" not in PAGE] == []


def test_every_path_of_its_own_is_named() -> None:
    for _method, name, _depth in ACTS:
        assert f"/_sandbox/{name}" in PAGE
