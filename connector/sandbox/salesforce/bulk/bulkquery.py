"""Bulk 2.0 query: rows as CSV, page by page behind a locator (salesforce.md 2.5)."""

from __future__ import annotations

import base64
import binascii
from itertools import chain
from types import NoneType
from typing import TYPE_CHECKING, Any

from connector.sandbox.answers import Answer, answer
from connector.sandbox.salesforce.answers import Refusal, malformed
from connector.sandbox.salesforce.bulk import jobs
from connector.sandbox.salesforce.bulk.jobs import ENDED, ENDINGS, Job, begin, find, move, told
from connector.sandbox.salesforce.org.times import zulu
from connector.sandbox.salesforce.soql.aggregate import aggregates
from connector.sandbox.salesforce.soql.grammar import parse
from connector.sandbox.salesforce.soql.run import Runner
from connector.sandbox.salesforce.soql.tree import Function, Subquery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.sandbox.answers import Headers
    from connector.sandbox.salesforce.calls import Asked

OPERATIONS = ("query", "queryAll")
USUAL, MOST_PAGES = 50_000, 5
"""Rows of a page when nobody asks for a number; pages told of at once."""
BLOCK = 500
"""Rows whose texts are made together."""
INSTANT = len("2026-03-04T10:11:12.000+0000")


def create(asked: Asked) -> Answer:
    """Make a job and find its rows: they are those of this moment."""
    content = asked.json()
    if content.get("operation") not in OPERATIONS:
        raise Refusal(400, "INVALIDOPERATION", f"Unsupported operation: {content.get('operation')}")
    text = str(content.get("query") or "")
    _check(text)
    found = Runner(asked.view, asked.root, deleted=content["operation"] == "queryAll").run(text)
    if found.selection is None or asked.org.objects[found.sobject.lower()].setup:
        raise Refusal(400, "INVALIDENTITY", f"Entity '{found.sobject}' is not supported by the Bulk API.")
    if any(column.compound for column in found.selection.columns):
        raise Refusal(400, "API_ERROR", "Selecting compound data not supported in Bulk Query")
    asked.org.meter.queries += 1
    job = begin(asked, "query", content, found.sobject, "UploadComplete")
    job.columns, job.rows, job.query = found.selection.columns, found.records, text
    return answer(told(job, job.created, full=False))


def _check(text: str) -> None:
    query = parse(text)
    refused = {
        "aggregate queries": aggregates(query),
        "nested queries": any(isinstance(item.what, Subquery) for item in query.items),
        "OFFSET": query.offset,
        "FIELDS()": any(isinstance(item.what, Function) and item.what.name == "FIELDS" for item in query.items),
    }
    for what, there in refused.items():
        if there:
            raise malformed(f"Bulk API does not support {what}")


def change(asked: Asked, identity: str) -> Answer:
    """Abort a job: the only state a client may ask for."""
    job = find(asked, "query", identity)
    if asked.json().get("state") != "Aborted" or job.state in ENDED:
        raise Refusal(400, "INVALIDJOBSTATE", f"Job {job.id} cannot be changed in state {job.state}")
    job.state = "Aborted"
    return answer(told(job, asked.org.stamp(), full=False))


def info(asked: Asked, identity: str) -> Answer:
    """Answer how far a job is."""
    job = find(asked, "query", identity)
    move(asked, job, _finish)
    return answer(told(job, asked.org.stamp()))


def _finish(job: Job) -> None:
    job.state, job.processed = "JobComplete", len(job.rows)


def listed(asked: Asked) -> Answer:
    """Answer all query jobs."""
    return jobs.listed(asked, "query")


def delete(asked: Asked, identity: str) -> Answer:
    """Forget an ended job."""
    return jobs.delete(asked, "query", identity)


def results(asked: Asked, identity: str) -> Answer:
    """Answer one page: header row, Sforce-NumberOfRecords, and the locator of the next page or `null`."""
    job = _complete(asked, identity)
    text = asked.call.first("maxRecords", str(USUAL))
    if not text.isdigit() or int(text) < 1:
        raise Refusal(400, "INVALIDPARAMETER", f"maxRecords must be a positive number: {text}")
    start, size = _offset(asked.call.first("locator")), int(text)
    if start > len(job.rows):
        raise Refusal(400, "INVALIDLOCATOR", "invalid query locator")
    rows = job.rows[start : start + size]
    following = _locator(start + size) if start + size < len(job.rows) else "null"
    headers: Headers = (
        (b"content-type", b"text/csv;charset=UTF-8"),
        (b"sforce-locator", following.encode()),
        (b"sforce-numberofrecords", str(len(rows)).encode()),
    )
    return Answer(200, _csv(job, rows), headers)


def pages(asked: Asked, identity: str) -> Answer:
    """Answer the addresses of up to five pages, to be fetched side by side."""
    job = _complete(asked, identity)
    start = _offset(asked.call.first("locator"))
    starts = list(range(start, max(1, len(job.rows)), USUAL))[:MOST_PAGES]
    base = f"{asked.root}/jobs/query/{job.id}/results"
    urls = [{"resultUrl": f"{base}?locator={_locator(place)}" if place else base} for place in starts]
    after = starts[-1] + USUAL if starts else 0
    more = f"{asked.root}/jobs/query/{job.id}/resultPages?locator={_locator(after)}" if after < len(job.rows) else None
    return answer({"resultPages": urls, "nextRecordsUrl": more, "done": more is None})


def _complete(asked: Asked, identity: str) -> Job:
    job = find(asked, "query", identity)
    if job.version != asked.version:
        raise Refusal(409, "VERSION_MISMATCH", "The API version of the job and of the results must be the same")
    if job.state != "JobComplete":
        raise Refusal(400, "INVALIDJOBSTATE", f"Job {job.id} is not complete: {job.state}")
    return job


def _locator(offset: int) -> str:
    return base64.b64encode(str(offset).encode()).decode().rstrip("=")


def _offset(locator: str) -> int:
    if not locator:
        return 0
    try:
        return int(base64.b64decode(locator + "=" * (-len(locator) % 4)))
    except (ValueError, binascii.Error) as error:
        raise Refusal(400, "INVALIDLOCATOR", "invalid query locator") from error


def _csv(job: Job, rows: list[dict[str, Any]]) -> bytes:
    """Every cell in quotes."""
    between, end = f'"{job.comma}"', ENDINGS[job.ending]
    lines = map(between.join, chain([[column.name for column in job.columns]], _lines(job, rows)))
    text = f'"{end}"'.join(lines)
    return f'"{text}"{end}'.encode()


def _lines(job: Job, rows: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Column by column, or the writing would be most of what a pull waits for; few rows at a time, which stay near."""
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        yield from zip(*(_cells(column.of(block)) for column in job.columns), strict=True)


def _cells(values: list[Any]) -> list[str]:
    """The texts of a column; of equal values of one type only one is written."""
    kinds = set(map(type, values))
    if kinds == {str} and INSTANT not in set(map(len, values)):
        cells = values
    elif len(kinds - {NoneType}) <= 1:
        known = {value: _text(value) for value in set(values)}
        cells = [known[value] for value in values]
    else:
        cells = [_text(value) for value in values]
    return [cell.replace('"', '""') for cell in cells] if '"' in "".join(cells) else cells


def _text(value: Any) -> str:
    if isinstance(value, str):
        return zulu(value) if len(value) == INSTANT and value.endswith("+0000") else value
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
