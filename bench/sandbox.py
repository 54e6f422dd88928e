"""What a page costs the sandbox, so that it is never what a measurement of the client measures.

Promise: a page of 100 records with 20 properties costs less than 2 ms of CPU, rendered for the first time;
several hundred pages a second on one core, where HubSpot's own limits allow 19. Over HTTP the rate is printed too,
but it depends on what else the machine is doing.
"""

from __future__ import annotations

import http.client
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from connector.sandbox import Wish, build
from connector.sandbox.calls import read_query
from connector.sandbox.hubspot.app import HubSpot, respond
from connector.sandbox.hubspot.requests import Request
from tests.acceptance.commands import TOKEN, sandbox

COMPANIES = 5_000
MOST_MS = 2.0
PROPERTIES = [
    "name",
    "industry",
    "type",
    "country",
    "lifecyclestage",
    "numberofemployees",
    "annualrevenue",
    "hubspot_owner_id",
    "pain_fit",
    "nps",
    "growth_potential",
    "gross_margin_pct",
    "sm_cost_12m",
    "service_hours_12m",
    "contract_end_date",
    "potential_annual_revenue",
    "share_of_wallet_pct",
    "notes_last_contacted",
    "open_invoice_amount",
    "hs_parent_company_id",
]
EXTRA = ("city", "zip", "state", "phone")
Call = tuple[str, str, bytes]


def list_pages(ids: list[str], names: list[str]) -> list[Call]:
    path = "/crm/v3/objects/companies?limit=100&after={}&properties={}"
    return [("GET", path.format(start, ",".join(names)), b"") for start in ids[::100]]


def batch_reads(ids: list[str], names: list[str]) -> list[Call]:
    batches = [[{"id": identity} for identity in ids[start : start + 100]] for start in range(0, len(ids), 100)]
    bodies = [json.dumps({"inputs": inputs, "properties": names[::-1]}).encode() for inputs in batches]
    return [("POST", "/crm/v3/objects/companies/batch/read", body) for body in bodies]


WAYS = {"list": list_pages, "batch read": batch_reads}


def renamed(turn: int) -> list[str]:
    """Other properties in each turn, so that nothing is found rendered."""
    return [*PROPERTIES, EXTRA[turn]]


def cpu_ms(app: HubSpot, calls: list[Call]) -> float:
    """CPU milliseconds per page inside the sandbox, without a socket."""
    headers = {b"authorization": f"Bearer {TOKEN}".encode()}
    began = time.process_time()
    for method, target, body in calls:
        path, _, query = target.partition("?")
        asked = Request(method, path, query=read_query(query.encode()), headers=headers, body=body)
        assert respond(app.portal, asked).status == 200
    return (time.process_time() - began) * 1000 / len(calls)


def pages_per_second(line: http.client.HTTPConnection, calls: list[Call]) -> float:
    """Pages per second over one connection, the answers read and not parsed."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    began = time.perf_counter()
    for method, target, body in calls:
        line.request(method, target, body or None, headers)
        reply = line.getresponse()
        reply.read()
        assert reply.status == 200
    return len(calls) / (time.perf_counter() - began)


def inside() -> bool:
    app = build(Wish(now=lambda: datetime(2026, 11, 1, tzinfo=UTC), population=COMPANIES, limits="off"))
    assert isinstance(app, HubSpot)
    ids = [str(identity) for identity in app.portal.shelves["companies"].live]
    held = True
    for name, way in WAYS.items():
        fresh = min(cpu_ms(app, way(ids, renamed(turn))) for turn in range(len(EXTRA)))
        again = min(cpu_ms(app, way(ids, renamed(0))) for _ in range(len(EXTRA)))
        print(f"{name:12} {fresh:6.2f} ms CPU per page the first time  {again:6.2f} ms when asked again")
        held = held and fresh < MOST_MS
    return held


def over_http() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        sandbox("--companies", str(COMPANIES), "--limits", "off", cwd=Path(folder)) as url,
    ):
        line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        line.request("GET", "/_sandbox/records/companies")
        ids = [record["id"] for record in json.loads(line.getresponse().read())["results"]]
        for name, way in WAYS.items():
            fresh = max(pages_per_second(line, way(ids, renamed(turn))) for turn in range(len(EXTRA)))
            again = max(pages_per_second(line, way(ids, renamed(0))) for _ in range(len(EXTRA)))
            print(f"{name:12} {fresh:6.0f} pages/s over HTTP the first time  {again:6.0f} pages/s when asked again")
        line.close()


def main() -> bool:
    over_http()
    held = inside()
    print(f"promise: less than {MOST_MS} ms of CPU per page the first time")
    return held
