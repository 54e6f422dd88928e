"""The vendor's own Python client, with its validation on, takes every answer of the sandbox for HubSpot's.

The same walks go once straight to the sandbox and once through a proxy that holds every request and answer
against a description derived from that client: it turns a breach into a 500.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hubspot import HubSpot
from hubspot.crm.companies.exceptions import ApiException, ForbiddenException, NotFoundException, UnauthorizedException

from connector.sandbox import running
from connector.sandbox.population import generate
from connector.sandbox.tables import write_tables
from tests.support.prism import describe, proxied

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.sandbox.server import Running

TOKEN = "pat-eu1-test"
LETTERS = [{"label": letter, "value": letter, "displayOrder": at, "hidden": False} for at, letter in enumerate("ABC")]


@pytest.fixture(scope="module", params=["straight", pytest.param("prism", marks=pytest.mark.node)])
def sandbox(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("book")
    write_tables(generate(companies=130, as_of=date(2026, 11, 1)), folder)
    with running(now=lambda: datetime.now(UTC), data=folder) as found:
        if request.param == "straight":
            yield found
        else:
            with proxied(found.url, describe(folder)) as url:
                yield replace(found, url=url)


@pytest.fixture
def client(sandbox: Running) -> Iterator[Any]:
    made = connect(sandbox.url)
    yield made
    made.close()


class Connected:
    """The client, with its connection pools closed at the end."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._apis: list[Any] = []

    def api(self, *path: str) -> Any:
        found = self._client
        for name in path:
            found = getattr(found, name)
        self._apis.append(found)
        return found

    def close(self) -> None:
        for found in self._apis:
            found.api_client.rest_client.pool_manager.clear()


@pytest.fixture
def lenient(sandbox: Running) -> Iterator[Connected]:
    """A client for mixed answers: its validation asks for `links` in them, which recorded ones do not have."""
    made = connect(sandbox.url, validated=False)
    yield made
    made.close()


def connect(url: str, token: str = TOKEN, *, validated: bool = True) -> Connected:
    return Connected(HubSpot(access_token=token, host=url, base_url=url, client_side_validation=validated))


@pytest.mark.parametrize("kind", ["companies", "deals", "tickets", "line_items"])
def test_pages_of_every_object_type_are_valid(client: Connected, kind: str) -> None:
    page = client.api("crm", kind, "basic_api").get_page(limit=100, archived=False)
    assert all(isinstance(record.created_at, datetime) for record in page.results)


def test_a_walk_over_the_pages_meets_every_company(client: Connected) -> None:
    api = client.api("crm", "companies", "basic_api")
    seen: list[str] = []
    after = None
    while True:
        page = api.get_page(limit=50, after=after, properties=["name", "industry"], associations=["deals"])
        seen += [record.id for record in page.results]
        if page.paging is None:
            break
        after = page.paging.next.after
    assert len(seen) == len(set(seen)) == 130


def test_a_record_is_created_read_patched_merged_and_archived(client: Connected) -> None:
    api = client.api("crm", "companies", "basic_api")
    made = api.create({"properties": {"name": "Alpha"}, "associations": []})
    assert made is not None, "a create that is not 201 comes back as None"
    assert api.update(made.id, {"properties": {"name": "Beta"}}).properties["name"] == "Beta"
    assert api.get_by_id(made.id, properties=["name"]).properties["name"] == "Beta"
    other = api.create({"properties": {"name": "Gamma"}, "associations": []})
    merging = client.api("crm", "companies", "basic_api")
    survivor = merging.merge({"primaryObjectId": made.id, "objectIdToMerge": other.id})
    assert survivor.id not in {made.id, other.id}
    api.archive(survivor.id)
    with pytest.raises(NotFoundException):
        api.get_by_id(survivor.id)


def test_batches_of_records_are_valid_whole_and_mixed(client: Connected, lenient: Connected) -> None:
    api = client.api("crm", "companies", "batch_api")
    made = api.create({"inputs": [{"properties": {"name": str(n)}, "associations": []} for n in range(3)]})
    ids = [record.id for record in made.results]
    read = api.read({"inputs": [{"id": i} for i in ids], "properties": ["name"], "propertiesWithHistory": []})
    assert {record.id for record in read.results} == set(ids)
    update = {"inputs": [{"id": i, "properties": {"name": "x"}} for i in [*ids, "404"]]}
    mixed = lenient.api("crm", "companies", "batch_api").update(update)
    assert (len(mixed.results), mixed.num_errors, mixed.errors[0].context) == (3, 1, {"ids": ["404"]})
    api.archive({"inputs": [{"id": i} for i in ids]})


def test_an_upsert_is_valid(client: Connected) -> None:
    client.api("crm", "properties", "core_api").create("companies", definition("code", hasUniqueValue=True))
    api = client.api("crm", "companies", "batch_api")
    done = api.upsert({"inputs": [{"id": "K", "idProperty": "code", "properties": {"name": "x"}}]})
    assert [record.new for record in done.results] == [True]
    api.archive({"inputs": [{"id": record.id} for record in done.results]})


@pytest.mark.parametrize("kind", ["companies", "deals", "tickets"])
def test_search_is_valid(client: Connected, kind: str) -> None:
    found = client.api("crm", kind, "search_api").do_search({"limit": 200, "properties": ["createdate"]})
    assert found.total >= len(found.results) > 0


def test_associations_are_valid_both_ways(client: Connected, lenient: Connected) -> None:
    api = client.api("crm", "associations", "v4", "batch_api")
    deals = client.api("crm", "deals", "basic_api").get_page(limit=100).results
    read = api.get_page("deals", "companies", {"inputs": [{"id": record.id} for record in deals]})
    assert len(read.results) == 100
    assert {kind.label for kind in read.results[0].to[0].association_types} == {None, "Primary"}
    mixing = lenient.api("crm", "associations", "v4", "batch_api")
    mixed = mixing.get_page("deals", "companies", {"inputs": [{"id": deals[0].id}, {"id": "404"}]})
    assert mixed.errors[0].sub_category == "crm.associations.NO_ASSOCIATIONS_FOUND"
    single = client.api("crm", "associations", "v4", "basic_api").get_page("deals", deals[0].id, "companies")
    assert single.results[0].association_types


def test_associations_are_made_and_taken_off(client: Connected) -> None:
    company = client.api("crm", "companies", "basic_api").create({"properties": {"name": "x"}, "associations": []}).id
    deal = client.api("crm", "deals", "basic_api").create({"properties": {"dealname": "x"}, "associations": []}).id
    api = client.api("crm", "associations", "v4", "batch_api")
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}]
    made = api.create("deals", "companies", {"inputs": [{"from": {"id": deal}, "to": {"id": company}, "types": spec}]})
    assert made.results[0].labels == ["Primary"]
    api.create_default("deals", "companies", {"inputs": [{"from": {"id": deal}, "to": {"id": company}}]})
    api.archive_labels("deals", "companies", {"inputs": [{"from": {"id": deal}, "to": {"id": company}, "types": spec}]})
    api.archive("deals", "companies", {"inputs": [{"from": {"id": deal}, "to": [{"id": company}]}]})
    basic = client.api("crm", "associations", "v4", "basic_api")
    basic.create("deals", deal, "companies", company, spec)
    basic.create_default("deals", deal, "companies", company)
    basic.archive("deals", deal, "companies", company)
    assert basic.get_page("deals", deal, "companies").results == []
    client.api("crm", "companies", "basic_api").archive(company)
    client.api("crm", "deals", "basic_api").archive(deal)


def test_labels_are_valid(client: Connected) -> None:
    api = client.api("crm", "associations", "v4", "schema", "definitions_api")
    assert {found.type_id for found in api.get_all("deals", "companies").results} >= {5, 341}
    made = api.create("deals", "companies", {"name": "reseller", "label": "Reseller"})
    assert len(made.results) == 2


def definition(name: str, **more: object) -> dict[str, object]:
    shape = {"type": "string", "fieldType": "text", "groupName": "companyinformation"}
    return {"name": name, "label": name, **shape, **more}


def test_properties_are_valid(client: Connected, lenient: Connected) -> None:
    api = client.api("crm", "properties", "core_api")
    made = api.create("companies", definition("ct_tier", type="enumeration", fieldType="select", options=LETTERS))
    assert [option.value for option in made.options] == ["A", "B", "C"]
    assert api.update("companies", "ct_tier", {"label": "Tier", "options": LETTERS}).label == "Tier"
    assert api.get_by_name("companies", "ct_tier").name == "ct_tier"
    for kind in ("companies", "deals", "tickets", "contacts"):
        assert len(api.get_all(kind).results) > 10
    batch = client.api("crm", "properties", "batch_api")
    created = lenient.api("crm", "properties", "batch_api").create(
        "companies", {"inputs": [definition("ct_tier"), definition("ct_more")]}
    )
    assert ([found.name for found in created.results], created.num_errors) == (["ct_more"], 1)
    read = batch.read("companies", {"archived": False, "inputs": [{"name": "ct_more"}]})
    assert [found.name for found in read.results] == ["ct_more"]
    batch.archive("companies", {"inputs": [{"name": "ct_more"}]})
    api.archive("companies", "ct_tier")


def test_property_groups_are_valid(client: Connected) -> None:
    api = client.api("crm", "properties", "groups_api")
    made = api.create("companies", {"name": "customer_tier", "label": "Customer tier", "displayOrder": -1})
    assert (made.name, made.archived) == ("customer_tier", False)
    assert api.update("companies", "customer_tier", {"label": "Tier", "displayOrder": 1}).label == "Tier"
    assert api.get_by_name("companies", "customer_tier").label == "Tier"
    assert len(api.get_all("companies").results) >= 2
    api.archive("companies", "customer_tier")


def test_pipelines_are_valid(client: Connected) -> None:
    api = client.api("crm", "pipelines", "pipelines_api")
    assert [found.id for found in api.get_all("deals").results] == ["default"]
    assert api.get_by_id("tickets", "0").stages
    stages = client.api("crm", "pipelines", "pipeline_stages_api")
    assert len(stages.get_all("deals", "default").results) == 7
    assert stages.get_by_id("deals", "default", "closedwon").metadata["probability"] == "1.0"


def test_owners_are_valid_active_and_archived(client: Connected) -> None:
    api = client.api("crm", "owners", "owners_api")
    active, gone = api.get_page(limit=100), api.get_page(limit=100, archived=True)
    assert [len(active.results), len(gone.results)] == [2, 1]
    assert api.get_by_id(active.results[0].id).email == active.results[0].email


def test_tokens_are_valid(client: Connected, sandbox: Running) -> None:
    api = client.api("oauth", "tokens_api")
    form = {"grant_type": "refresh_token", "client_id": "a", "client_secret": "b", "refresh_token": "eu1-c"}
    fresh = api.create(**form)
    assert fresh.expires_in == 1800
    authorised = connect(sandbox.url, fresh.access_token)
    assert authorised.api("crm", "owners", "owners_api").get_page().results
    authorised.close()
    told = client.api("oauth", "access_tokens_api").get(fresh.access_token)
    assert told.hub_id == 147930284
    assert client.api("oauth", "refresh_tokens_api").get("eu1-c").token == "eu1-c"


def test_refusals_raise_the_clients_own_exceptions(sandbox: Running) -> None:
    stranger = connect(sandbox.url, "11111111-2222")
    with pytest.raises(UnauthorizedException):
        stranger.api("crm", "companies", "basic_api").get_page()
    stranger.close()
    sandbox.app.portal.access.scopes["pat-eu1-poor"] = frozenset({"tickets"})
    poor = connect(sandbox.url, "pat-eu1-poor")
    with pytest.raises(ForbiddenException):
        poor.api("crm", "companies", "basic_api").get_page()
    poor.close()
    wrong = connect(sandbox.url)
    with pytest.raises(ApiException) as refused:
        wrong.api("crm", "companies", "basic_api").create({"properties": {"nme": "x"}, "associations": []})
    assert refused.value.status == 400
    wrong.close()
