"""Bulk 2.0 ingest: a CSV of writes, row by row, and what became of each (salesforce.md 2.5)."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from connector.sandbox.answers import Answer, answer
from connector.sandbox.salesforce.answers import Refusal, invalid
from connector.sandbox.salesforce.bulk import jobs
from connector.sandbox.salesforce.bulk.jobs import ENDED, ENDINGS, Job, begin, find, move, told
from connector.sandbox.salesforce.org.writing import Writer
from connector.sandbox.salesforce.rest.rows import upsert_one

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.sandbox.salesforce.calls import Asked
    from connector.sandbox.salesforce.org.schema import SObject

OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
BATCH = 10_000
"""Records of one batch of the day's allocation."""
LARGEST = 100_000_000
LONGEST_FIELD = 131_072
NULL = "#N/A"
CSV_HEADERS = ((b"content-type", b"text/csv; charset=UTF-8"),)
CANNOT_READ = "JSON_PARSER_ERROR"


def create(asked: Asked) -> Answer:
    """Make a job that waits for its upload."""
    content = asked.json()
    sobject = asked.view.sobject(str(content.get("object")))
    if content.get("operation") not in OPERATIONS:
        raise Refusal(400, "INVALIDOPERATION", f"Unsupported operation: {content.get('operation')}")
    if sobject is None or sobject.setup:
        raise Refusal(400, "INVALIDENTITY", f"Entity '{content.get('object')}' is not supported by the Bulk API.")
    if content["operation"] == "upsert" and not content.get("externalIdFieldName"):
        raise Refusal(400, "INVALIDJOB", "externalIdFieldName is required for upsert")
    job = begin(asked, "ingest", content, sobject.name, "Open")
    job.external = str(content.get("externalIdFieldName") or "")
    return answer(told(job, job.created, full=False))


def upload(asked: Asked, identity: str) -> Answer:
    """Take the one upload of a job: 201."""
    job = find(asked, "ingest", identity)
    if job.state != "Open" or job.upload is not None:
        text = "Found multiple contents for job" if job.upload is not None else f"Job is in state {job.state}"
        raise Refusal(400, "INVALIDJOBSTATE", text)
    if not asked.call.header("content-type").startswith("text/csv"):
        raise Refusal(400, "INVALIDBATCH", "The content type of the upload must be text/csv")
    if len(asked.call.body) > LARGEST:
        raise Refusal(413, "REQUEST_TOO_LARGE", "The upload is too large")
    job.upload = asked.call.body
    return Answer(201, b"", ())


def change(asked: Asked, identity: str) -> Answer:
    """Close the upload or abort the job: the only states a client may ask for."""
    job, state = find(asked, "ingest", identity), asked.json().get("state")
    if state == "UploadComplete" and job.state == "Open":
        if job.upload is None:
            raise Refusal(400, "INVALIDJOBSTATE", "There is no content for the job")
        job.state = "UploadComplete"
    elif state == "Aborted" and job.state not in ENDED:
        job.state = "Aborted"
        with suppress(csv.Error, UnicodeDecodeError):  # nobody had looked at the upload yet
            job.header, job.left = _table(job)
    else:
        raise Refusal(400, "INVALIDJOBSTATE", f"Job {job.id} cannot go from {job.state} to {state}")
    asked.org.changes += 1
    return answer(told(job, asked.org.stamp(), full=False))


def info(asked: Asked, identity: str) -> Answer:
    """Answer how far a job is."""
    job = find(asked, "ingest", identity)
    move(asked, job, lambda held: _finish(asked, held))
    return answer(told(job, asked.org.stamp()))


def listed(asked: Asked) -> Answer:
    """Answer all ingest jobs."""
    return jobs.listed(asked, "ingest")


def delete(asked: Asked, identity: str) -> Answer:
    """Forget an ended job."""
    return jobs.delete(asked, "ingest", identity)


def _table(job: Job) -> tuple[list[str], list[list[str]]]:
    text = (job.upload or b"").decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=job.comma, strict=True))
    return (rows[0], rows[1:]) if rows else ([], [])


def _finish(asked: Asked, job: Job) -> None:
    """End a job: it fails as a whole over its upload, else it completes whatever became of the rows."""
    try:
        _check_endings(job)
        job.header, job.left = _table(job)
        sobject = asked.view.named(job.sobject)
        _check_header(asked, sobject, job)
    except (csv.Error, UnicodeDecodeError) as error:
        job.state, job.error = "Failed", f"ClientInputError : CSV cannot be read: {error}"
    except Refusal as refusal:
        job.state, job.error = "Failed", refusal.fault.message
    else:
        _do(asked, sobject, job)


def _do(asked: Asked, sobject: SObject, job: Job) -> None:
    """Do the rows, or those before the one where a rule of the org breaks the job off."""
    rows = job.left
    asked.org.meter.batches += max(1, -(-len(rows) // BATCH))
    broken = next(
        (rule for rule in asked.org.rules.bulk_failures if rule.get("object", job.sobject) == job.sobject), None
    )
    until = len(rows) if broken is None else int(broken.get("after", 0))
    act = _acts(asked, sobject, job)
    for row in rows[:until]:
        _row(asked, job, row, act)
    job.left = rows[until:]
    job.state, job.error = ("JobComplete", "") if broken is None else ("Failed", str(broken["message"]))
    job.processed, job.failed = len(job.good) + len(job.bad), len(job.bad)
    if asked.org.switches.bulk_order == "shuffled":
        asked.org.chance.shuffle(job.good)
        asked.org.chance.shuffle(job.bad)
    asked.org.changes += 1


def _check_endings(job: Job) -> None:
    crlf = b"\r\n" in (job.upload or b"").split(b'"')[0]
    first = (job.upload or b"").partition(b"\n")[0]
    if first.endswith(b"\r") != (job.ending == "CRLF") or (crlf and job.ending == "LF"):
        text = f"ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is {job.ending}"
        raise Refusal(400, "CLIENTINPUTERROR", text)


def _check_header(asked: Asked, sobject: SObject, job: Job) -> None:
    for name in job.header:
        own, _, other = name.partition(".")
        held = sobject.by_relationship(own) if other else asked.view.field(sobject, own)
        if held is None or asked.view.field(sobject, held.name) is None:
            raise invalid("INVALIDBATCH", f"InvalidBatch : Field name not found : {name}")
    names = [name.lower() for name in job.header]
    if job.operation in {"update", "delete", "hardDelete"} and "id" not in names:
        raise invalid("INVALIDBATCH", "InvalidBatch : Field name not found : Id")


def _acts(asked: Asked, sobject: SObject, job: Job) -> Callable[[dict[str, Any]], tuple[str, bool]]:
    writer = Writer(asked.view)

    def act(values: dict[str, Any]) -> tuple[str, bool]:
        identity = next((str(value) for name, value in values.items() if name.lower() == "id"), "")
        if job.operation == "insert":
            return writer.create(sobject, values), True
        if job.operation == "upsert":
            key = next((value for name, value in values.items() if name.lower() == job.external.lower()), None)
            if key is None:
                raise invalid("MISSING_ARGUMENT", f"{job.external} not specified")
            return upsert_one(asked, sobject, job.external, key, values)
        if not identity:
            raise invalid("MISSING_ARGUMENT", "Id not specified in an update call")
        if job.operation == "update":
            return writer.update(sobject, identity, values), False
        return writer.delete(sobject, identity), False

    return act


def _row(asked: Asked, job: Job, row: list[str], act: Callable[[dict[str, Any]], tuple[str, bool]]) -> None:
    try:
        if len(row) > len(job.header):
            raise invalid("INVALID_FIELD", "The row has more columns than the header")
        identity, made = act(dict(_values(asked, job, row)))
        job.good.append([identity, str(made).lower(), *row])
    except Refusal as refusal:
        job.bad.append(["", _error(refusal, job.header), *row])


def _values(asked: Asked, job: Job, row: list[str]) -> Iterator[tuple[str, Any]]:
    """Give what a row sets: an empty cell nothing, `#N/A` null."""
    for name, text in zip(job.header, row, strict=False):
        if len(text) > LONGEST_FIELD:
            raise invalid("STRING_TOO_LONG", f"data value too large (max length={LONGEST_FIELD})", name)
        own, _, other = name.partition(".")
        if other and text not in {"", NULL}:
            yield _parent(asked, job.sobject, own, other, text)
        elif text != "":
            yield name, None if text == NULL else text


def _parent(asked: Asked, sobject: str, own: str, other: str, text: str) -> tuple[str, str]:
    lookup = asked.org.objects[sobject.lower()].by_relationship(own)
    for name in lookup.refers if lookup else ():
        for row in asked.org.table(name).live():
            if lookup is not None and str(row.get(other)) == text:
                return lookup.name, row["Id"]
    raise invalid("INVALID_FIELD", f"Foreign key external ID: {text} not found for field {other} in entity {own}")


def _error(refusal: Refusal, header: list[str]) -> str:
    fault = refusal.fault
    if fault.code == CANNOT_READ and fault.fields:
        column = next((place for place, name in enumerate(header) if name.lower() == fault.fields[0].lower()), 0)
        why = fault.message.removeprefix("Cannot deserialize instance of ")
        soap, _, rest = why.partition(" from VALUE_STRING value ")
        text = rest.partition(" or request may be")[0]
        why = f"Due to, '{text}' is not a valid value for the type xsd:{soap}"
        return f"INVALID_FIELD:Failed to deserialize field at col {column}. {why}:{fault.fields[0]} --"
    return f"{fault.code}:{fault.message}:{','.join(fault.fields)}{' ' if fault.fields else ''}--"


def successful(asked: Asked, identity: str) -> Answer:
    """Answer the rows that were done."""
    job = _ended(asked, identity)
    return _csv(job, ["sf__Id", "sf__Created"], job.good)


def failed(asked: Asked, identity: str) -> Answer:
    """Answer the rows that were refused, each with its error."""
    job = _ended(asked, identity)
    return _csv(job, ["sf__Id", "sf__Error"], job.bad)


def unprocessed(asked: Asked, identity: str) -> Answer:
    """Answer the rows a failed or aborted job did not come to."""
    job = _ended(asked, identity)
    return _csv(job, [], job.left)


def _ended(asked: Asked, identity: str) -> Job:
    job = find(asked, "ingest", identity)
    if job.state not in ENDED:
        raise Refusal(400, "INVALIDJOBSTATE", f"Job {job.id} has not ended: {job.state}")
    return job


def _csv(job: Job, added: list[str], rows: list[list[str]]) -> Answer:
    """Write rows: the added columns quoted in the header, those of the upload as they came, every value quoted."""
    file, ending = io.StringIO(), ENDINGS[job.ending]
    file.write(job.comma.join([*(f'"{name}"' for name in added), *job.header]) + ending)
    csv.writer(file, delimiter=job.comma, quoting=csv.QUOTE_ALL, lineterminator=ending).writerows(rows)
    return Answer(200, file.getvalue().encode(), CSV_HEADERS)
