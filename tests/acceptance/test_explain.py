"""`explain` tells what `evaluate` says, asked once or again, and never what was true of other data, days or rules."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from connector.cli.ending import run
from tests.acceptance.data import write
from tests.shared import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

Told = dict[str, Any]
NUMBER = re.compile(r"-?\d+(\.\d+)?")
ACCOUNTS = ("A07", "A11")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIERSYNC_NOW", "2026-04-02T09:00:00+02:00")
    shutil.copytree(ROOT / "rules", "rules")
    Path("data").mkdir()
    Path("settings.toml").write_text('[crm]\nkind = "files"\npath = "data"\n[run]\nlanguage = "nl"\n')
    parents = {7: "A00", 8: "A00"}
    write(
        "accounts",
        [
            {"account_id": f"A{n:02}", "name": f"Account {n}", "employees": 50 + 9 * n, "parent_id": parents.get(n, "")}
            for n in range(12)
        ],
    )
    write("deals", [deal(n, 1000 * (n % 5 + 1)) for n in range(11)])
    return tmp_path


def deal(n: int, amount: int) -> dict[str, object]:
    own: dict[str, object] = {"deal_id": f"D{n}", "account_id": f"A{n:02}", "amount": f"{amount}.00"}
    return own | {"is_won": "true", "is_closed": "true", "currency": "EUR", "close_date": "2025-11-01"}


@pytest.fixture
def ask(capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def asked(*arguments: str) -> str:
        capfd.readouterr()
        assert run(list(arguments)) == 0, capfd.readouterr().err
        return capfd.readouterr().out

    return asked


def evaluated(ask: Callable[..., str], *more: str) -> dict[str, Told]:
    lines = map(json.loads, ask("evaluate", "--data", "data", *more).splitlines())
    return {line["account_id"]: line for line in lines}


def explained(ask: Callable[..., str], account: str, *more: str) -> Told:
    found: Told = json.loads(ask("explain", account, "--json", *more))
    return found


def compared(ask: Callable[..., str], *more: str) -> None:
    expected = evaluated(ask, *more)
    for account in ACCOUNTS:
        outputs = explained(ask, account, *more)["outputs"]
        told = {name: value for name, value in outputs.items() if name in expected[account]}
        assert {n: _plain(v) for n, v in told.items()} == {n: _plain(expected[account][n]) for n in told}, account
        assert len(told) > 40


def _plain(value: object) -> str | None:
    if isinstance(value, list):
        return ";".join(map(str, value)) or None
    if isinstance(value, bool):
        return str(value).lower()
    return None if value in {None, ""} else str(float(str(value))) if _number(value) else str(value)


def _number(value: object) -> bool:
    return isinstance(value, int | float) or (
        isinstance(value, str) and value.replace(".", "", 1).lstrip("-").isdigit()
    )


@pytest.mark.usefixtures("home")
def test_it_tells_what_evaluate_says_of_these_data_this_day_and_these_rules(ask: Callable[..., str]) -> None:
    ask("pull")
    compared(ask)
    compared(ask, "--as-of", "2026-12-01")
    compared(ask, "--set", "pyramid.levels.top.customers_pct=16", "--set", "pyramid.levels.medium.customers_pct=0")
    compared(ask)
    write("deals", [deal(n, 90_000 - 1000 * n) for n in range(11)])
    ask("pull")
    compared(ask)
    file, text = Path("rules/pyramid.yaml"), Path("rules/pyramid.yaml").read_text("utf-8")
    text = text.replace("top.customers_pct: {default: 1,", "top.customers_pct: {default: 16,")
    file.write_text(text.replace("medium.customers_pct: {default: 15,", "medium.customers_pct: {default: 0,"), "utf-8")
    compared(ask)


@pytest.mark.usefixtures("home")
def test_asked_again_it_prints_the_same_bytes(ask: Callable[..., str]) -> None:
    ask("pull")
    for account in ACCOUNTS:
        first = ask("explain", account), ask("explain", account, "--json")
        assert (ask("explain", account), ask("explain", account, "--json")) == first
    folder = next(Path("var/mirror").iterdir())
    kept = [[*folder.glob(f"{kind}-*")] for kind in ("rules", "standing")]
    assert [len(files) for files in kept] == [1, 1]
    for [file] in kept:
        file.unlink()
    assert (ask("explain", account), ask("explain", account, "--json")) == first


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ("Account", ("there is no account 'Account'", 'tiersync explain "name:Account"')),
        ("", ("there is no account ''", 'tiersync explain "name:TEXT"')),
        ("name:", ("a part of a name stands after name:",)),
        ("name:Bolt", ("no account has 'Bolt' in its name",)),
        ("name:nt 1", ("3 accounts have 'nt 1' in their name", "A10  Account 10")),
    ],
)
@pytest.mark.usefixtures("home")
def test_what_is_not_exactly_one_account_is_refused_with_what_to_write(
    wanted: str, says: tuple[str, ...], ask: Callable[..., str], capfd: pytest.CaptureFixture[str]
) -> None:
    ask("pull")
    assert run(["explain", wanted]) == 2
    told = capfd.readouterr().err
    assert [part for part in says if part not in told] == []
