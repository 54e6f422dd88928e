"""Bulk 2.0 jobs: what they know of themselves, and how they go on from state to state (salesforce.md 2.5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.sandbox.answers import NO_CONTENT, Answer, answer
from connector.sandbox.salesforce.answers import Refusal, not_found

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.salesforce.calls import Asked
    from connector.sandbox.salesforce.org.tables import Record
    from connector.sandbox.salesforce.soql.select import Column

DELIMITERS = {"COMMA": ",", "SEMICOLON": ";", "TAB": "\t", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
ENDED = ("JobComplete", "Failed", "Aborted")
PREFIX = "750"


@dataclass(slots=True)
class Job:
    """One job of either kind."""

    id: str
    kind: str
    """ingest or query."""
    operation: str
    sobject: str
    user: str
    created: str
    version: str
    state: str
    delimiter: str = "COMMA"
    ending: str = "LF"
    external: str = ""
    error: str = ""
    polls: int = 0
    processed: int = 0
    failed: int = 0
    upload: bytes | None = None
    header: list[str] = field(default_factory=list)
    good: list[list[str]] = field(default_factory=list)
    bad: list[list[str]] = field(default_factory=list)
    left: list[list[str]] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    rows: list[Record] = field(default_factory=list)
    query: str = ""

    @property
    def comma(self) -> str:
        """What stands between two values."""
        return DELIMITERS[self.delimiter]


def told(job: Job, stamp: str, *, full: bool = True) -> dict[str, Any]:
    """Give what a job tells of itself; the short form is that of creation."""
    found: dict[str, Any] = {
        "id": job.id,
        "operation": job.operation,
        "object": job.sobject,
        "createdById": job.user,
        "createdDate": job.created,
        "systemModstamp": stamp,
        "state": job.state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job.version),
        "lineEnding": job.ending,
        "columnDelimiter": job.delimiter,
    }
    if job.kind == "ingest":
        found["contentUrl"] = f"services/data/v{job.version}/jobs/ingest/{job.id}/batches"
        if job.external:
            found["externalIdFieldName"] = job.external
    if full:
        found |= _progress(job)
    return found


def _progress(job: Job) -> dict[str, Any]:
    times: dict[str, Any] = {"retries": 0, "totalProcessingTime": job.processed // 2}
    if job.kind == "query":
        return {"jobType": "V2Query", "numberRecordsProcessed": job.processed, **times, "isPkChunkingSupported": True}
    failed: dict[str, Any] = {"errorMessage": job.error} if job.error else {}
    counts = {"numberRecordsProcessed": job.processed, "numberRecordsFailed": job.failed}
    spent = {"apiActiveProcessingTime": job.processed // 3, "apexProcessingTime": 0}
    return {"jobType": "V2Ingest", **counts, **times, **spent, **failed}


def begin(asked: Asked, kind: str, content: dict[str, Any], sobject: str, state: str) -> Job:
    """Make a job; refuse words the vendor does not know."""
    delimiter, ending = content.get("columnDelimiter", "COMMA"), content.get("lineEnding", "LF")
    if delimiter not in DELIMITERS or ending not in ENDINGS or content.get("contentType", "CSV") != "CSV":
        raise Refusal(400, "INVALIDJOB", "Unsupported columnDelimiter, lineEnding or contentType")
    identity, now = asked.org.mint.next(PREFIX), asked.org.stamp()
    job = Job(identity, kind, str(content["operation"]), sobject, asked.user, now, asked.version, state)
    job.delimiter, job.ending = delimiter, ending
    asked.org.jobs[identity] = job
    asked.org.changes += 1
    return job


def find(asked: Asked, kind: str, identity: str) -> Job:
    """Find a job of the user; 404 when there is none."""
    job = asked.org.jobs.get(identity) or next(
        (held for key, held in asked.org.jobs.items() if key[:15] == identity), None
    )
    if job is None or job.kind != kind or job.user != asked.user:
        raise not_found()
    return job


def move(asked: Asked, job: Job, finish: Callable[[Job], None]) -> None:
    """Let a job go on by one look at it: it is unfinished so many times, then it ends."""
    if job.state not in {"UploadComplete", "InProgress"}:
        return
    if job.polls < asked.org.switches.bulk_polls:
        job.polls += 1
        job.state = "InProgress"
        return
    finish(job)


def delete(asked: Asked, kind: str, identity: str) -> Answer:
    """Forget a job that has ended: 204."""
    job = find(asked, kind, identity)
    if job.state not in ENDED:
        raise Refusal(400, "INVALIDJOBSTATE", f"Job {job.id} has not ended")
    del asked.org.jobs[job.id]
    return NO_CONTENT


def listed(asked: Asked, kind: str) -> Answer:
    """Answer all jobs of a kind."""
    jobs = [told(job, asked.org.stamp(), full=False) for job in asked.org.jobs.values() if job.kind == kind]
    return answer({"done": True, "nextRecordsUrl": None, "records": jobs})
