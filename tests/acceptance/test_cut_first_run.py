"""A first run that was cut off half-way is gone on with: what the CRM holds then is what it would have held."""

from __future__ import annotations

import os
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from connector.sandbox import running
from connector.sandbox.population import generate
from connector.sandbox.tables import write_tables
from tests.acceptance.commands import TIERSYNC, TOKEN, Portal, tiersync

if TYPE_CHECKING:
    from collections.abc import Callable

RULES = Path(__file__).parents[2] / "rules"
MOVED = ("seg_movement", "seg_ladder_change", "seg_previous_tier", "seg_tier_since")
SHOWN = ("seg_tier", *MOVED, "seg_reason", "seg_say_no")


def settle(folder: Path, url: str) -> Portal:
    folder.mkdir()
    (folder / "settings.toml").write_text(
        f'[crm]\nkind = "hubspot"\ntoken = "env:HUBSPOT_TOKEN"\nbase_url = "{url}"\nretry_seconds = 1\n'
        f'[rules]\ndirectory = "{RULES}"\n[run]\nlanguage = "en"\n'
        "[limits]\nmax_new_say_no_pct = 0\nmax_new_say_no = 0\n"
    )
    assert tiersync("provision", cwd=folder).code == 0
    return Portal(url)


def kill(folder: Path, *, when: Callable[[], bool]) -> None:
    """Start a first sync, and kill it then."""
    environ = {**os.environ, "PYTHONPATH": str(RULES.parent), "HUBSPOT_TOKEN": TOKEN}
    with subprocess.Popen([*TIERSYNC, "sync", "--yes"], cwd=folder, env=environ, stderr=subprocess.DEVNULL) as sync:
        while not when():
            assert sync.poll() is None
            time.sleep(0.1)
        sync.kill()


@pytest.mark.slow
def test_what_a_cut_first_run_left_is_no_earlier_state_and_the_rest_of_it_no_news(tmp_path: Path) -> None:
    data, now = tmp_path / "data", datetime.now(UTC)
    write_tables(generate(companies=150, as_of=now.date(), seed=5), data)
    with (
        running(now=lambda: now, data=data, token=TOKEN) as whole,
        running(now=lambda: now, data=data, token=TOKEN) as cut,
    ):
        portal = settle(tmp_path / "whole", whole.url)
        assert tiersync("sync", "--yes", cwd=tmp_path / "whole").code == 0
        expected = portal.records("companies", SHOWN)
        no = {name for name, values in expected.items() if values["seg_say_no"] == "true"}

        portal = settle(tmp_path / "cut", cut.url)
        fault = {"action": "slow-before", "path": "companies/batch/update", "first": 2, "seconds": 30}
        assert requests.post(f"{cut.url}/_sandbox/faults", json=fault, timeout=10).status_code == 201
        kill(tmp_path / "cut", when=lambda: any("batch/update" in call["path"] for call in portal.journal()))
        begun = {name for name, values in portal.records("companies", SHOWN).items() if values["seg_tier"]}
        assert 0 < len(begun) < len(expected)
        assert no - begun

        requests.delete(f"{cut.url}/_sandbox/faults", timeout=10)
        done = tiersync("sync", "--json", cwd=tmp_path / "cut")
        assert done.code == 0, done.stderr
        assert portal.records("companies", SHOWN) == expected
        assert {*done.json()["plan"]["by_cause"]} == {"first assignment"}
