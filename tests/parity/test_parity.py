"""The same customers in HubSpot and in Salesforce: the same tiers, reasons, plans and written values for everyone."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from connector.model.changes import Target
from connector.model.fields import Table
from connector.model.runs import RunOutcome
from connector.sandbox import running
from connector.sandbox.population import generate
from connector.sandbox.tables import write_tables
from connector.settings.load import load
from connector.wiring import Wiring
from tests.acceptance.test_adventureworks import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connector.sandbox.tables import Tables

RULES = Path(__file__).parents[2] / "rules"
HUBSPOT = '[crm]\nkind = "hubspot"\ntoken = "env:TOKEN"\nbase_url = "{url}"\n'
SALESFORCE = """[crm]
kind = "salesforce"
login = "client_credentials"
instance_url = "{url}"
client_id = "sandbox-integration"
client_secret = "env:SECRET"
[crm.admin]
login = "client_credentials"
client_id = "sandbox-admin"
client_secret = "env:SECRET"
"""
REST = f"""[rules]
directory = "{RULES}"
[run]
language = "en"
[limits]
max_new_say_no_pct = 100
"""
ENVIRON = {"TOKEN": "pat-eu1-00000000-0000-4000-8000-000000000001", "SECRET": "sandbox-secret"}
KINDS = {"hubspot": HUBSPOT, "salesforce": SALESFORCE}
Name = tuple[str, str, str]
"""Target, the record's id in the files, property."""


class World:
    """One CRM with the population in it, provisioned and synced."""

    def __init__(self, wiring: Wiring, accounts: Mapping[str, str], deals: Mapping[str, str]) -> None:
        self.wiring = wiring
        self.accounts = list(accounts)
        self.ids = {**accounts, **deals}
        """Id in the CRM -> id in the files."""
        wiring.admin_crm.provision(wiring.configured_outputs, language="en", dry_run=False)
        self.first = wiring.walk(lambda *_: None).sync(yes=True)
        assert self.first.outcome is RunOutcome.OK, (self.first.reasons, self.first.error)

    def plan(self) -> dict[Name, tuple[str | None, str]]:
        """New value and cause of every planned change; an unticked checkbox is an empty one."""
        return {
            (change.target.value, self.ids.get(change.record, change.record), change.property): (
                None if change.new == "false" else change.new,
                change.cause,
            )
            for change in self.wiring.planned(self.first.run)
            if change.new not in (None, "false")
        }

    def held(self, properties: list[str]) -> dict[Name, str | None]:
        """What the accounts hold in the CRM now."""
        found = self.wiring.crm.read(Target.ACCOUNT, self.accounts, properties)
        return {
            ("account", self.ids[record], name): None if value == "false" else value
            for record, values in found.items()
            for name, value in (values or {}).items()
        }


def made(kind: str, folder: Path, tables: Tables, now: datetime) -> Iterator[World]:
    write_tables(tables, folder / "data")
    with running(now=lambda: now, crm=kind, data=folder / "data") as sandbox:
        (folder / "settings.toml").write_text(KINDS[kind].format(url=sandbox.url) + REST)
        loaded = load(folder / "settings.toml")
        with closing(Wiring(loaded, environ=ENVIRON, clock=lambda: now, as_of=None, overrides={})) as wiring:
            yield World(wiring, *ids(sandbox.url, kind, tables))


def ids(url: str, kind: str, tables: Tables) -> Iterator[dict[str, str]]:
    """Accounts, then deals."""
    for table, key, entity in ((Table.ACCOUNTS, "account_id", "Account"), (Table.DEALS, "deal_id", "Opportunity")):
        if kind == "hubspot":
            yield {row[key]: row[key] for row in tables[table]}
        else:
            found = requests.get(f"{url}/_sandbox/records/{entity}", timeout=60).json()["results"]
            yield {row["Id"]: row["External_Id__c"] for row in found}


def generated() -> tuple[Tables, datetime]:
    """A population without what only one of the two shows: calls and meetings, and deals of several companies."""
    now = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    tables = generate(companies=150, as_of=now.date(), seed=11)
    del tables[Table.ACTIVITIES]
    tables.pop(Table.DEAL_ACCOUNTS, None)
    return tables, now


def adventureworks() -> tuple[Tables, datetime]:
    """701 resellers and their orders of three years, which nobody here made up."""
    accounts = [{"account_id": f"1{int(row['account_id']):09}", **_about(row)} for row in rows("accounts.csv")]
    deals = [
        {
            "deal_id": f"2{number:09}",
            "account_id": f"1{int(row['account_id']):09}",
            "name": row["order_id"],
            "amount": row["amount"],
            "close_date": row["order_date"],
            "created_at": f"{row['order_date']}T08:00:00Z",
            "stage": "closedwon",
            "is_won": "true",
            "is_closed": "true",
        }
        for number, row in enumerate(rows("orders.csv"), 1)
    ]
    return {Table.ACCOUNTS: accounts, Table.DEALS: deals}, datetime(2020, 6, 1, 7, 0, tzinfo=UTC)


def _about(row: dict[str, str]) -> dict[str, str]:
    return {"name": row["name"], "employees": row["employees"], "created_at": "2017-06-30T08:00:00Z"}


@pytest.fixture(scope="module", params=[generated, adventureworks], ids=lambda make: make.__name__)
def worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    make: Callable[[], tuple[Tables, datetime]] = request.param
    tables, now = make()
    one = made("hubspot", tmp_path_factory.mktemp("hubspot"), tables, now)
    two = made("salesforce", tmp_path_factory.mktemp("salesforce"), tables, now)
    yield next(one), next(two)
    for world in (one, two):
        assert next(world, None) is None


def differing(one: Mapping[Name, Any], two: Mapping[Name, Any]) -> dict[str, list[Any]]:
    """What differs, per property, with a few examples."""
    names = [name for name in sorted(one.keys() | two.keys()) if one.get(name) != two.get(name)]
    counts = Counter(name[2] for name in names)
    return {
        prop: [count, *((name[1], one.get(name), two.get(name)) for name in names if name[2] == prop)][:4]
        for prop, count in counts.items()
    }


def test_the_same_plan_for_every_account_and_open_deal(worlds: tuple[World, World]) -> None:
    one, two = (world.plan() for world in worlds)
    assert len(one) > 100
    assert differing(one, two) == {}


def test_the_same_values_are_written_for_every_account(worlds: tuple[World, World]) -> None:
    written = [output.name for output in worlds[0].wiring.configured_outputs if output.written]
    one, two = (world.held(written) for world in worlds)
    assert len(one) > 100
    assert differing(one, two) == {}


def test_a_second_run_has_nothing_to_write_in_either(worlds: tuple[World, World]) -> None:
    for world in worlds:
        again = world.wiring.walk(lambda *_: None).sync()
        assert (again.outcome, again.figures["changes"], again.figures["written"]) == (RunOutcome.OK, 0, 0)
