"""Which resource answers which path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from connector.sandbox.answers import Answer, answer
from connector.sandbox.salesforce import limits
from connector.sandbox.salesforce.answers import Refusal, not_found
from connector.sandbox.salesforce.bulk import bulkquery, ingest
from connector.sandbox.salesforce.rest import (
    collections,
    composite,
    describe,
    families,
    query,
    recordtypes,
    replication,
    rows,
    tooling,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.salesforce.calls import Asked

OLDEST, NEWEST, RETIRED = 31, 68, range(7, 31)
DATA = re.compile(r"/services/data/v(\d+\.0)(/.*)?")
RELEASES = ("Spring", "Summer", "Winter")


@dataclass(frozen=True, slots=True)
class Route:
    """One resource: method, pattern of the path behind the version, and what answers."""

    method: str
    pattern: re.Pattern[str]
    handler: Callable[..., Answer]
    writes: bool = False


def _route(methods: str, path: str, handler: Callable[..., Answer], *, writes: bool = False) -> list[Route]:
    pattern = re.compile(re.sub(r"\{\w+\}", "([^/]+)", path) + "/?", re.IGNORECASE)
    return [Route(method, pattern, handler, writes) for method in methods.split()]


ROUTES = [
    *_route("GET", "/limits", limits.limits),
    *_route("GET", "/limits/recordCount", limits.record_count),
    *_route("GET", "/query", query.query),
    *_route("GET", "/queryAll", query.query_all),
    *_route("GET", "/query/{locator}", query.more),
    *_route("GET", "/queryAll/{locator}", query.more),
    *_route("GET", "/sobjects", describe.describe_all),
    *_route("GET", "/sobjects/{name}/describe", describe.describe),
    *_route("GET", "/sobjects/{name}/describe/layouts", recordtypes.layouts),
    *_route("GET", "/sobjects/{name}/describe/layouts/{id}", recordtypes.layout),
    *_route("GET", "/ui-api/object-info/{name}/picklist-values/{id}", recordtypes.picklist_values),
    *_route("GET", "/sobjects/{name}", describe.basic),
    *_route("GET", "/sobjects/{name}/updated", replication.updated),
    *_route("GET", "/sobjects/{name}/deleted", replication.deleted),
    *_route("POST", "/sobjects/{name}", rows.create, writes=True),
    *_route("GET", "/sobjects/{name}/{id}", rows.read),
    *_route("PATCH", "/sobjects/{name}/{id}", rows.update, writes=True),
    *_route("DELETE", "/sobjects/{name}/{id}", rows.delete, writes=True),
    *_route("GET", "/sobjects/{name}/{field}/{value}", rows.read_external),
    *_route("PATCH", "/sobjects/{name}/{field}/{value}", rows.upsert, writes=True),
    *_route("DELETE", "/sobjects/{name}/{field}/{value}", rows.delete_external, writes=True),
    *_route("POST", "/composite", composite.composite, writes=True),
    *_route("POST", "/composite/batch", families.batch, writes=True),
    *_route("POST", "/composite/graph", families.graph, writes=True),
    *_route("POST", "/composite/tree/{name}", families.tree, writes=True),
    *_route("POST", "/composite/sobjects", collections.create, writes=True),
    *_route("PATCH", "/composite/sobjects", collections.update, writes=True),
    *_route("DELETE", "/composite/sobjects", collections.delete, writes=True),
    *_route("GET POST", "/composite/sobjects/{name}", collections.retrieve),
    *_route("PATCH", "/composite/sobjects/{name}/{field}", collections.upsert, writes=True),
    *_route("POST", "/jobs/ingest", ingest.create, writes=True),
    *_route("GET", "/jobs/ingest", ingest.listed),
    *_route("GET", "/jobs/ingest/{id}", ingest.info),
    *_route("PATCH", "/jobs/ingest/{id}", ingest.change, writes=True),
    *_route("DELETE", "/jobs/ingest/{id}", ingest.delete),
    *_route("PUT", "/jobs/ingest/{id}/batches", ingest.upload, writes=True),
    *_route("GET", "/jobs/ingest/{id}/successfulResults", ingest.successful),
    *_route("GET", "/jobs/ingest/{id}/failedResults", ingest.failed),
    *_route("GET", "/jobs/ingest/{id}/unprocessedrecords", ingest.unprocessed),
    *_route("POST", "/jobs/query", bulkquery.create),
    *_route("GET", "/jobs/query", bulkquery.listed),
    *_route("GET", "/jobs/query/{id}", bulkquery.info),
    *_route("PATCH", "/jobs/query/{id}", bulkquery.change),
    *_route("DELETE", "/jobs/query/{id}", bulkquery.delete),
    *_route("GET", "/jobs/query/{id}/results", bulkquery.results),
    *_route("GET", "/jobs/query/{id}/resultPages", bulkquery.pages),
    *_route("GET", "/tooling/query", tooling.query),
    *_route("POST", "/tooling/sobjects/CustomField", tooling.create, writes=True),
    *_route("GET", "/tooling/sobjects/CustomField/{id}", tooling.read),
    *_route("PATCH", "/tooling/sobjects/CustomField/{id}", tooling.update, writes=True),
    *_route("DELETE", "/tooling/sobjects/CustomField/{id}", tooling.delete, writes=True),
]


def versions() -> Answer:
    """Answer the versions there are: nobody has to log in for that."""
    listed = []
    for number in range(OLDEST, NEWEST + 1):
        release = RELEASES[number % 3]
        # A Winter release is called after the year it leads into.
        label = f"{release} '{number // 3 + 4 + (release == 'Winter')}"
        listed.append({"label": label, "url": f"/services/data/v{number}.0", "version": f"{number}.0"})
    return answer(listed)


def split(path: str) -> tuple[str, str]:
    """Split a path into its version and what is behind it; refuse one of a version that is gone."""
    found = DATA.fullmatch(path)
    if found is None:
        raise not_found()
    number = int(found[1].split(".")[0])
    if number in RETIRED:
        raise Refusal(410, "GONE", "The requested API version has been retired")
    if not OLDEST <= number <= NEWEST:
        raise not_found()
    return found[1], found[2] or "/"


def find(method: str, path: str) -> tuple[Route, list[str]]:
    """Find what answers a path behind the version."""
    held = [(route, match) for route in ROUTES if (match := route.pattern.fullmatch(path)) is not None]
    if not held:
        raise not_found()
    for route, match in held:
        if route.method == method:
            return route, [unquote(text) for text in match.groups()]
    allowed = ",".join(dict.fromkeys(route.method for route, _ in held))
    raise Refusal(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed. Allowed are {allowed}")


def resources(asked: Asked) -> Answer:
    """Answer what there is behind a version."""
    names = ("query", "queryAll", "sobjects", "limits", "composite", "jobs", "tooling")
    (organization,) = asked.org.table("Organization").rows
    who = f"https://login.salesforce.com/id/{organization}/{asked.user}"
    return answer({name: f"{asked.root}/{name}" for name in names} | {"identity": who})
