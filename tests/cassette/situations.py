"""The situations of the HubSpot provider that are kept as recordings: how each comes about, and what must follow.

`live` ones can be recorded against HubSpot itself: they read, or write to a record that does not exist.
The others need a portal that misbehaves on command, which only the sandbox does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.errors import AccessRefused, BadAnswer, ConnectorError, QuotaUsedUp, StopRun
from connector.model.changes import Landed, Outcome, RecordWrite, Target
from connector.model.fields import Table
from connector.ports import PullRequest
from tests.hubspot.line import MONEY, OUTPUTS, TIER
from tests.hubspot.parts import account, pulled

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.crm.hubspot import HubSpot
    from tests.hubspot.line import Line

TODAY = "2026-06-01T06:00:00+00:00"
BEFORE = f'{{"v":1,"newest":{{"companies":"{TODAY}","deals":"{TODAY}"}},"links_at":"{TODAY}"}}'
ACCOUNTS_ONLY = {Table.ACCOUNTS: ("account_id", "name")}
EVERYTHING = {
    Table.ACCOUNTS: ("account_id", "name", "employees", "country", "created_at"),
    Table.DEALS: ("deal_id", "name", "amount", "home_amount", "currency", "is_won", "close_date"),
    Table.TICKETS: ("ticket_id", "category"),
    Table.OWNERS: ("owner_id", "name", "archived"),
}


def nothing(_line: Line) -> None:
    """The portal as it is loaded: companies 101 to 103, 105 deals from 201 on, two tickets."""


@dataclass(frozen=True)
class Situation:
    """One recording: what happens to the portal, what the provider does, and what must come of it."""

    name: str
    about: str
    run: Callable[[HubSpot], Any]
    check: Callable[[Any], None]
    prepare: Callable[[Line], None] = nothing
    options: dict[str, Any] = field(default_factory=dict)
    live: bool = False

    def outcome(self, crm: HubSpot) -> Any:
        """What came of it: a result, or the error that ended it."""
        try:
            return self.run(crm)
        except ConnectorError as error:
            return error


def faulty(action: str, **rule: Any) -> Callable[[Line], None]:
    return lambda line: line.fault(action, **rule)


def ended(kind: type[ConnectorError], *words: str) -> Callable[[Any], None]:
    """The run ended with an error of this kind that says these words and how to go on."""

    def check(error: Any) -> None:
        assert isinstance(error, kind), error
        assert error.hint
        for word in words:
            assert word in str(error)

    return check


# ── pull ─────────────────────────────────────────────────────────────────────────────────────────


def whole(result: Any) -> None:
    rows, summary = result
    assert summary.full
    deals = set(rows.get(Table.DEALS, {}).get("deal_id", ()))
    links = rows.get(Table.DEAL_ACCOUNTS, {"from_id": [], "account_id": []})
    pairs = list(zip(links["from_id"], links["account_id"], strict=True))
    assert len(pairs) == len(set(pairs))
    assert {deal for deal, _ in pairs} <= deals
    assert summary.rows[Table.DEALS] == len(deals)


def of_two_pages(result: Any) -> None:
    whole(result)
    assert result[1].rows[Table.DEALS] == 105
    links = result[0][Table.DEAL_ACCOUNTS]
    rows = set(zip(links["from_id"], links["account_id"], links["primary"], strict=True))
    assert {("201", "101", "true"), ("201", "102", "false")} <= rows
    assert len(rows) == 106


def link_twice(line: Line) -> None:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 341}]
    line.ask("PUT", "/crm/v4/objects/deals/201/associations/companies/102", types)


def change(line: Line) -> None:
    line.ask("POST", "/_sandbox/clock", {"advance": 600})
    line.ask("PATCH", "/crm/v3/objects/companies/101", {"properties": {"name": "Renamed"}})
    line.ask("POST", "/crm/v3/objects/companies/merge", {"primaryObjectId": "102", "objectIdToMerge": "103"})
    line.ask("DELETE", "/crm/v3/objects/deals/205")


def changed(result: Any) -> None:
    rows, summary = result
    assert not summary.full
    assert "Renamed" in rows[Table.ACCOUNTS]["name"]
    gone = set(zip(rows[Table.GONE]["table"], rows[Table.GONE]["id"], strict=True))
    assert {("accounts", "103"), ("deals", "205")} <= gone


def tickets_closed(result: Any) -> None:
    summary = result[1]
    assert summary.not_connected[Table.TICKETS] == frozenset(EVERYTHING[Table.TICKETS])
    assert any("tickets" in warning.message for warning in summary.warnings)


def two_accounts_or_more(result: Any) -> None:
    assert len(result[0][Table.ACCOUNTS]["account_id"]) == 3


def without(*scopes: str) -> Callable[[Line], None]:
    every = {
        *("crm.objects.companies.read", "crm.objects.deals.read", "crm.schemas.companies.read"),
        *("crm.schemas.deals.read", "crm.objects.owners.read", "tickets"),
    }
    held = sorted(every - set(scopes))
    return lambda line: line.ask("POST", "/_sandbox/access", {"scopes": {line.token: held}})


def everything(crm: HubSpot) -> Any:
    return pulled(crm, columns=EVERYTHING)


def accounts(crm: HubSpot) -> Any:
    return pulled(crm, columns=ACCOUNTS_ONLY)


def since_today(crm: HubSpot) -> Any:
    asked = {table: EVERYTHING[table] for table in (Table.ACCOUNTS, Table.DEALS)}
    return pulled(crm, columns=asked, since=BEFORE)


PULLS = [
    Situation("full_pull", "everything, in pages, with links", everything, whole, live=True),
    Situation("full_pull_two_pages", "a deal with two companies, 105 deals", everything, of_two_pages, link_twice),
    Situation(
        "full_pull_dated_paths",
        "the same under the paths of 2026-09",
        everything,
        of_two_pages,
        link_twice,
        {"api_version": "2026-09"},
    ),
    Situation("changes", "an edit, a merge and a deletion since the last pull", since_today, changed, change),
    Situation("closed_tickets", "tickets may not be read", everything, tickets_closed, without("tickets")),
    Situation(
        "missing_scope",
        "companies may not be read",
        accounts,
        ended(AccessRefused, "crm.objects.companies.read"),
        without("crm.objects.companies.read"),
    ),
    Situation(
        "wrong_token",
        "a token nobody gave out",
        accounts,
        ended(AccessRefused, "HubSpot refuses the token"),
        lambda line: line.ask("POST", "/_sandbox/access", {"token": "pat-eu1-another"}),
        {"token": "pat-na1-00000000-0000-0000-0000-000000000000"},
        live=True,
    ),
    Situation(
        "passing_limit",
        "too many calls in ten seconds, twice",
        accounts,
        two_accounts_or_more,
        faulty("429-ten-secondly", path="companies\\?", times=2),
    ),
    Situation(
        "passing_search_limit",
        "too many searches in a second",
        accounts,
        two_accounts_or_more,
        faulty("429-secondly", path="search", times=1),
    ),
    Situation(
        "passing_overload",
        "two edge errors in HTML",
        accounts,
        two_accounts_or_more,
        faulty("503", path="companies\\?", times=2),
    ),
    Situation(
        "day_used_up",
        "the daily limit",
        accounts,
        ended(QuotaUsedUp, "daily limit", "goes on after"),
        faulty("429-daily", path="companies\\?"),
    ),
    Situation(
        "account_moving",
        "the account moves to another data centre",
        accounts,
        ended(StopRun, "come back at"),
        faulty("477", path="companies\\?", retry_after=7200),
    ),
    Situation(
        "malformed_token", "refused at the edge", accounts, ended(AccessRefused, "refuses the token"), faulty("530")
    ),
    Situation("cut_page", "half a JSON", accounts, ended(BadAnswer, "cut"), faulty("truncate", path="companies\\?")),
    Situation("empty_page", "a 200 without body", accounts, ended(BadAnswer, "an empty body"), faulty("empty")),
    Situation("html_page", "a 200 in HTML", accounts, ended(BadAnswer, "an HTML page"), faulty("html")),
    Situation(
        "page_without_results",
        "a 200 without results",
        accounts,
        ended(BadAnswer, "no list of results"),
        faulty("no-results", path="companies\\?"),
    ),
    Situation(
        "page_one_short",
        "a list that leaves a record out",
        accounts,
        ended(BadAnswer, "2 records arrived and HubSpot counts 3"),
        faulty("drop-result", method="GET", path="companies\\?"),
    ),
]

# ── tokens ───────────────────────────────────────────────────────────────────────────────────────

OAUTH = {
    "token": "",
    "client_id": "11111111-aaaa-4bbb-8ccc-222222222222",
    "client_secret": "cassette-client-secret",
    "refresh_token": "eu1-cassette-refresh-token",
}


TOKENS = [
    Situation("token_renewed", "an access token from a refresh token", accounts, two_accounts_or_more, options=OAUTH),
    Situation(
        "token_expired",
        "an access token that expires on the way",
        accounts,
        two_accounts_or_more,
        faulty("401-expired", path="companies\\?", times=1),
        OAUTH,
    ),
    Situation(
        "refresh_refused",
        "a refresh token that was revoked",
        accounts,
        ended(AccessRefused, "refuses the refresh token"),
        lambda line: line.ask("POST", "/_sandbox/access", {"refresh_token": "eu1-another-one"}),
        OAUTH,
    ),
]

# ── provision and write ──────────────────────────────────────────────────────────────────────────


def provision(crm: HubSpot) -> Any:
    return [step.action for step in crm.provision(OUTPUTS, language="nl", dry_run=False)]


def provisioned(line: Line) -> None:
    line.crm.provision(OUTPUTS, language="nl", dry_run=False)


def one_option_less(line: Line) -> None:
    provisioned(line)
    options = line.definition("seg_tier")["options"][:1]
    line.ask("PATCH", "/crm/v3/properties/companies/seg_tier", {"options": options})


def taken(line: Line) -> None:
    made = {"name": "seg_tier", "label": "Mine", "groupName": "companyinformation", "type": "string"}
    line.ask("POST", "/crm/v3/properties/companies", made | {"fieldType": "text"})


def equals(expected: object) -> Callable[[Any], None]:
    def check(result: Any) -> None:
        assert result == expected

    return check


def write_all(crm: HubSpot) -> Any:
    values = {"seg_tier": "large", "seg_say_no": "true", "seg_revenue_12m": "12.5", "seg_say_no_reasons": "N1;N2"}
    outcomes = crm.write([account("101", **values), account("102", seg_tier="small"), account("103", seg_tier=None)])
    return landed(outcomes), crm.read(Target.ACCOUNT, ["101", "103"], ["seg_tier", "seg_revenue_12m"])


def landed(outcomes: Any) -> dict[str, str]:
    return {outcome.record: outcome.landed.value for outcome in outcomes}


def write_money(*records: str) -> Callable[[HubSpot], Any]:
    return lambda crm: crm.write([account(record, seg_revenue_12m="1") for record in records])


def write_name_of_nobody(crm: HubSpot) -> Any:
    return crm.write([RecordWrite(Target.ACCOUNT, "1", (("name", "nobody"),))])


def lands(**expected: str) -> Callable[[Any], None]:
    wanted = {name.removeprefix("r"): kind for name, kind in expected.items()}

    def check(outcomes: list[Outcome]) -> None:
        assert landed(outcomes) == wanted

    return check


def refused_alone(outcomes: list[Outcome]) -> None:
    assert landed(outcomes) == {"101": "written", "102": "refused", "103": "written"}
    (refused,) = [outcome for outcome in outcomes if outcome.landed is Landed.REFUSED]
    assert refused.code == "MISSING_CONDITIONAL_REQUIRED_PROPERTY"
    assert "conditional property rule" in refused.reason


def after_provision(action: str = "", **rule: Any) -> Callable[[Line], None]:
    def prepare(line: Line) -> None:
        provisioned(line)
        if action:
            line.fault(action, **rule)

    return prepare


def merged(line: Line) -> None:
    provisioned(line)
    line.ask("POST", "/crm/v3/objects/companies/merge", {"primaryObjectId": "102", "objectIdToMerge": "103"})


def preflight(crm: HubSpot) -> Any:
    return crm.preflight([TIER, MONEY])


def findings(crm: HubSpot) -> Any:
    return list(crm.doctor(PullRequest(EVERYTHING), OUTPUTS))


def examined(result: Any) -> None:
    levels = {finding.subject: finding.level for finding in result}
    assert levels["account"] == "good"
    assert levels["properties"] in {"good", "bad"}
    assert "access" not in levels


ALL_WRITTEN = {"r101": "written", "r102": "written"}
WRITES = [
    Situation("provision", "group and properties are made", provision, equals(["create"] * 7)),
    Situation("provision_again", "everything is present", provision, equals(["present"] * 7), provisioned),
    Situation(
        "provision_option",
        "an option is missing",
        provision,
        equals(["extend", *["present"] * 6]),
        one_option_less,
    ),
    Situation("provision_refused", "our name on another type", provision, ended(StopRun, "seg_tier"), taken),
    Situation("preflight", "properties that are missing", preflight, ended(StopRun, "companies.seg_tier")),
    Situation("doctor", "everything is asked, nothing written", findings, examined, live=True),
    Situation(
        "write",
        "values are written, cleared and read back",
        write_all,
        equals(
            (
                {"101": "written", "102": "written", "103": "written"},
                {
                    "101": {"seg_tier": "large", "seg_revenue_12m": "12.5"},
                    "103": {"seg_tier": None, "seg_revenue_12m": None},
                },
            )
        ),
        provisioned,
    ),
    Situation(
        "write_gone", "a record that does not exist", write_name_of_nobody, lands(r1="gone"), provisioned, live=True
    ),
    Situation(
        "write_merged",
        "a record that was merged away",
        write_money("101", "103"),
        lands(r101="written", r103="gone"),
        merged,
    ),
    Situation(
        "write_refused",
        "an admin's rule refuses one record of three",
        write_money("101", "102", "103"),
        refused_alone,
        after_provision("400-conditional", path="batch/update", body='"102"'),
    ),
    Situation(
        "write_lost",
        "the answer of a write is lost at the edge",
        write_money("101", "102"),
        lands(**ALL_WRITTEN),
        after_provision("504", path="batch/update", times=1),
    ),
    Situation(
        "write_cut",
        "a write lands and its answer is cut",
        write_money("101", "102"),
        lands(**ALL_WRITTEN),
        after_provision("truncate", path="batch/update", times=1),
    ),
    Situation(
        "write_locked",
        "a record is locked for a moment",
        write_money("101", "102"),
        lands(**ALL_WRITTEN),
        after_provision("423", path="batch/update", times=1),
    ),
]

SITUATIONS = {situation.name: situation for situation in (*PULLS, *TOKENS, *WRITES)}
