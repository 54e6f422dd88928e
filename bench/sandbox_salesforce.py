"""What rows cost the Salesforce sandbox, so that it is never what a measurement of the client measures.

Promise: at least 20,000 opportunities with 17 fields per second of CPU, by query pages and by Bulk 2.0, the query
itself included; and at most 3 KB of memory for an opportunity.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from datetime import UTC, datetime
from urllib.parse import quote

import orjson

from connector.sandbox import Wish, build
from connector.sandbox.calls import Call, read_query
from connector.sandbox.salesforce.app import Salesforce, respond

COMPANIES = 10_000
LEAST_ROWS, MOST_BYTES = 20_000, 3_000
TURNS = 3
V = "/services/data/v66.0"
TOKEN = b"Bearer 00D5g00000000G8!sandbox-integration"
SOQL = (
    "SELECT Id, AccountId, Name, StageName, Amount, CurrencyIsoCode, CloseDate, IsWon, IsClosed, Probability, Type, "
    "CreatedDate, OwnerId, RecordTypeId, SystemModstamp, Is_Renewal__c, Discount_Pct__c "
    "FROM Opportunity ORDER BY SystemModstamp, Id"
)


def ask(app: Salesforce, method: str, target: str, body: object = None) -> tuple[bytes, dict[bytes, bytes]]:
    path, _, query = target.partition("?")
    raw = orjson.dumps(body) if body is not None else b""
    call = Call(method, path, query=read_query(query.encode()), headers={b"authorization": TOKEN}, body=raw)
    found = respond(app.org, call)
    assert found.status == 200, found.body
    return found.body, dict(found.headers)


def by_query(app: Salesforce) -> tuple[int, float]:
    """Rows, and seconds of CPU spent in the sandbox alone."""
    rows, spent, target = 0, 0.0, f"{V}/query?q={quote(SOQL)}"
    while target:
        began = time.process_time()
        body, _ = ask(app, "GET", target)
        spent += time.process_time() - began
        page = orjson.loads(body)
        rows += len(page["records"])
        target = page.get("nextRecordsUrl", "")
    return rows, spent


def by_bulk(app: Salesforce) -> tuple[int, float]:
    began = time.process_time()
    job = orjson.loads(ask(app, "POST", f"{V}/jobs/query", {"operation": "query", "query": SOQL})[0])["id"]
    while orjson.loads(ask(app, "GET", f"{V}/jobs/query/{job}")[0])["state"] != "JobComplete":
        pass
    rows, locator = 0, ""
    while locator != "null":
        _, headers = ask(
            app, "GET", f"{V}/jobs/query/{job}/results?maxRecords=10000" + (f"&locator={locator}" if locator else "")
        )
        locator = headers[b"sforce-locator"].decode()
        rows += int(headers[b"sforce-numberofrecords"])
    return rows, time.process_time() - began


def memory(now: datetime) -> float:
    """Bytes an opportunity takes, measured on a smaller book."""
    tracemalloc.start()
    app = build(Wish(now=lambda: now, crm="salesforce", population=COMPANIES // 10, limits="off"))
    gc.collect()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert isinstance(app, Salesforce)
    return held / len(app.org.table("Opportunity").rows)


def main() -> bool:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    size = memory(now)
    print(f"{size:8,.0f} bytes per opportunity, everything else of the org included")
    app = build(Wish(now=lambda: now, crm="salesforce", population=COMPANIES, limits="off"))
    assert isinstance(app, Salesforce)
    held = size < MOST_BYTES
    for name, way in (("query", by_query), ("bulk", by_bulk)):
        rate = max(rows / spent for rows, spent in (way(app) for _ in range(TURNS)))
        print(f"{rate:8,.0f} rows per second of CPU by {name}")
        held = held and rate > LEAST_ROWS
    print(f"promise: more than {LEAST_ROWS:,} rows per second of CPU, less than {MOST_BYTES:,} bytes per opportunity")
    return held
