"""The sandboxes' pages name every fault, switch and option there is, and none that is not."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest

from connector.cli.sandbox import sandbox
from connector.sandbox.hubspot import control as hubspot_control
from connector.sandbox.hubspot import failures as hubspot_failures
from connector.sandbox.hubspot.account import portal
from connector.sandbox.salesforce import control as salesforce_control
from connector.sandbox.salesforce import failures as salesforce_failures
from connector.sandbox.salesforce.org import org

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
PAGES = {name: (REFERENCE / f"{name}.md").read_text(encoding="utf-8") for name in ("sandbox", "sandbox-salesforce")}


def section(page: str, title: str) -> str:
    found = re.search(rf"^### {title}\n(.*?)(?=^##|\Z)", PAGES[page], re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def named(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


@pytest.mark.parametrize(
    ("page", "actions"),
    [("sandbox", hubspot_failures.ACTIONS), ("sandbox-salesforce", salesforce_failures.ACTIONS)],
)
def test_every_fault_is_named(page: str, actions: tuple[str, ...]) -> None:
    table = [line.split("|")[1] for line in section(page, "Faults").splitlines() if line.startswith("|")]
    told = named(re.sub(r"\(.*?\)", "", " ".join(table)))
    assert told == set(actions)


@pytest.mark.parametrize(("page", "switches"), [("sandbox", portal.Switches), ("sandbox-salesforce", org.Switches)])
def test_every_switch_is_named(page: str, switches: type[portal.Switches | org.Switches]) -> None:
    told = {name.partition(" ")[0] for name in named(section(page, "Switches"))} - {"shuffled", "sent"}
    assert told == {field.name for field in fields(switches)}


def test_every_option_is_named() -> None:
    own = [name for name in inspect.signature(sandbox).parameters if not name.endswith("call")]
    assert len(own) > 5
    assert [name for name in own if f"`--{name.replace('_', '-')}" not in PAGES["sandbox"]] == []


def test_every_path_of_its_own_is_named() -> None:
    for _method, name, _depth in hubspot_control.ACTS:
        assert f"/_sandbox/{name}" in PAGES["sandbox"]
    for _method, name, _depth in salesforce_control.ACTS:
        assert f"/_sandbox/{name}" in "".join(PAGES.values())
