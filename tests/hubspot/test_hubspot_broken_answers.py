"""A 200 is not a proof: whatever the answer, a pull is complete or it did not happen."""

from __future__ import annotations

import re
from typing import Any

import pytest

from connector.errors import BadAnswer
from connector.model.fields import Table
from tests.hubspot.parts import LIST, hubspot_at, page, pulled
from tests.hubspot.scripted import Reply, Scripted, Seen, scripted
from tests.hubspot.tiny import Tiny

LINKS = "associations"


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


def test_a_redirect_never_carries_the_token_elsewhere(server: Scripted) -> None:
    with scripted(Tiny()) as thief:
        server.only("/", then=Reply(307, b"", headers={"Location": f"{thief.url}/steal"}))
        with pytest.raises(BadAnswer, match="redirects elsewhere"):
            pulled(hubspot_at(server.url))
        assert thief.seen == []
