"""What waits for a person waits only so long, and the journal tells who let it go, when and why; over real HTTP."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.commands import sandbox, settings
from tests.acceptance.companies import Office

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow
WIDE = """
[limits]
max_tier_change_pct = 100
max_revenue_moved_pct = 100
max_new_say_no_pct = 100
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with sandbox("--limits", "off", cwd=tmp_path) as url:
        yield Office(tmp_path, url)


def test_a_hold_expires_and_who_released_the_next_one_is_in_the_journal(office: Office) -> None:
    empty = office.picture()
    held = office.sync(code=3)["run"]
    late = datetime.now(UTC) + timedelta(days=7, hours=1)
    refused = office.run("approve", held, "--reason", "back from holiday", "--json", code=3, now=late).json()
    assert refused["error"]["code"] == "EXPIRED"
    assert f"the hold of run {held} expired on 20" in refused["error"]["message"]
    assert "tiersync sync" in refused["error"]["hint"]
    assert office.picture() == empty
    assert "expired on" in office.run("status", code=0, now=late).stdout
    status = office.run("status", "--json", code=0, now=late).json()["held"]
    assert (status["run"], status["expired"], status["release"]) == (held, True, "tiersync sync")

    again = office.run("sync", "--json", code=3, now=late).json()["run"]
    assert "tiersync approve" in office.run("status", code=0, now=late).stdout
    office.run("approve", again, "--reason", "seen with the team", code=0, now=late)
    newest = office.run("runs", "--json", code=0).json()[0]
    released = newest["released"]
    assert (newest["run"], released["by"], released["reason"]) == (again, "approve", "seen with the team")
    assert released["who"].startswith(f"{getpass.getuser()}@")
    assert datetime.fromisoformat(released["at"]) == late
    assert len(released["digest"]) == 64
    shown = office.run("runs", "show", again, code=0).stdout
    assert f"approve by {released['who']}" in shown
    assert "seen with the team" in shown


def test_a_mass_mistake_is_undone_by_two_commands_even_with_broken_rules(office: Office) -> None:
    office.sync("--yes", code=0)
    before = office.picture()
    for number in range(15):
        office.win(f"c{number}", 90_000 + 1_000 * number)
    settings(office.folder, office.portal.url, more=WIDE)
    mistake = office.sync(code=0)["run"]
    assert office.picture() != before
    settings(office.folder, office.portal.url, more="[limits]\nmax_tier_change_pct = 10")
    broken = office.folder / "rules" / "broken.yaml"
    broken.write_text("a slip of the pen\n", "utf-8")

    asked = office.run("undo", mistake, "--json", code=3)
    held = asked.json()
    assert held["outcome"] == "held"
    assert "TIER_CHANGE_SHARE" in [reason["code"] for reason in held["reasons"]]
    assert f"tiersync approve {held['run']} --reason" in held["reasons"][0]["message"]
    assert held["written"] == 0
    told = office.run("undo", mistake, code=3)
    assert "TIER_CHANGE_SHARE" in told.stdout
    assert f"tiersync approve {held['run']} " not in told.stdout  # the newest id of the same plan is told
    status = office.run("status", "--json", code=0).json()["held"]
    assert (status["command"], status["release"]) == ("undo", f'tiersync approve {status["run"]} --reason "…"')

    done = office.run("approve", held["run"], "--reason", "the import was wrong", "--json", code=0).json()
    assert (done["run"], done["written"]) == (status["run"], held["changes"])
    assert office.picture() == before
    broken.unlink()
    assert office.run("undo", done["run"], code=3)  # the undo is a run like any other
