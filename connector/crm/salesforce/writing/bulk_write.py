"""Bulk API 2.0 update: one CSV, one job, and what became of each row; several where one upload would be too large.

Source: Salesforce's Bulk API 2.0 pages: an upload may have 150 MB once it is base64, so 100 MB before; an empty cell is
left as it is and `#N/A` clears; JobComplete does not mean that every row succeeded; rows come back in any order, a
failed one at times without `sf__Id`, so ours is read.
simple-salesforce aborts a job after one 503 while polling, so the steps are taken here.
"""

from __future__ import annotations

import csv
import io
import re
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.crm.salesforce import values
from connector.crm.salesforce.pulling.bulk_query import job_id, looks
from connector.crm.salesforce.session import checks
from connector.crm.salesforce.session.client import Forbidden, Refused
from connector.crm.transport import AnswerLost, Call
from connector.errors import BadAnswer, StopRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connector.crm.salesforce.schema import Entity
    from connector.crm.salesforce.session.client import Client

    Records = Mapping[str, Mapping[str, str | None]]
    """Record id -> field -> canonical text."""

_WHAT = "writing in bulk"
UPLOAD = 100_000_000
"""Bytes of one upload."""
CALLS = 6
"""Of one job that is done at the first look: made, filled, closed, looked at, and its two kinds of results read."""
LIFE = timedelta(hours=24)
"""How long Salesforce keeps a job that has not ended: so long it may still write."""
_DONE = ("JobComplete", "Failed", "Aborted")
_NAMES = re.compile(r"\w+(,\w+)*")


class Told(Struct):
    """What became of the rows; those in `unknown` may or may not have landed, those named nowhere were not written."""

    written: set[str] = field(default_factory=set)
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    stopped: StopRun | None = None
    """Why the job could not be followed to its end: it may still be writing what is unknown."""


def fits(sent: Mapping[str, str | None]) -> bool:
    """Whether a record can be said in a bulk file: the text that means "clear" cannot."""
    return values.CLEARED not in sent.values()


def write(client: Client, entity: Entity, wanted: Records) -> Iterator[Told]:
    """Job by job what became of its rows.

    Of a job that could not be started nothing is written and nothing told: the caller goes on elsewhere.
    """
    for records, upload in _uploads(entity, wanted):
        yield _done(client, entity, records, upload)


def _done(client: Client, entity: Entity, records: list[str], upload: bytes) -> Told:
    job = _uploaded(client, entity, upload)
    if job is None:
        return Told()
    told = Told(unknown=set(records))
    try:
        if not _closed(client, job):
            return Told()
        _follow(client, job, told)
    except StopRun as error:
        told.stopped = error
        _abort(client, client.path(f"jobs/ingest/{job}"))  # what it has not written yet it should not write later
    return told


def _follow(client: Client, job: str, told: Told) -> None:
    """Wait for the job, and read what it says of each row."""
    state = _finished(client, job)
    told.written = {row["Id"] for row in _rows(client, job, "successfulResults")} & told.unknown
    told.unknown -= told.written
    for row in _rows(client, job, "failedResults"):
        if row["Id"] in told.unknown:
            told.refused[row["Id"]] = _error(row.get("sf__Error") or "")
    told.unknown -= told.refused.keys()
    if state != "JobComplete":
        told.unknown -= {row["Id"] for row in _rows(client, job, "unprocessedrecords")}


def _error(text: str) -> tuple[str, str]:
    """Code and words of `CODE:message:field1,field2 --`, spelt as the same refusal of a call is."""
    code, _, rest = text.removesuffix("--").rstrip().partition(":")
    words, _, fields = rest.rpartition(":")
    if not _NAMES.fullmatch(fields):
        return code, rest.rstrip(":")
    return code, f"{words} ({', '.join(sorted(fields.split(',')))})"


def _uploaded(client: Client, entity: Entity, upload: bytes) -> str | None:
    """A job with its data, still open; None when it could not be brought so far."""
    body = {
        "object": entity.name,
        "operation": "update",
        "contentType": "CSV",
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
    }
    try:
        job = job_id(client.post(client.path("jobs/ingest"), _WHAT, body), _WHAT)
    except (Refused, Forbidden):
        return None
    path = client.path(f"jobs/ingest/{job}")
    kind = (("Content-Type", "text/csv; charset=UTF-8"),)
    try:
        client.call(Call("PUT", f"{path}/batches", _WHAT, content=upload, headers=kind, once=True))
    except (AnswerLost, Refused):
        _abort(client, path)
        return None
    return job


def _closed(client: Client, job: str) -> bool:
    """Let Salesforce begin; False when it did not, and never will."""
    path = client.path(f"jobs/ingest/{job}")
    try:
        client.call(Call("PATCH", path, _WHAT, body={"state": "UploadComplete"}, once=True))
    except (AnswerLost, Refused):
        if client.get(path, _WHAT).get("state") == "Open":
            _abort(client, path)
            return False
    return True


def _abort(client: Client, path: str) -> None:
    with suppress(StopRun, AnswerLost):
        client.call(Call("PATCH", path, "giving a bulk job up", body={"state": "Aborted"}))


def _finished(client: Client, job: str) -> str:
    for wait in looks():
        client.transport.brake.pause(wait)
        state = client.get(client.path(f"jobs/ingest/{job}"), _WHAT).get("state")
        if state in _DONE:
            return str(state)
    return _given_up(client, job)


def _given_up(client: Client, job: str) -> str:
    """End a job that does not: once it is aborted it tells what it wrote and what it did not, like one that ended."""
    path = client.path(f"jobs/ingest/{job}")
    _abort(client, path)
    state = client.get(path, _WHAT).get("state")
    if state in _DONE:
        return str(state)
    raise StopRun(
        f"{_WHAT}: the job did not end", hint="look at Setup → Bulk Data Load Jobs; run again", code="NO_ANSWER"
    )


def _uploads(entity: Entity, wanted: Records) -> Iterator[tuple[list[str], bytes]]:
    """The rows in their order, in as many files as their bytes need, with the records in each.

    Columns are sorted, and alike in all; cells of fields that a record does not change are empty.
    """
    names = sorted({name for sent in wanted.values() for name in sent})
    kinds = {name: known.type if (known := entity.get(name)) else "string" for name in names}
    head = _line(["Id", *names])
    records: list[str] = []
    upload = bytearray(head)
    for record, sent in wanted.items():
        cells = (values.to_csv(sent[name], kinds[name]) if name in sent else "" for name in names)
        line = _line([record, *cells])
        if records and len(upload) + len(line) > UPLOAD:
            yield records, bytes(upload)
            records, upload = [], bytearray(head)
        records.append(record)
        upload += line
    if records:
        yield records, bytes(upload)


def _line(cells: Sequence[str]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue().encode()


def _rows(client: Client, job: str, kind: str) -> Iterator[dict[str, str]]:
    """The rows of one result, with the id that was sent; none of a file that stays unreadable.

    What a job does not tell of is looked up record by record.
    """
    call = Call("GET", client.path(f"jobs/ingest/{job}/{kind}"), f"reading {kind} of a bulk job")
    try:
        return iter(client.readable(call, lambda answer: _table(answer.body, kind))[0])
    except BadAnswer:
        return iter(())


def _table(body: bytes, kind: str) -> list[dict[str, str]]:
    try:
        table = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        rows = list(table)
    except (UnicodeDecodeError, csv.Error):
        raise checks.bad(_WHAT, f"{kind} is no CSV that can be read") from None
    if "Id" not in (table.fieldnames or ()) or any(None in row.values() for row in rows):
        raise checks.bad(_WHAT, f"{kind} does not name the records")
    return rows
