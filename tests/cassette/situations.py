"""The situations of the HubSpot provider that are kept as recordings: how each comes about, and what must follow.

`live` ones can be recorded against HubSpot itself: they read, or write to a record that does not exist.
The others need a portal that misbehaves on command, which only the sandbox does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.errors import AccessRefused, BadAnswer, QuotaUsedUp, StopRun
from connector.model.fields import Table
from tests.cassette.situation import EVERYTHING, Situation, ended, faulty
from tests.cassette.writing import WRITES
from tests.hubspot.parts import pulled

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.crm.hubspot import HubSpot
    from tests.hubspot.line import Line

TODAY = "2026-06-01T06:00:00+00:00"
BEFORE = f'{{"v":1,"newest":{{"companies":"{TODAY}","deals":"{TODAY}"}},"links_at":"{TODAY}"}}'
ACCOUNTS_ONLY = {Table.ACCOUNTS: ("account_id", "name")}


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

SITUATIONS = {situation.name: situation for situation in (*PULLS, *TOKENS, *WRITES)}
