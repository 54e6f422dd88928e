"""What every CRM promises the core, whoever keeps the records: the same suite for each provider."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from connector.crm.files.provider import FilesCrm
from connector.crm.hubspot import connect
from connector.crm.salesforce import Login
from connector.crm.salesforce import connect as salesforce_connect
from connector.crm.salesforce.mapping import default_name
from connector.errors import UsageError
from connector.model.changes import Landed, RecordWrite, Target
from connector.model.fields import Table, Type
from connector.model.outputs import Output
from connector.model.secrets import Secret
from connector.model.texts import Said
from connector.ports import Page, PullRequest
from connector.sandbox import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from connector.ports import Crm, PullSummary

    IdOf = Callable[[str], str]

ACCOUNTS = """account_id,name,employees,country,seg_exclude
101,"Jansen, ""de"" bakker",12,NL,
102,Ünal & Zn,,BE,true
103,Third,7,,
"""
DEALS = """deal_id,account_id,name,pipeline,stage,is_won,is_closed,amount,close_date,created_at,deal_type
201,101,First order,default,closedwon,true,true,1200.50,2026-01-15,2025-12-01T09:00:00Z,new
202,102,Second,default,closedlost,false,true,10,2026-02-15,2025-12-01T09:00:00Z,existing
203,103,Open,default,qualifiedtobuy,false,false,99.99,2026-12-15,2026-10-01T09:00:00Z,new
"""

OUTPUTS = [
    Output(
        "seg_tier", Type.TEXT, {"en": "Tier", "nl": "Segment"}, {"large": {"en": "Large"}, "small": {"en": "Small"}}
    ),
    Output("seg_say_no", Type.BOOLEAN, {"en": "Say no", "nl": "Zeg nee"}),
    Output("seg_revenue_12m", Type.MONEY, {"en": "Revenue", "nl": "Omzet"}),
    Output("seg_revenue_rank", Type.INTEGER, {"en": "Rank", "nl": "Positie"}),
    Output("seg_reasons", Type.MULTI, {"en": "Reasons"}, {"N1": {"en": "N1"}, "N2": {"en": "N2"}, "W1": {"en": "W1"}}),
    Output("seg_tier_since", Type.DATE, {"en": "Since", "nl": "Sinds"}),
    Output("seg_reason", Type.TEXT, {"en": "Why", "nl": "Waarom"}),
    Output("seg_explanation", Type.LONG_TEXT, {"en": "Explanation", "nl": "Toelichting"}),
]

VALUES = {
    "seg_tier": "large",
    "seg_say_no": "true",
    "seg_revenue_12m": "1200.5",
    "seg_revenue_rank": "3",
    "seg_reasons": "N1;W1",
    "seg_tier_since": "2026-03-29",
    "seg_reason": 'Says "NO", 40,0% of € 62.500; naïve\tand plain',
    "seg_explanation": "line one\nline two",
}

COLUMNS = {
    Table.ACCOUNTS: ("account_id", "name", "employees", "country"),
    Table.DEALS: ("deal_id", "name", "stage", "is_won", "is_closed", "amount", "deal_type"),
}


def as_is(name: str) -> str:
    return name


def salesforce_id(number: str) -> str:
    """The id that a record of the files has in an organisation: accounts are 1xx and 9xx here, deals 2xx."""
    return f"{'006' if number.startswith('2') else '001'}{number:0>12}AAA"


@contextmanager
def files(folder: Path) -> Iterator[Crm]:
    crm = FilesCrm(folder)
    yield crm
    crm.close()


@contextmanager
def hubspot(folder: Path) -> Iterator[Crm]:
    def now() -> datetime:
        return datetime.now(UTC)

    with running(now=now, data=folder) as sandbox:
        crm = connect(now=now, base_url=sandbox.url, token="pat-eu1-contract-suite")
        yield crm
        crm.close()


@contextmanager
def hubspot_dated(folder: Path) -> Iterator[Crm]:
    def now() -> datetime:
        return datetime.now(UTC)

    with running(now=now, data=folder) as sandbox:
        crm = connect(now=now, base_url=sandbox.url, token="pat-eu1-contract-suite", api_version="2026-09")
        yield crm
        crm.close()


@contextmanager
def salesforce(folder: Path) -> Iterator[Crm]:
    def now() -> datetime:
        return datetime.now(UTC)

    with running(now=now, crm="salesforce", data=folder) as sandbox:
        login = Login("client_credentials", client_id="sandbox-admin", client_secret=Secret("sandbox-secret"))
        crm = salesforce_connect(now=now, instance_url=sandbox.url, login=login)
        yield crm
        crm.close()


@dataclass(frozen=True)
class Names:
    """What a CRM calls the records and properties of this file."""

    record: Callable[[str], str] = as_is
    property: Callable[[str], str] = as_is


NAMES = {salesforce: Names(salesforce_id, default_name)}


@pytest.fixture(params=[files, hubspot, hubspot_dated, salesforce], ids=lambda make: make.__name__)
def names(request: pytest.FixtureRequest) -> Names:
    return NAMES.get(request.param, Names())


@pytest.fixture
def id_of(names: Names) -> IdOf:
    return names.record


@pytest.fixture
def crm(names: Names, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crm]:
    for name, text in (("accounts", ACCOUNTS), ("deals", DEALS)):
        spelt = re.sub(r"\b[129]0[0-9]\b", lambda found: names.record(found[0]), text)
        (tmp_path / f"{name}.csv").write_text(spelt, encoding="utf-8")
    make: Callable[[Path], AbstractContextManager[Crm]] = request.node.callspec.params["names"]
    with make(tmp_path) as found:
        yield found


class Taken:
    """What was delivered, and whether it came as promised."""

    def __init__(self) -> None:
        self.tables: dict[Table, dict[str, list[str | None]]] = defaultdict(lambda: defaultdict(list))
        self.shapes: dict[Table, set[tuple[str, ...]]] = defaultdict(set)
        self.threads: set[int] = set()
        self.steps: list[tuple[str, int, int | None]] = []

    def deliver(self, page: Page) -> None:
        self.threads.add(threading.get_ident())
        self.shapes[page.table].add(tuple(page.columns))
        assert len({len(cells) for cells in page.columns.values()}) == 1
        for name, cells in page.columns.items():
            assert all(cell is None or (isinstance(cell, str) and cell) for cell in cells)
            self.tables[page.table][name] += cells

    def progress(self, step: str, done: int, total: int | None = None) -> None:
        self.steps.append((step, done, total))

    def rows(self, table: Table) -> dict[str | None, dict[str, str | None]]:
        columns = self.tables[table]
        names = list(columns)
        rows = [dict(zip(names, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
        return {row[names[0]]: row for row in rows}


def pull(crm: Crm, request: PullRequest | None = None) -> tuple[Taken, PullSummary]:
    taken = Taken()
    return taken, crm.pull(request or PullRequest(COLUMNS), taken.deliver, taken.progress)


def write(record: str, **values: str | None) -> RecordWrite:
    return RecordWrite(Target.ACCOUNT, record, tuple(values.items()))


def test_a_full_pull_delivers_every_record_once_as_canonical_text(crm: Crm, id_of: IdOf) -> None:
    taken, summary = pull(crm)
    accounts, deals = taken.rows(Table.ACCOUNTS), taken.rows(Table.DEALS)
    assert [accounts[n]["name"] for n in (id_of("101"), id_of("102"), id_of("103"))] == [
        'Jansen, "de" bakker',
        "Ünal & Zn",
        "Third",
    ]
    assert [accounts[n]["employees"] for n in (id_of("101"), id_of("102"), id_of("103"))] == ["12", None, "7"]
    assert {n: (d["is_won"], d["is_closed"], d["deal_type"]) for n, d in deals.items()} == {
        id_of("201"): ("true", "true", "new"),
        id_of("202"): ("false", "true", "existing"),
        id_of("203"): ("false", "false", "new"),
    }
    assert len(accounts) == len(deals) == 3
    assert summary.full
    assert (summary.rows[Table.ACCOUNTS], summary.rows[Table.DEALS]) == (3, 3)


def test_what_is_connected_is_what_a_pull_delivers(crm: Crm) -> None:
    asked = {**COLUMNS, Table.ACCOUNTS: (*COLUMNS[Table.ACCOUNTS], "no_such_field")}
    connected = crm.connected(PullRequest(asked))
    assert connected[Table.ACCOUNTS] == frozenset(COLUMNS[Table.ACCOUNTS])
    taken, _ = pull(crm, PullRequest(asked))
    assert frozenset(taken.tables[Table.ACCOUNTS]) == connected[Table.ACCOUNTS]


def test_pages_come_from_the_calling_thread_and_keep_their_columns(crm: Crm) -> None:
    taken, _ = pull(crm)
    assert taken.threads == {threading.get_ident()}
    assert all(len(shapes) == 1 for shapes in taken.shapes.values())
    assert {step for step, _, _ in taken.steps} >= {"read accounts", "read deals"}
    assert all(total is None or done <= total for _, done, total in taken.steps)


def test_a_deal_leads_to_its_account_by_column_or_by_link(crm: Crm, id_of: IdOf) -> None:
    asked = {**COLUMNS, Table.DEALS: (*COLUMNS[Table.DEALS], "account_id")}
    taken, summary = pull(crm, PullRequest(asked))
    links = taken.tables.get(Table.DEAL_ACCOUNTS)
    if links:
        found = dict(zip(links["from_id"], links["account_id"], strict=True))
    else:
        found = {deal: row["account_id"] for deal, row in taken.rows(Table.DEALS).items()}
    assert found == {id_of("201"): id_of("101"), id_of("202"): id_of("102"), id_of("203"): id_of("103")}
    assert "account_id" not in summary.not_connected.get(Table.DEALS, frozenset())


def test_what_the_crm_does_not_have_is_not_connected(crm: Crm) -> None:
    asked = {**COLUMNS, Table.ACCOUNTS: ("account_id", "no_such_field"), Table.CURRENCY_RATES: ("currency", "rate")}
    taken, summary = pull(crm, PullRequest(asked))
    assert summary.not_connected[Table.ACCOUNTS] == frozenset({"no_such_field"})
    assert summary.not_connected[Table.CURRENCY_RATES] == frozenset({"currency", "rate"})
    assert "no_such_field" not in taken.tables[Table.ACCOUNTS]
    assert Table.CURRENCY_RATES not in taken.tables


def test_a_required_field_that_is_missing_is_an_error_that_names_it(crm: Crm) -> None:
    asked = {**COLUMNS, Table.ACCOUNTS: ("account_id", "no_such_field")}
    with pytest.raises(UsageError, match="no_such_field"):
        pull(crm, PullRequest(asked, required={Table.ACCOUNTS: frozenset({"no_such_field"})}))


def test_provisioning_twice_finds_everything_present_and_preflight_agrees(crm: Crm, names: Names) -> None:
    dry = crm.provision(OUTPUTS, language="nl", dry_run=True)
    assert {step.property for step in dry} >= {names.property(output.name) for output in OUTPUTS}
    crm.provision(OUTPUTS, language="nl", dry_run=False)
    again = crm.provision(OUTPUTS, language="nl", dry_run=False)
    assert {step.action for step in again} == {"present"}
    crm.preflight(OUTPUTS)


def test_what_was_written_is_read_and_pulled_back_as_it_was(crm: Crm, id_of: IdOf) -> None:
    crm.provision(OUTPUTS, language="en", dry_run=False)
    (outcome,) = crm.write([write(id_of("101"), **VALUES)])
    assert (outcome.target, outcome.record, outcome.landed) == (Target.ACCOUNT, id_of("101"), Landed.WRITTEN)
    assert crm.read(Target.ACCOUNT, [id_of("101")], [*VALUES]) == {id_of("101"): VALUES}
    taken, _ = pull(crm, PullRequest({**COLUMNS, Table.ACCOUNTS: ("account_id", *VALUES)}))
    assert taken.rows(Table.ACCOUNTS)[id_of("101")] == {"account_id": id_of("101"), **VALUES}
    assert taken.rows(Table.ACCOUNTS)[id_of("102")] == {"account_id": id_of("102"), **dict.fromkeys(VALUES)}


def test_a_value_is_cleared_with_none(crm: Crm, id_of: IdOf) -> None:
    crm.provision(OUTPUTS, language="en", dry_run=False)
    crm.write([write(id_of("101"), **VALUES)])
    (outcome,) = crm.write([write(id_of("101"), **dict.fromkeys(VALUES))])
    assert outcome.landed is Landed.WRITTEN
    assert crm.read(Target.ACCOUNT, [id_of("101")], [*VALUES]) == {id_of("101"): dict.fromkeys(VALUES)}


def test_a_record_that_does_not_exist_is_gone_and_the_others_are_written(crm: Crm, id_of: IdOf) -> None:
    crm.provision(OUTPUTS, language="en", dry_run=False)
    outcomes = crm.write(
        [
            write(id_of("101"), seg_tier="large"),
            write(id_of("999"), seg_tier="large"),
            write(id_of("103"), seg_tier="small"),
        ]
    )
    assert {outcome.record: outcome.landed for outcome in outcomes} == {
        id_of("101"): Landed.WRITTEN,
        id_of("999"): Landed.GONE,
        id_of("103"): Landed.WRITTEN,
    }
    found = crm.read(Target.ACCOUNT, [id_of("999"), id_of("103")], ["seg_tier"])
    assert found == {id_of("999"): None, id_of("103"): {"seg_tier": "small"}}


def test_our_own_write_is_no_persons_edit(crm: Crm, id_of: IdOf) -> None:
    crm.provision(OUTPUTS, language="en", dry_run=False)
    began = datetime.now(UTC) - timedelta(minutes=1)
    crm.write([write(id_of("101"), seg_tier="large")])
    assert id_of("101") not in crm.edited(Target.ACCOUNT, [id_of("101"), id_of("999")], since=began)


def test_changes_since_a_watermark_hold_what_was_written(crm: Crm, id_of: IdOf) -> None:
    crm.provision(OUTPUTS, language="en", dry_run=False)
    asked = {**COLUMNS, Table.ACCOUNTS: ("account_id", "seg_tier")}
    _, first = pull(crm, PullRequest(asked))
    crm.write([write(id_of("102"), seg_tier="small")])
    taken, second = pull(crm, PullRequest(asked, since=first.watermark))
    assert taken.rows(Table.ACCOUNTS)[id_of("102")]["seg_tier"] == "small"
    assert second.watermark or second.full


def test_requests_are_counted_and_the_quota_can_be_asked(crm: Crm) -> None:
    before = crm.requests()
    pull(crm)
    assert crm.requests() >= before
    quota = crm.quota()
    assert quota.limit is None or (quota.left is not None and quota.left <= quota.limit)


def test_doctor_tells_its_findings_and_writes_nothing(crm: Crm) -> None:
    findings = list(crm.doctor(PullRequest(COLUMNS), OUTPUTS))
    assert findings
    assert {finding.level for finding in findings} <= {"good", "warning", "bad", "unchecked"}
    assert all(finding.message for finding in findings)
    unmended = [finding for finding in findings if finding.level == "bad" and not finding.fix]
    in_english = [finding for finding in findings if not isinstance(finding.message, Said)]
    assert (unmended, in_english) == ([], [])


def test_the_tenant_is_the_same_before_and_after_a_pull(crm: Crm) -> None:
    before = crm.tenant()
    pull(crm)
    assert crm.tenant() == before
    assert before is None or before.startswith(("HubSpot account ", "Salesforce organization "))
