"""The ASGI application: a request in, the vendor's answer out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from connector.sandbox.hubspot.access import require
from connector.sandbox.hubspot.answers import HTML, Answer, Refusal
from connector.sandbox.hubspot.limits import local_day
from connector.sandbox.hubspot.requests import Request, read_query
from connector.sandbox.hubspot.routes import canonical, find, scopes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from connector.sandbox.hubspot.answers import Headers
    from connector.sandbox.hubspot.portal import Portal

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

log = logging.getLogger(__name__)


def respond(portal: Portal, request: Request) -> Answer:
    """Answer one call: route, token, scopes, limits, handler; the vendor's refusals are answers too."""
    correlation = portal.correlation()
    headers: Headers = ((b"x-hubspot-correlation-id", correlation.encode()),)
    try:
        request.version, path = canonical(request.path)
        route, values = find(request.method, path)
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
    return Answer(found.status, found.body, found.headers + headers)


class HubSpot:
    """The vendor's HTTP surface over one portal."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

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
        await _send(send, respond(self.portal, request))


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _send(send: Send, found: Answer) -> None:
    length = (b"content-length", str(len(found.body)).encode())
    start = {"type": "http.response.start", "status": found.status, "headers": [*found.headers, length]}
    await send(start)
    await send({"type": "http.response.body", "body": found.body})
