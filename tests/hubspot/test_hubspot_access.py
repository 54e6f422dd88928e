"""A token that is refused, lacks a scope or does not see a field: told once, by name, and never repeated."""

from __future__ import annotations

import pytest

from connector.errors import AccessRefused, BadAnswer, ConnectorError, StopRun, UsageError
from connector.model.fields import Table
from tests.hubspot.parts import COLUMNS, LIST, TOKEN, hubspot_at, pulled
from tests.hubspot.scripted import Reply, Scripted


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
