"""The situations of the Salesforce provider that are kept as recordings: how each comes about, what must follow.

`live` ones can be recorded against Salesforce itself: they only read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.errors import AccessRefused, BadAnswer, ConnectorError, QuotaUsedUp, StopRun
from connector.model.changes import Landed, Target
from connector.model.fields import Table, Type
from connector.model.outputs import Output
from connector.ports import PullRequest
from tests.salesforce.parts import pulled, write_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.crm.salesforce import Salesforce

    Act = Callable[[Any], None]

TODAY = "2026-06-01T06:00:00+00:00"
V = "/services/data/v66.0"
BEFORE = f'{{"v":1,"stamps":{{"Account":"{TODAY}","Opportunity":"{TODAY}"}}}}'
ACCOUNTS_ONLY = {Table.ACCOUNTS: ("account_id", "name")}
EVERYTHING = {
    Table.ACCOUNTS: ("account_id", "name", "employees", "country", "created_at", "merged_ids"),
    Table.DEALS: ("deal_id", "account_id", "name", "amount", "is_won", "close_date", "probability"),
    Table.TICKETS: ("ticket_id", "account_id", "category"),
    Table.OWNERS: ("owner_id", "name", "archived"),
}
TIERS = {"large": {"en": "Large", "nl": "Groot"}, "small": {"en": "Small", "nl": "Klein"}}
OUTPUTS = [
    Output("seg_tier", Type.TEXT, {"en": "Tier", "nl": "Segment"}, TIERS, on_deals="seg_account_tier"),
    Output("seg_say_no", Type.BOOLEAN, {"en": "Say no", "nl": "Zeg nee"}),
    Output("seg_revenue_12m", Type.MONEY, {"en": "Revenue", "nl": "Omzet"}),
]


def account(number: int) -> str:
    return f"001{number:012d}AAA"


def nothing(_org: Any) -> None:
    """The organisation as it is loaded: accounts 101 to 103, two deals, a ticket; our fields are not there."""


@dataclass(frozen=True)
class Situation:
    """One recording: what happens to the organisation, what the provider does, and what must come of it."""

    name: str
    about: str
    run: Callable[[Salesforce], Any]
    check: Act
    prepare: Act = nothing
    admin: bool = False
    login: str = "session"
    live: bool = False
    bulk: bool = False
    """Read and write in bulk however few records there are."""
    options: dict[str, Any] = field(default_factory=dict)

    def outcome(self, crm: Salesforce) -> Any:
        """What came of it: a result, or the error that ended it."""
        try:
            return self.run(crm)
        except ConnectorError as error:
            return error


def fault(action: str, **rule: Any) -> Act:
    return lambda org: org.ask("POST", "/_sandbox/faults", {"action": action} | rule)


def split_and_lost(org: Any) -> None:
    org.ask("POST", "/_sandbox/switches", {"page_rows": 2})
    fault("400-locator", path="query/0r8")(org)


def provisioned(org: Any) -> None:
    org.provision(OUTPUTS)


def after_provision(*acts: Act) -> Act:
    def prepare(org: Any) -> None:
        provisioned(org)
        for act in acts:
            act(org)

    return prepare


def rules(**told: Any) -> Act:
    return lambda org: org.ask("POST", "/_sandbox/rules", told)


def ended(kind: type[ConnectorError], *words: str) -> Act:
    """The run ended with an error of this kind that says these words and how to go on."""

    def check(error: Any) -> None:
        assert isinstance(error, kind), error
        assert error.hint
        for word in words:
            assert word in str(error)

    return check


def equals(expected: object) -> Act:
    def check(result: Any) -> None:
        assert result == expected

    return check


def everything(crm: Salesforce) -> Any:
    return pulled(crm, columns=EVERYTHING)


def accounts(crm: Salesforce) -> Any:
    return pulled(crm, columns=ACCOUNTS_ONLY)


def since_today(crm: Salesforce) -> Any:
    return pulled(crm, columns={table: EVERYTHING[table] for table in (Table.ACCOUNTS, Table.DEALS)}, since=BEFORE)


def whole(result: Any) -> None:
    rows, summary = result
    assert summary.full
    assert {table: len(next(iter(columns.values()))) for table, columns in rows.items()} == dict(summary.rows)


def three(result: Any) -> None:
    assert result[0][Table.ACCOUNTS]["name"] == ["Alpha", "Beta", "Gamma"]


def change(org: Any) -> None:
    org.ask("POST", "/_sandbox/clock", {"advance": 3600})
    org.ask("PATCH", f"{V}/sobjects/Account/{account(101)}", {"Name": "Renamed"})
    org.ask("POST", "/_sandbox/merge", {"winner": account(102), "losers": [account(103)]})


def changed(result: Any) -> None:
    rows, summary = result
    assert not summary.full
    found = dict(zip(rows[Table.ACCOUNTS]["account_id"], rows[Table.ACCOUNTS]["merged_ids"], strict=True))
    assert found[account(102)] == account(103)
    assert "Renamed" in rows[Table.ACCOUNTS]["name"]
    assert account(103) in rows[Table.GONE]["id"]


def hidden(result: Any) -> None:
    assert result[1].not_connected[Table.ACCOUNTS] == frozenset({"employees"})


def provision(crm: Salesforce) -> Any:
    return [step.action for step in crm.provision(OUTPUTS, language="nl", dry_run=False)]


def preflight(crm: Salesforce) -> Any:
    return crm.preflight(OUTPUTS)


def findings(crm: Salesforce) -> Any:
    return list(crm.doctor(PullRequest(EVERYTHING), OUTPUTS))


def examined(result: Any) -> None:
    levels = {finding.subject: finding.level for finding in result}
    assert levels["Account"] in {"good", "warning"}
    assert levels["quota"] == "good"
    assert "access" not in levels


def write_all(crm: Salesforce) -> Any:
    values = {"seg_tier": "large", "seg_say_no": "true", "seg_revenue_12m": "12.5"}
    outcomes = crm.write([write_to(account(101), **values), write_to(account(102), seg_tier=None)])
    return landed(outcomes), crm.read(Target.ACCOUNT, [account(101)], [*values])


def landed(outcomes: Any) -> dict[str, Landed]:
    return {outcome.record: outcome.landed for outcome in outcomes}


def write_three(crm: Salesforce) -> Any:
    return landed(crm.write([write_to(account(n), seg_tier="large") for n in (101, 102, 103)]))


ALL = equals({account(n): Landed.WRITTEN for n in (101, 102, 103)})
REFUSED_ALONE = equals({account(101): Landed.WRITTEN, account(102): Landed.REFUSED, account(103): Landed.WRITTEN})
BETA = {"object": "Account", "field": "Name", "pattern": "Beta", "message": "Geen KvK-nummer"}
WRITTEN = (
    {account(101): Landed.WRITTEN, account(102): Landed.WRITTEN},
    {account(101): {"seg_tier": "large", "seg_say_no": "true", "seg_revenue_12m": "12.5"}},
)
OF_ACCOUNTS = r"query\?.*Name.*FROM.Account"

SITUATIONS = {
    one.name: one
    for one in (
        Situation("full_pull", "everything, by query", everything, whole, live=True),
        Situation("full_pull_in_bulk", "everything, by bulk jobs", everything, whole, bulk=True),
        Situation("changes", "an edit and a merge since the last pull", since_today, changed, change),
        Situation(
            "hidden_field",
            "a field is hidden from the user",
            lambda crm: pulled(crm, columns={Table.ACCOUNTS: ("account_id", "employees")}),
            hidden,
            lambda org: org.ask(
                "POST", "/_sandbox/security", {"object": "Account", "field": "NumberOfEmployees", "read": False}
            ),
        ),
        Situation("login", "client credentials", accounts, three, login="client_credentials"),
        Situation(
            "login_refused",
            "a wrong client secret",
            accounts,
            ended(AccessRefused, "Salesforce refuses the login"),
            login="wrong_secret",
        ),
        Situation("session_expired", "a given session ends", accounts, ended(AccessRefused), fault("401-expired")),
        Situation(
            "not_for_the_api",
            "a session that may not use REST",
            accounts,
            ended(AccessRefused, "not valid for use"),
            fault("401-not-for-rest"),
        ),
        Situation("day_used_up", "the daily limit", accounts, ended(QuotaUsedUp, "goes on after"), fault("403-daily")),
        Situation("too_many_at_once", "passes", accounts, three, fault("403-concurrent", path="query", times=2)),
        Situation("edge_errors", "HTML of the edge, twice", accounts, three, fault("503", path="query", times=2)),
        Situation(
            "claimed_page",
            "a page that claims 500 rows and has none",
            accounts,
            ended(BadAnswer, "Salesforce counts 500"),
            fault("claim-records", path=OF_ACCOUNTS, total=500),
        ),
        Situation(
            "dropped_row", "a row is missing", accounts, ended(BadAnswer), fault("drop-record", path=OF_ACCOUNTS)
        ),
        Situation("cut_page", "half a JSON", accounts, ended(BadAnswer), fault("truncate", path=OF_ACCOUNTS)),
        Situation("locator_lost", "a page that goes on, and its locator is refused", accounts, three, split_and_lost),
        Situation("doctor", "everything is asked, nothing written", findings, examined, live=True),
        Situation("provision", "fields and permission sets", provision, equals(["create"] * 6), admin=True),
        Situation("provision_again", "all present", provision, equals(["present"] * 6), provisioned, admin=True),
        Situation("provision_refused", "no rights", provision, ended(StopRun, "nothing was made")),
        Situation("preflight", "fields that are missing", preflight, ended(StopRun, "Account.Seg_Tier__c")),
        Situation("write", "written, cleared, read back", write_all, equals(WRITTEN), provisioned),
        Situation("write_in_bulk", "by one job", write_three, ALL, provisioned, bulk=True),
        Situation(
            "write_in_bulk_refused",
            "a finished job with a failed row",
            write_three,
            REFUSED_ALONE,
            after_provision(rules(validations=[BETA])),
            bulk=True,
        ),
        Situation(
            "write_refused",
            "a validation rule on one account",
            write_three,
            REFUSED_ALONE,
            after_provision(rules(validations=[BETA])),
        ),
        Situation(
            "write_locked",
            "locks that pass",
            write_three,
            ALL,
            after_provision(rules(locks=[{"object": "Account", "share": 0.5, "times": 1}])),
        ),
        Situation(
            "write_lost",
            "a write lands and its answer is of no use",
            write_three,
            ALL,
            after_provision(fault("truncate", method="PATCH", path="composite", times=1)),
        ),
    )
}
