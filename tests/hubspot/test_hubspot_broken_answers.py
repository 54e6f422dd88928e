"""A 200 is not a proof: whatever the answer, a pull is complete or it did not happen."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from connector.crm.hubspot.session.client import Wire
from connector.errors import AccessRefused, BadAnswer, ComeBackLater, ConnectorError, QuotaUsedUp, StopRun, UsageError
from connector.model.fields import Table
from tests.hubspot.parts import COLUMNS, NOW, TOKEN, FakeClock, hubspot_at, pulled
from tests.hubspot.scripted import Reply, Scripted, Seen, scripted
from tests.hubspot.tiny import Tiny

if TYPE_CHECKING:
    from collections.abc import Iterator

LIST = "GET /crm/v3/objects/companies"
LINKS = "associations"


@pytest.fixture
def server() -> Iterator[Scripted]:
    tiny = Tiny(page=3)
    for number in range(1, 8):
        tiny.add("companies", number, name=f"company {number}")
    for number in range(11, 16):
        tiny.add("deals", number, dealname=f"deal {number}", amount="10")
    tiny.links["deals", "companies"] = {11: [(1, True), (2, False)], 12: [(2, False)]}
    tiny.definitions = {
        "companies": [{"name": "name", "type": "string"}, {"name": "seg_tier", "type": "string"}],
        "deals": [{"name": "dealname", "type": "string"}, {"name": "amount", "type": "number"}],
    }
    with scripted(tiny) as script:
        yield script


def page(*ids: object, after: object = None, **more: Any) -> dict[str, Any]:
    records = [{"id": number, "properties": {"name": "x"}} for number in ids]
    return {"results": records, **({"paging": {"next": {"after": after}}} if after else {}), **more}


def test_a_pull_over_a_healthy_server_delivers_everything(server: Scripted) -> None:
    rows, summary = pulled(hubspot_at(server.url))
    assert rows[Table.ACCOUNTS]["account_id"] == [str(n) for n in range(1, 8)]
    assert rows[Table.DEALS]["amount"] == ["10"] * 5
    assert rows[Table.DEAL_ACCOUNTS] == {
        "from_id": ["11", "11", "12"],
        "account_id": ["1", "2", "2"],
        "primary": ["true", "false", "false"],
    }
    assert summary.full
    assert summary.rows == {Table.ACCOUNTS: 7, Table.DEALS: 5, Table.DEAL_ACCOUNTS: 3}
    assert summary.not_connected == {}


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("cut JSON", b'{"results":[{"id":"1","prop'),
        ("an empty body", b""),
        ("an HTML page", b"<html><body>Bad gateway, but 200</body></html>"),
        ("a JSON text", b'"maintenance"'),
        ("no results", {"status": "ok"}),
        ("results that are no list", {"results": {"1": {}}}),
        ("a result that is no object", {"results": ["1"]}),
        ("a record without id", {"results": [{"properties": {}}]}),
        ("a record with an empty id", {"results": [{"id": "", "properties": {}}]}),
        ("a record without properties", {"results": [{"id": "1"}]}),
        ("properties that are a list", {"results": [{"id": "1", "properties": []}]}),
        ("ids out of order", page("2", "1", "3")),
        ("an id twice", page("1", "1")),
        ("an empty page that says more follows", page(after="9")),
        ("a next page without cursor", page("1", paging={"next": {}})),
        ("a next page that is a text", page("1", paging={"next": "9"})),
        ("paging that is a list", page("1", paging=["9"])),
        ("a value that is an object", {"results": [{"id": "1", "properties": {"name": {"a": 1}}}]}),
    ],
)
def test_a_page_that_cannot_be_trusted_stops_the_pull_when_it_is(server: Scripted, name: str, body: object) -> None:
    assert name
    server.only(LIST, Reply(200, body))
    with pytest.raises(BadAnswer) as error:
        pulled(hubspot_at(server.url))
    assert error.value.hint
    assert not any("update" in seen.path for seen in server.seen)


def test_a_cut_page_stops_the_pull_at_once_and_is_not_asked_for_again(server: Scripted) -> None:
    server.only(LIST, Reply(200, b'{"results":[{"id":"1"'))
    with pytest.raises(BadAnswer, match=r"listing companies.*cut"):
        pulled(hubspot_at(server.url))
    assert sum(seen.path == "/crm/v3/objects/companies" for seen in server.seen) == 1


def test_the_second_page_is_held_to_the_same(server: Scripted) -> None:
    server.only(LIST, None, Reply(200, b"{}"))
    with pytest.raises(BadAnswer, match="no list of results"):
        pulled(hubspot_at(server.url))


def test_a_page_that_comes_again_stops_the_pull(server: Scripted) -> None:
    server.only(LIST, None, Reply(200, page("1", "2", "3", after="4")))
    with pytest.raises(BadAnswer, match="record 1 comes twice or out of order"):
        pulled(hubspot_at(server.url))


def test_a_cursor_that_does_not_advance_stops_the_pull(server: Scripted) -> None:
    server.only(LIST, Reply(200, page("1", after="4")), Reply(200, page("2", after="4")))
    with pytest.raises(BadAnswer, match="cursor of the next page does not advance"):
        pulled(hubspot_at(server.url))


def test_a_pull_that_ends_early_is_incomplete_by_the_crms_own_count(server: Scripted) -> None:
    server.only(LIST, Reply(200, page("1", "2", "3")))
    with pytest.raises(BadAnswer, match=r"3 records arrived and HubSpot counts 7"):
        pulled(hubspot_at(server.url))


def test_an_empty_crm_is_believed_only_when_the_count_says_so(server: Scripted) -> None:
    server.only(LIST, Reply(200, page()))
    with pytest.raises(BadAnswer, match="0 records arrived"):
        pulled(hubspot_at(server.url))
    for kind in server.tiny.rows.values():
        kind.clear()
    server.only("nothing")
    assert pulled(hubspot_at(server.url))[1].rows == {Table.ACCOUNTS: 0, Table.DEALS: 0, Table.DEAL_ACCOUNTS: 0}


def test_a_count_without_total_stops_the_pull(server: Scripted) -> None:
    server.only("companies/search", Reply(200, {"results": []}))
    with pytest.raises(BadAnswer, match="no total"):
        pulled(hubspot_at(server.url))


FROM = {"id": "11"}
LINK_BODIES: list[tuple[str, dict[str, Any]]] = [
    ("left out", {"results": []}),
    ("not asked for", {"results": [{"from": {"id": "99"}, "to": []}]}),
    ("without record or types", {"results": [{"from": FROM, "to": [{"associationTypes": []}]}]}),
    ("without record or types", {"results": [{"from": FROM, "to": [{"toObjectId": "1x", "associationTypes": []}]}]}),
    ("without record or types", {"results": [{"from": FROM, "to": None}]}),
    ("could not read some", {"results": [], "errors": [{"category": "VALIDATION_ERROR", "message": "bad id"}]}),
]  # fmt: skip


@pytest.mark.parametrize(("why", "body"), LINK_BODIES)
def test_links_that_cannot_be_trusted_stop_the_pull(server: Scripted, why: str, body: dict[str, Any]) -> None:
    server.only(LINKS, Reply(207, body))
    with pytest.raises(BadAnswer, match=why):
        pulled(hubspot_at(server.url))


def test_the_links_of_a_record_are_read_to_their_last_page(server: Scripted) -> None:
    types = [{"category": "HUBSPOT_DEFINED", "typeId": 341, "label": None}]

    def rule(seen: Seen) -> Reply | None:
        if LINKS not in seen.path:
            return None
        if b"after" not in seen.body:
            first = {"from": {"id": "11"}, "to": [{"toObjectId": 5, "associationTypes": types}]}
            others = [{"category": "OBJECT_NOT_FOUND", "context": {"fromObjectId": ["12", "13", "14", "15"]}}]
            return Reply(207, {"results": [first | {"paging": {"next": {"after": "2"}}}], "errors": others})
        assert b'"after": "2"' in seen.body
        assert b'"12"' not in seen.body
        return Reply(200, {"results": [{"from": {"id": "11"}, "to": [{"toObjectId": 6, "associationTypes": types}]}]})

    server.rule = rule
    rows, _ = pulled(hubspot_at(server.url))
    assert rows[Table.DEAL_ACCOUNTS]["account_id"] == ["5", "6"]


@pytest.mark.parametrize(
    ("kind", "primary"),
    [
        ({"category": "HUBSPOT_DEFINED", "typeId": 5, "label": "Primary"}, "true"),
        ({"category": "HUBSPOT_DEFINED", "typeId": 5, "label": None}, "true"),
        ({"category": "HUBSPOT_DEFINED", "typeId": 99, "label": "Primary"}, "true"),
        ({"category": "HUBSPOT_DEFINED", "typeId": 341, "label": None}, "false"),
        ({"category": "USER_DEFINED", "typeId": 5, "label": "Reseller"}, "false"),
        ({"category": "USER_DEFINED", "typeId": 37, "label": "Primary"}, "false"),
        ({"category": "WORK", "typeId": 5, "label": "Primary"}, "false"),
    ],
)
def test_only_hubspots_own_primary_label_makes_a_company_the_primary_one(
    server: Scripted, kind: dict[str, Any], primary: str
) -> None:
    others = [{"category": "OBJECT_NOT_FOUND", "context": {"fromObjectId": ["12", "13", "14", "15"]}}]
    link = {"from": FROM, "to": [{"toObjectId": 1, "associationTypes": [kind]}]}
    server.only(LINKS, Reply(207, {"results": [link], "errors": others}))
    rows, _ = pulled(hubspot_at(server.url))
    assert rows[Table.DEAL_ACCOUNTS] == {"from_id": ["11"], "account_id": ["1"], "primary": [primary]}


def test_link_pages_that_never_end_stop_the_pull(server: Scripted) -> None:
    counter = iter(range(1000))

    def rule(seen: Seen) -> Reply | None:
        if LINKS not in seen.path:
            return None
        ids = re.findall(rb'"id": "(\d+)"', seen.body)
        to = [{"toObjectId": 5, "associationTypes": []}]
        paging = {"next": {"after": str(next(counter))}}
        return Reply(200, {"results": [{"from": {"id": i.decode()}, "to": to, "paging": paging} for i in ids]})

    server.rule = rule
    with pytest.raises(BadAnswer, match="bring nothing new"):
        pulled(hubspot_at(server.url))


def test_a_wrong_token_is_one_clear_error(server: Scripted) -> None:
    message = "Authentication credentials not found."
    server.only("/", then=Reply(401, {"status": "error", "message": message, "category": "INVALID_AUTHENTICATION"}))
    with pytest.raises(AccessRefused, match=r"HubSpot refuses the token.*credentials not found") as error:
        pulled(hubspot_at(server.url))
    assert "token" in error.value.hint
    assert len(server.seen) == 1


def test_a_malformed_token_refused_at_the_edge_is_an_auth_error(server: Scripted) -> None:
    server.only("/", then=Reply(530, b"<html>origin dns</html>"))
    with pytest.raises(AccessRefused, match="refuses the token"):
        pulled(hubspot_at(server.url))


def test_a_client_secret_in_place_of_the_token_is_named(server: Scripted) -> None:
    server.only("/", then=Reply(401, {"category": "INVALID_AUTHENTICATION", "message": "no"}))
    with pytest.raises(AccessRefused) as error:
        pulled(hubspot_at(server.url, token="0a1b2c3d-1111-2222-3333-444455556666"))
    assert "client secret" in error.value.hint


FORBIDDEN = {
    "status": "error",
    "category": "MISSING_SCOPES",
    "message": "One or more of the following scopes are required.",
    "errors": [{"message": "scopes", "context": {"requiredGranularScopes": ["crm.objects.deals.read", "x.read"]}}],
}


def test_a_missing_scope_of_a_needed_object_is_named(server: Scripted) -> None:
    server.only("deals/search", then=Reply(403, FORBIDDEN))
    with pytest.raises(AccessRefused, match=r"crm\.objects\.deals\.read or x\.read") as error:
        pulled(hubspot_at(server.url))
    assert "one of these scopes" in error.value.hint


def test_a_forbidden_optional_object_is_not_connected(server: Scripted) -> None:
    server.only("tickets", then=Reply(403, FORBIDDEN))
    asked = {**COLUMNS, Table.TICKETS: ("ticket_id", "category")}
    rows, summary = pulled(hubspot_at(server.url), columns=asked)
    assert summary.not_connected == {Table.TICKETS: frozenset({"ticket_id", "category"})}
    assert Table.TICKETS not in rows
    assert "tickets may not be read" in summary.warnings[0].message


def test_a_property_that_does_not_exist_is_not_connected(server: Scripted) -> None:
    asked = {**COLUMNS, Table.ACCOUNTS: ("account_id", "name", "pain_fit")}
    rows, summary = pulled(hubspot_at(server.url), columns=asked)
    assert summary.not_connected == {Table.ACCOUNTS: frozenset({"pain_fit"})}
    assert set(rows[Table.ACCOUNTS]) == {"account_id", "name"}


def test_a_required_property_that_does_not_exist_is_an_error_naming_it(server: Scripted) -> None:
    asked = {**COLUMNS, Table.ACCOUNTS: ("account_id", "pain_fit")}
    with pytest.raises(UsageError, match=r"pain_fit.*no property 'my_fit' on companies"):
        pulled(
            hubspot_at(server.url, fields={"pain_fit": "my_fit"}),
            columns=asked,
            required={Table.ACCOUNTS: frozenset({"pain_fit"})},
        )


def test_links_and_owners_that_are_asked_for_are_connected_though_empty(server: Scripted) -> None:
    server.tiny.links.clear()
    asked = {**COLUMNS, Table.DEAL_ACCOUNTS: ("from_id", "account_id", "primary"), Table.OWNERS: ("owner_id",)}
    _, summary = pulled(hubspot_at(server.url), columns=asked)
    assert summary.not_connected == {}
    assert (summary.rows[Table.DEAL_ACCOUNTS], summary.rows[Table.OWNERS]) == (0, 0)


def test_owners_that_may_not_be_read_are_not_connected(server: Scripted) -> None:
    server.only("owners", then=Reply(403, FORBIDDEN))
    _, summary = pulled(hubspot_at(server.url), columns={**COLUMNS, Table.OWNERS: ("owner_id", "name")})
    assert summary.not_connected == {Table.OWNERS: frozenset({"owner_id", "name"})}
    assert Table.OWNERS not in summary.rows


@pytest.mark.parametrize("kind", ["companies", "deals"])
def test_an_empty_list_of_definitions_does_not_pass_for_fields_that_are_not_connected(
    server: Scripted, kind: str
) -> None:
    server.only(f"GET /crm/v3/properties/{kind}", Reply(200, {"status": "COMPLETE", "results": []}))
    with pytest.raises(BadAnswer, match=f"reading the properties of {kind}: .* lists no property at all"):
        pulled(hubspot_at(server.url))


def test_definitions_that_may_not_be_read_are_told_from_the_records(server: Scripted) -> None:
    server.only("/crm/v3/properties", then=Reply(403, FORBIDDEN))
    asked = {**COLUMNS, Table.ACCOUNTS: ("account_id", "name", "pain_fit")}
    rows, summary = pulled(hubspot_at(server.url), columns=asked)
    assert rows[Table.ACCOUNTS]["name"][0] == "company 1"
    assert summary.not_connected[Table.ACCOUNTS] == frozenset({"pain_fit"})


@pytest.mark.parametrize("status", [400, 404, 414])
def test_a_call_that_hubspot_will_never_take_stops_the_run_with_its_words(server: Scripted, status: int) -> None:
    server.only(LIST, then=Reply(status, {"message": "URI is too long", "category": "VALIDATION_ERROR"}))
    with pytest.raises(StopRun, match="listing companies: URI is too long") as error:
        pulled(hubspot_at(server.url))
    assert error.value.hint
    assert sum(seen.path == "/crm/v3/objects/companies" for seen in server.seen) == 1


def test_a_used_up_day_names_the_time_it_goes_on(server: Scripted) -> None:
    body = {"message": "You have reached your daily limit.", "errorType": "RATE_LIMIT", "policyName": "DAILY"}
    server.only(LIST, then=Reply(429, body))
    with pytest.raises(QuotaUsedUp, match=r"daily limit.*2026-06-02 00:00 CEST") as error:
        pulled(hubspot_at(server.url))
    assert error.value.resume_at is not None
    assert error.value.resume_at.isoformat() == "2026-06-02T00:00:00+02:00"


def test_the_share_kept_for_others_is_not_used(server: Scripted) -> None:
    left = iter(range(1000, 0, -100))

    def rule(seen: Seen) -> Reply | None:
        headers = {"X-HubSpot-RateLimit-Daily": "1000", "X-HubSpot-RateLimit-Daily-Remaining": str(next(left))}
        return Reply(headers=headers, body=server.properly(seen).body)

    server.rule = rule
    with pytest.raises(QuotaUsedUp, match="500 of today's 1,000 HubSpot calls are left, and 500 are kept for others"):
        pulled(hubspot_at(server.url))
    assert len(server.seen) == 6


@pytest.mark.parametrize("status", [500, 502, 503, 504, 521, 523, 524])
def test_an_overloaded_server_is_asked_again(server: Scripted, status: int) -> None:
    clock = FakeClock()
    server.only(LIST, Reply(status, b"<html>busy</html>"), Reply(status))
    assert pulled(hubspot_at(server.url, clock))[1].rows[Table.ACCOUNTS] == 7
    assert 1 < clock.at < 10


def test_a_connection_that_breaks_off_is_made_again(server: Scripted) -> None:
    server.only(LIST, Reply(drop=True), Reply(200, page("1", "2"), cut=20))
    assert pulled(hubspot_at(server.url))[1].rows[Table.ACCOUNTS] == 7


def test_an_answer_that_is_cut_again_and_again_cannot_be_trusted(server: Scripted) -> None:
    clock = FakeClock()
    server.only(LIST, then=Reply(200, page("1", "2"), cut=20))
    with pytest.raises(BadAnswer, match="listing companies: the answer broke off halfway"):
        pulled(hubspot_at(server.url, clock))
    assert clock.at < 10


def test_a_server_that_stays_down_ends_the_run_within_the_patience(server: Scripted) -> None:
    clock = FakeClock()
    server.only(LIST, then=Reply(503, b""))
    with pytest.raises(StopRun, match="503 unavailable; gave up after trying for up to 60 s"):
        pulled(hubspot_at(server.url, clock, retry_seconds=60))
    assert clock.at <= 61


def test_an_unreachable_host_is_told_soon() -> None:
    clock = FakeClock()
    with pytest.raises(StopRun, match=r"details: the host 127\.0\.0\.1:\d+ cannot be reached") as caught:
        pulled(hubspot_at("http://127.0.0.1:1", clock))
    assert str(caught.value).endswith("cannot be reached; gave up after 3 tries")
    assert caught.value.hint.startswith("check [crm] base_url, or see whether it is up")
    assert clock.at < 10


def test_an_address_without_tls_where_it_is_asked_for_is_told_at_once(server: Scripted) -> None:
    clock = FakeClock()
    with pytest.raises(StopRun, match="no secure connection can be made") as caught:
        pulled(hubspot_at(server.url.replace("http:", "https:"), clock))
    assert "gave up" not in str(caught.value)
    assert caught.value.hint.startswith("check [crm] base_url; SSL_CERT_FILE")
    assert clock.at == 0


def test_a_host_name_that_does_not_exist_is_told_soon() -> None:
    with pytest.raises(StopRun, match=r"the host name .+ cannot be resolved"):
        pulled(hubspot_at("http://nowhere.invalid"))


def test_an_account_being_moved_ends_the_run_with_the_time_to_come_back(server: Scripted) -> None:
    server.only(LIST, then=Reply(477, b"", headers={"Retry-After": "7200"}))
    with pytest.raises(StopRun, match=r"another data centre.*come back at 2026-06-01 08:00") as error:
        pulled(hubspot_at(server.url))
    assert error.value.code == "COME_BACK_LATER"


def test_a_longer_wait_than_the_patience_ends_the_run_and_nobody_waits_for_it(server: Scripted) -> None:
    clock = FakeClock()
    server.only("", then=Reply(429, {"message": "later"}, headers={"Retry-After": "3600"}))
    crm = hubspot_at(server.url, clock)
    with pytest.raises(ComeBackLater, match="come back at 2026-06-01 07:00") as error:
        pulled(crm)
    assert error.value.resume_at == NOW + timedelta(hours=1)
    with pytest.raises(ComeBackLater):
        crm.quota()
    assert clock.slept == []


def test_a_short_wait_the_crm_asks_for_is_waited(server: Scripted) -> None:
    clock = FakeClock()
    server.only(LIST, Reply(477, b"", headers={"Retry-After": "30"}))
    assert pulled(hubspot_at(server.url, clock))[1].rows[Table.ACCOUNTS] == 7
    assert 30 <= clock.at < 32


def test_a_limit_reached_is_waited_for_and_the_call_repeated(server: Scripted) -> None:
    clock = FakeClock()
    body = {"message": "You have reached your ten_secondly_rolling limit.", "policyName": "TEN_SECONDLY_ROLLING"}
    server.only(LIST, *[Reply(429, body)] * 3)
    assert pulled(hubspot_at(server.url, clock))[1].rows[Table.ACCOUNTS] == 7
    assert 7 <= clock.at <= 20


def test_a_redirect_never_carries_the_token_elsewhere(server: Scripted) -> None:
    with scripted(Tiny()) as thief:
        server.only("/", then=Reply(307, b"", headers={"Location": f"{thief.url}/steal"}))
        with pytest.raises(BadAnswer, match="redirects elsewhere"):
            pulled(hubspot_at(server.url))
        assert thief.seen == []


def test_an_answer_that_drips_is_given_up_in_time(server: Scripted) -> None:
    server.only("/", then=Reply(200, {"portalId": 1, "pad": "x" * 200}, drip=0.05))
    began = time.monotonic()
    crm = hubspot_at(server.url, timeout_seconds=0.3, retry_seconds=0.1)
    crm._client.wire = Wire(base_url=server.url, timeout_seconds=0.3, ticks=time.monotonic)
    with pytest.raises(StopRun, match=r"took longer than 0\.3 s"):
        pulled(crm)
    assert time.monotonic() - began < 3


def test_an_answer_that_does_not_come_is_given_up_in_time(server: Scripted) -> None:
    server.only("/", then=Reply(delay=1.0))
    with pytest.raises(StopRun, match="no answer in time"):
        pulled(hubspot_at(server.url, timeout_seconds=0.1, retry_seconds=0.1))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503, 530])
def test_no_error_repeats_the_token_when_the_server_echoes_it(
    server: Scripted, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    told: list[object] = []
    echo = {"message": f"bad header Bearer {TOKEN}", "category": TOKEN, "context": {"a": [TOKEN]}}
    server.only("/", then=Reply(status, echo, headers={"Retry-After": "9999"}))
    with pytest.raises(ConnectorError) as error:
        pulled(hubspot_at(server.url, observe=told.append))
    chain: BaseException | None = error.value
    while chain is not None:
        assert TOKEN not in repr(chain) + str(chain) + str(getattr(chain, "hint", ""))
        trace = chain.__traceback__
        while trace is not None:
            if "/connector/" in trace.tb_frame.f_code.co_filename:
                assert TOKEN not in repr(trace.tb_frame.f_locals)
            trace = trace.tb_next
        chain = chain.__context__
    assert TOKEN not in caplog.text + repr(told)
    assert told


def test_the_token_goes_out_in_the_authorization_header_only(server: Scripted) -> None:
    pulled(hubspot_at(server.url))
    for seen in server.seen:
        assert seen.headers["Authorization"] == f"Bearer {TOKEN}"
        assert seen.headers["Accept-Encoding"] == "gzip"
        assert TOKEN not in seen.path + repr(seen.query) + repr(seen.body)
