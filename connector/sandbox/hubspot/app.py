"""The ASGI application: a request in, the vendor's answer out, unless a fault says otherwise."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from connector.sandbox.faults import Faults, Rule
from connector.sandbox.hubspot import control
from connector.sandbox.hubspot.access import require
from connector.sandbox.hubspot.answers import HTML, Answer, Refusal
from connector.sandbox.hubspot.failures import ACTIONS, instead, spoiled
from connector.sandbox.hubspot.limits import local_day
from connector.sandbox.hubspot.requests import Request, read_query
from connector.sandbox.hubspot.routes import DATED, canonical, find, scopes
from connector.sandbox.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from connector.sandbox.hubspot.answers import Headers
    from connector.sandbox.hubspot.portal import Portal
    from connector.sandbox.hubspot.state import Keeper

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

log = logging.getLogger(__name__)
TOO_MANY = 429
MIXED = (201, 207)
LONGEST_TARGET = 16_000
"""Characters of path and query that the edge lets through; lists of about this size are known to work."""
TOO_LONG = Answer(414, b"<html><body><h1>414 Request-URI Too Large</h1></body></html>", HTML)


def respond(portal: Portal, request: Request) -> Answer:
    """Answer one call: route, token, limits, scopes, handler; the vendor's refusals are answers too."""
    correlation = portal.correlation()
    headers: Headers = ((b"x-hubspot-correlation-id", correlation.encode()),)
    try:
        request.version, path = canonical(request.path)
        route, values = find(request.method, path)
        request.writes = "write" in route.need
        if route.need != "nobody":
            grant = portal.access.grant(request.headers.get(b"authorization", b"").decode("latin-1"), portal.now())
            headers += portal.meter.take(grant, route.bucket, local_day(portal))
            require(grant, scopes(route, values))
        found = route.handler(portal, request, *values)
    except Refusal as refusal:
        found = refusal.answer(correlation)
    except Exception:
        log.exception("%s %s", request.method, request.path)
        found = Answer(500, b"<html><body><h1>500 Internal Server Error</h1></body></html>", HTML)
    return _switched(portal, request, Answer(found.status, found.body, found.headers + headers))


def _switched(portal: Portal, request: Request, found: Answer) -> Answer:
    switches = portal.switches
    if found.status == TOO_MANY and switches.retry_after_on_429:
        return Answer(found.status, found.body, (*found.headers, (b"retry-after", b"1")))
    if found.status in MIXED and switches.dated_statuses_are_200 and request.version in DATED:
        return Answer(200, found.body, found.headers)
    return found


class HubSpot:
    """The vendor's HTTP surface over one portal, with its faults and its journal."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.faults = Faults(ACTIONS)
        self.journal = Journal()
        self.keeper: Keeper | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        if scope["type"] != "http":
            return
        request = Request(
            method=scope["method"],
            path=scope["path"],
            query=read_query(scope["query_string"]),
            headers=dict(scope["headers"]),
            body=await _body(receive),
        )
        if request.path.startswith(control.PREFIX):
            await _send(send, control.respond(self, request))
            return
        query = scope["query_string"].decode("latin-1")
        if len(request.path) + len(query) > LONGEST_TARGET:
            await _send(send, TOO_LONG)
            return
        rule = self.faults.pick(request.method, f"{request.path}?{query}" if query else request.path, request.body)
        found = await self._outcome(request, rule)
        self._note(request, query, rule, found)
        if found is None:
            await _reset(receive, send)
        elif rule is not None and rule.action == "cut":
            await _cut(receive, send, found)
        else:
            await _send(send, found)

    async def _outcome(self, request: Request, rule: Rule | None) -> Answer | None:
        """Do what the call asks, with the fault before, instead of or after it; None is no answer at all."""
        if rule is None:
            return respond(self.portal, request)
        if rule.action == "slow-before":
            await asyncio.sleep(rule.options.get("seconds", 1.0))
        given = instead(rule, self.portal)
        if given is not None or rule.action == "reset-before":
            return given
        found = respond(self.portal, request)
        if rule.action == "slow-after":
            await asyncio.sleep(rule.options.get("seconds", 1.0))
        return None if rule.action == "reset-after" else spoiled(rule, found)

    def _note(self, request: Request, query: str, rule: Rule | None, found: Answer | None) -> None:
        self.journal.note(
            tick=asyncio.get_running_loop().time(),
            method=request.method,
            path=request.path,
            query=query,
            status=found.status if found else 0,
            fault=rule.action if rule else "",
            writes=request.writes,
            sent=request.body if request.writes else b"",
        )


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _start(found: Answer) -> Message:
    length = (b"content-length", str(len(found.body)).encode())
    return {"type": "http.response.start", "status": found.status, "headers": [*found.headers, length]}


async def _send(send: Send, found: Answer) -> None:
    await send(_start(found))
    await send({"type": "http.response.body", "body": found.body})


def _transport(send: Any) -> Any:
    # ASGI knows no way to drop a connection; the transport behind uvicorn's `send` does.
    return send.__self__.transport


async def _reset(receive: Receive, send: Send) -> None:
    _transport(send).abort()
    await receive()


async def _cut(receive: Receive, send: Send, found: Answer) -> None:
    await send(_start(found))
    await send({"type": "http.response.body", "body": found.body[: len(found.body) // 2], "more_body": True})
    _transport(send).close()
    await receive()
