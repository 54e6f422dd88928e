"""The frame of every command: shared options on both sides, exit codes, one JSON document, no traceback."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated

import pytest
import typer

from connector.cli import app, ending
from connector.cli.call import Call, shared
from connector.cli.ending import run
from connector.errors import ConnectorError, Held, UsageError

SEEN: list[Call] = []
Command = Callable[..., int]
Mount = Callable[[Command], None]


@pytest.fixture
def mounted(monkeypatch: pytest.MonkeyPatch) -> Mount:
    def mount(command: Command) -> None:
        family = SimpleNamespace(mount=lambda root: root.command("try")(shared(command)))
        monkeypatch.setattr(app, "FAMILIES", {"probe": ("try",)})
        monkeypatch.setattr(app, "import_module", lambda _name: family)

    return mount


def look(call: Call, *, full: Annotated[bool, typer.Option()] = False) -> int:
    """Look."""
    SEEN.append(call)
    return 5 if full else 0


def seen(mounted: Mount, *arguments: str) -> Call:
    mounted(look)
    assert run(arguments) == 0
    return SEEN.pop()


def test_shared_options_work_before_and_after_the_command(mounted: Mount) -> None:
    options = ["--settings", "a.toml", "--as-of", "2026-04-02", "--set", "a.b=1", "--json", "--verbose"]
    before = seen(mounted, *options, "try")
    after = seen(mounted, "try", *options)
    assert (before.settings, before.as_of, before.overrides) == (Path("a.toml"), date(2026, 4, 2), {"a.b": "1"})
    assert before == after


def test_the_option_nearest_to_the_command_wins_and_overrides_add_up(mounted: Mount) -> None:
    call = seen(mounted, "--settings", "a", "--set", "x=1", "--set", "y=1", "try", "--settings", "b", "--set", "x=a=b")
    assert call.settings == Path("b")
    assert call.overrides == {"x": "a=b", "y": "1"}


def made(first: str) -> list[str | None]:
    tree = app.build(first)
    return [*(command.name for command in tree.registered_commands), *(group.name for group in tree.registered_groups)]


@pytest.mark.parametrize("family", app.FAMILIES)
def test_a_command_alone_brings_its_own_family(family: str) -> None:
    for command in app.FAMILIES[family]:
        assert tuple(made(command)) == app.FAMILIES[family]


def test_anything_else_brings_every_family() -> None:
    for first in ("", "--help", "--json", "no-such-command"):
        assert set(made(first)) == {name for names in app.FAMILIES.values() for name in names}


def test_what_a_command_returns_is_the_exit_code(mounted: Mount) -> None:
    mounted(look)
    assert run(["try", "--full"]) == 5


@pytest.mark.parametrize(
    "arguments",
    [
        ["nope"],
        ["try", "--nope"],
        ["try", "--as-of", "2026-13-01"],
        ["try", "--set", "x"],
        ["try", "--set", "=1"],
        ["try", "--settings"],
    ],
)
def test_wrong_usage_is_one_block_and_exit_2(
    mounted: Mount, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    mounted(look)
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("error: ")
    assert "  hint: " in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("error", "code", "outcome"),
    [
        (ConnectorError("broke", hint="mend"), 1, "failed"),
        (UsageError("wrong", hint="read"), 2, "failed"),
        (Held("waits", hint="approve"), 3, "held"),
        (RuntimeError("a fault"), 1, "failed"),
    ],
)
def test_every_ending_prints_one_json_document(
    mounted: Mount, error: Exception, code: int, outcome: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def stumble(_call: Call) -> int:
        raise error

    mounted(stumble)
    assert run(["try", "--json"]) == code
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["outcome"] == outcome
    assert document["reasons"][0]["message"] in err
    assert "Traceback" not in err


def test_verbose_adds_the_traceback(mounted: Mount, capsys: pytest.CaptureFixture[str]) -> None:
    def stumble(_call: Call) -> int:
        raise RuntimeError("a fault")

    mounted(stumble)
    assert run(["try", "--verbose"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_ends_without_a_traceback(mounted: Mount, capsys: pytest.CaptureFixture[str]) -> None:
    def stumble(_call: Call) -> int:
        raise KeyboardInterrupt

    mounted(stumble)
    assert run(["try"]) == ending.INTERRUPTED
    assert capsys.readouterr().err.startswith("error: interrupted")


def test_positions_stay_at_the_start_of_their_lines(mounted: Mount, capsys: pytest.CaptureFixture[str]) -> None:
    def stumble(_call: Call) -> int:
        raise UsageError("rules/a.yaml:3:5: one\nrules/b.yaml:4:1: two")

    mounted(stumble)
    assert run(["try"]) == 2
    assert capsys.readouterr().err.splitlines() == ["rules/a.yaml:3:5: one", "rules/b.yaml:4:1: two"]


def test_a_choice_that_is_none_is_told_without_a_python_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "--crm", "nosuch"]) == 2
    assert "error: Invalid value for '--crm': 'nosuch' is not one of 'hubspot'" in capsys.readouterr().err


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_that_no_calendar_can_count_around_is_a_mistake_of_the_call(
    day: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", "--data", ".", "--as-of", day]) == 2
    assert "it must lie in the years 1000 to 8999" in capsys.readouterr().err
