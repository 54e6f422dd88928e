"""How Salesforce fails: refusals instead of answers, and what happens to good ones on their way (salesforce.md 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from connector.sandbox.answers import HTML, Answer
from connector.sandbox.salesforce.answers import Refusal, invalid
from connector.sandbox.salesforce.limits import crowded, over
from connector.sandbox.salesforce.org.access import expired, not_for_rest
from connector.sandbox.spoils import COMMON, TRANSPORT, spoil

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.faults import Rule
    from connector.sandbox.spoils import Options

EDGE = (404, 406, 420, 500, 502, 503, 504)
"""Statuses that come from the edge: HTML, or nothing at all for 406 and 420."""
SILENT = (406, 420)


def unexpected() -> Refusal:
    """Refuse because the vendor itself does not know what went wrong."""
    text = "An unexpected error occurred. Please include this ErrorId if you contact support: 1-1 (1)"
    return Refusal(500, "UNKNOWN_EXCEPTION", text)


REFUSALS: dict[str, Callable[[Options], Refusal]] = {
    "401-expired": lambda _: expired(),
    "401-not-for-rest": lambda _: not_for_rest(),
    "403-daily": lambda _: over(),
    "403-concurrent": lambda _: crowded(),
    "403-api-disabled": lambda _: Refusal(403, "API_DISABLED_FOR_ORG", "API is not enabled for this Organization"),
    "410": lambda _: Refusal(410, "GONE", "The requested API version has been retired"),
    "400-query-timeout": lambda _: Refusal(400, "QUERY_TIMEOUT", "Your query request was running for too long."),
    "400-locator": lambda _: Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator"),
    "400-lock": lambda _: invalid("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
    "503-unavailable": lambda _: Refusal(503, "SERVER_UNAVAILABLE", "Server Unavailable"),
    "500-unknown": lambda _: unexpected(),
}


def instead(rule: Rule) -> Answer | None:
    """Give the answer that a fault sends instead of doing anything; None when the call is done all the same."""
    if rule.action in REFUSALS:
        return REFUSALS[rule.action](rule.options).answer()
    if rule.action.isdigit():
        status = int(rule.action)
        body = b"" if status in SILENT else f"<html><body><h1>{status}</h1></body></html>".encode()
        return Answer(status, body, HTML)
    if rule.action == "answer":
        body = rule.options.get("body", "")
        content = body.encode() if isinstance(body, str) else orjson.dumps(body)
        return Answer(int(rule.options.get("status", 200)), content)
    return None


def _no_records(body: bytes, _options: Options) -> bytes:
    content = orjson.loads(body)
    content["records"] = []
    return orjson.dumps(content)


def _claimed(body: bytes, options: Options) -> bytes:
    content = orjson.loads(body)
    return orjson.dumps(content | {"totalSize": options.get("total", 500), "done": True, "records": []})


def _one_short(body: bytes, _options: Options) -> bytes:
    content = orjson.loads(body)
    if isinstance(content, list):
        return orjson.dumps(content[1:])
    content["records"] = content["records"][1:]
    return orjson.dumps(content)


def _set_field(body: bytes, options: Options) -> bytes:
    content = orjson.loads(body)
    for record in content.get("records", [content]):
        if options["field"] in record:
            record[options["field"]] = options["value"]
    return orjson.dumps(content)


SPOILS: dict[str, Callable[[bytes, Options], bytes]] = {
    **COMMON,
    "no-records": _no_records,
    "claim-records": _claimed,
    "drop-record": _one_short,
    "set-field": _set_field,
    "nul": lambda body, _options: body.replace(b'","', b'\x00","', 1),
    "no-headers": lambda body, _options: body,
}


def spoiled(rule: Rule, found: Answer) -> Answer:
    """Give the answer as the fault leaves it: the status stays what it was."""
    if rule.action == "no-headers":
        kept = tuple(pair for pair in found.headers if not pair[0].startswith(b"sforce-"))
        found = Answer(found.status, found.body, kept)
    return spoil(rule, found, SPOILS)


ACTIONS = (*REFUSALS, *map(str, EDGE), "answer", *SPOILS, *TRANSPORT)
