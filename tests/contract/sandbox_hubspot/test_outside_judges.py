"""Judges nobody here wrote: the vendor's JavaScript client, and a contract proxy that must itself have teeth."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
import requests

from connector.model.fields import Table
from connector.sandbox import running
from connector.sandbox.population import generate
from connector.sandbox.tables import write_tables
from tests.support.node import PACKAGES, node
from tests.support.prism import describe, proxied

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "pat-eu1-test"


@pytest.mark.node
def test_the_javascript_client_reads_what_was_loaded(tmp_path: Path) -> None:
    tables = generate(companies=130, as_of=date(2026, 11, 1))
    write_tables(tables, tmp_path)
    environment = {**os.environ, "NODE_PATH": str(node() / "node_modules")}
    with running(now=lambda: datetime.now(UTC), data=tmp_path) as sandbox:
        command = ["node", str(PACKAGES / "read.cjs"), sandbox.url, TOKEN]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    accounts = [row["account_id"] for row in tables[Table.ACCOUNTS]]
    deals = {row["deal_id"]: row["account_id"] for row in tables[Table.DEALS]}
    assert seen["companies"] == accounts
    assert seen["deals"] == list(deals)
    assert (seen["found"], seen["total"]) == (accounts[10:], 120)
    created = tables[Table.ACCOUNTS][10]["created_at"]
    assert datetime.fromisoformat(seen["created"]) == datetime.fromisoformat(created)
    assert dict(seen["primary"]) == dict(list(deals.items())[:50])
    assert seen["owners"] == [row["owner_id"] for row in tables[Table.OWNERS] if row["archived"] == "false"]
    assert seen["stages"][-2:] == ["closedwon", "closedlost"]
    assert seen["types"]["pain_fit"] == "enumeration"


@pytest.mark.node
@pytest.mark.parametrize("fault", ["no-results", "empty-object"])
def test_the_contract_proxy_refuses_an_answer_that_breaks_the_description(tmp_path: Path, fault: str) -> None:
    with (
        running(now=lambda: datetime.now(UTC), population=5) as sandbox,
        proxied(sandbox.url, describe(tmp_path)) as url,
    ):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        page = "/crm/v3/objects/companies"
        assert requests.get(url + page, headers=headers, timeout=20).status_code == 200
        rule = {"action": fault, "path": page}
        assert requests.post(f"{sandbox.url}/_sandbox/faults", json=rule, timeout=20).status_code == 201
        broken = requests.get(url + page, headers=headers, timeout=20)
        assert (broken.status_code, "VIOLATIONS" in broken.text) == (500, True)
