"""Composite: up to 25 calls in one, each may use what an earlier one answered (salesforce.md 2.3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from connector.sandbox.answers import Answer, answer
from connector.sandbox.calls import Call, read_query
from connector.sandbox.salesforce import routes
from connector.sandbox.salesforce.answers import Refusal
from connector.sandbox.salesforce.calls import Asked
from connector.sandbox.salesforce.org.undo import Undo

if TYPE_CHECKING:
    from collections.abc import Callable

MOST, MOST_HEAVY = 25, 5
REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
HEAVY = re.compile(r"/(query|queryAll|composite/sobjects)\b")
HALTED = {
    "errorCode": "PROCESSING_HALTED",
    "message": "The transaction was rolled back since another operation in the same transaction failed.",
}
BAD = 400


def composite(asked: Asked) -> Answer:
    """Do the calls in order; with allOrNone one that fails takes all back."""
    content = asked.json()
    wanted = asked.objects("compositeRequest")
    if not wanted:
        raise Refusal(400, "INVALID_INPUT", "At least 1 subrequest is required")
    if len(wanted) > MOST:
        raise Refusal(400, "LIMIT_EXCEEDED", f"The request exceeds the maximum number of subrequests ({MOST})")
    if sum(bool(HEAVY.search(str(one.get("url")))) for one in wanted) > MOST_HEAVY:
        raise Refusal(
            400, "LIMIT_EXCEEDED", f"The request exceeds the maximum number of query operations ({MOST_HEAVY})"
        )
    return answer({"compositeResponse": series(asked, wanted, strict=content.get("allOrNone") is True)})


def series(asked: Asked, wanted: list[dict[str, Any]], *, strict: bool) -> list[dict[str, Any]]:
    """Do calls in order, each with what earlier ones answered; a strict series leaves nothing behind when one fails."""
    undo = Undo(asked.org) if strict else None
    done: list[dict[str, Any]] = []
    answers: dict[str, Any] = {}
    for one in wanted:
        told = _one(asked, one, answers)
        done.append(told)
        answers[told["referenceId"]] = told["body"] if told["httpStatusCode"] < BAD else None
        if undo is not None and told["httpStatusCode"] >= BAD:
            undo.back()
            done = [_halted(other) for other in wanted]
            done[wanted.index(one)] = told
            break
    return done


def _halted(one: dict[str, Any]) -> dict[str, Any]:
    return {"body": [HALTED], "httpHeaders": {}, "httpStatusCode": BAD, "referenceId": str(one.get("referenceId"))}


def _one(asked: Asked, one: dict[str, Any], answers: dict[str, Any]) -> dict[str, Any]:
    try:
        url = _filled(str(one.get("url")), answers)
        raw = _filled(orjson.dumps(one.get("body")).decode(), answers) if one.get("body") is not None else ""
        found = dispatched(asked, str(one.get("method")).upper(), url, raw.encode(), _headers(one))
    except Refusal as refusal:
        found = refusal.answer()
    shown = {name.decode().title(): value.decode() for name, value in found.headers if name == b"location"}
    body = orjson.loads(found.body) if found.body else None
    told: dict[str, Any] = {"body": body, "httpHeaders": shown, "httpStatusCode": found.status}
    return told | {"referenceId": str(one.get("referenceId"))}


def _headers(one: dict[str, Any]) -> dict[str, str]:
    held = one.get("httpHeaders")
    return held if isinstance(held, dict) else {}


def dispatched(asked: Asked, method: str, url: str, raw: bytes, headers: dict[str, str]) -> Answer:
    """Answer a call within a call."""
    parts = urlsplit(url)
    version, rest = routes.split(parts.path)
    route, values = routes.find(method, rest)
    lower = {name.lower().encode(): str(text).encode() for name, text in headers.items()}
    call = Call(method, parts.path, read_query(parts.query.encode()), asked.call.headers | lower, raw)
    handler: Callable[..., Answer] = route.handler
    return handler(Asked(asked.org, call, asked.user, version), *values)


def _filled(text: str, answers: dict[str, Any]) -> str:
    def value(found: re.Match[str]) -> str:
        held = answers.get(found[1])
        if held is None:
            why = f"Invalid reference specified. No value for {found[1]}{found[2]} found"
            raise Refusal(400, "PROCESSING_HALTED", why)
        for name, place in re.findall(r"\.(\w+)|\[(\d+)\]", found[2]):
            held = held[name] if name else held[int(place)]
        return str(held)

    try:
        return REFERENCE.sub(value, text)
    except (KeyError, IndexError, TypeError) as error:
        raise Refusal(400, "PROCESSING_HALTED", f"Invalid reference specified: {error}") from error
