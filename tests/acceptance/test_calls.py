"""A plan tells what writing it will cost, and `apply` costs that."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from connector.sandbox import running
from connector.sandbox.population import generate
from connector.sandbox.tables import write_tables
from tests.acceptance.commands import TOKEN, settings, tiersync
from tests.acceptance.organisation import ADMIN, ASIDE, LIMITS, LOGIN, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow

RULES = Path(__file__).parents[2] / "rules"
TOLERANCE = 0.10


def hubspot(folder: Path, url: str) -> None:
    settings(folder, url)


def salesforce(folder: Path, url: str) -> None:
    """With record types, whose picklists are asked about."""
    (folder / "settings.toml").write_text(SETTINGS.format(url=url, login=LOGIN, admin=ADMIN, more=LIMITS))
    for name in "ABCDEF":
        kind = {"Name": name, "DeveloperName": name, "SobjectType": "Account", "IsActive": True}
        assert requests.post(f"{url}/_sandbox/records/RecordType", json=kind, timeout=30).ok


@pytest.mark.parametrize("settle", [hubspot, salesforce], ids=lambda settle: settle.__name__)
def test_a_plan_tells_the_calls_that_applying_it_takes(tmp_path: Path, settle: Callable[[Path, str], None]) -> None:
    now = datetime.now(UTC)
    write_tables(generate(companies=450, as_of=now.date(), seed=3), tmp_path / "data")
    shutil.copytree(RULES, tmp_path / "rules")
    for model in ASIDE:
        (tmp_path / "rules" / f"{model}.yaml").unlink()
    env = {"SF_SECRET": "sandbox-secret", "HUBSPOT_TOKEN": TOKEN}
    with running(now=lambda: datetime.now(UTC), crm=settle.__name__, data=tmp_path / "data") as sandbox:
        settle(tmp_path, sandbox.url)
        assert tiersync("provision", cwd=tmp_path, env=env).code == 0
        planned = tiersync("plan", "--out", "plan.json", "--json", cwd=tmp_path, env=env, timeout=300).json()
        done = tiersync("approve", planned["run"], "--reason", "seen", "--json", cwd=tmp_path, env=env, timeout=300)
    assert done.code == 0, done.stderr
    estimated, used = planned["plan"]["api_calls"], done.json()["requests"]
    assert abs(estimated - used) <= TOLERANCE * used, (estimated, used)
