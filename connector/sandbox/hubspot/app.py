"""HubSpot's HTTP surface over one portal: route, token, limits, scopes, handler."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from connector.sandbox.answers import HTML, Answer
from connector.sandbox.app import App
from connector.sandbox.calls import read_query
from connector.sandbox.hubspot import control
from connector.sandbox.hubspot.access import require
from connector.sandbox.hubspot.account.times import to_moment
from connector.sandbox.hubspot.account.writing import run_workflows
from connector.sandbox.hubspot.answers import Refusal
from connector.sandbox.hubspot.failures import ACTIONS, instead, spoiled
from connector.sandbox.hubspot.limits import local_day
from connector.sandbox.hubspot.requests import Request
from connector.sandbox.hubspot.routes import DATED, canonical, find, scopes

if TYPE_CHECKING:
    from connector.sandbox.answers import Headers
    from connector.sandbox.faults import Rule
    from connector.sandbox.hubspot.account.portal import Portal

log = logging.getLogger(__name__)
TOO_MANY = 429
MIXED = (201, 207)
LONGEST_TARGET = 16_000
"""Characters of path and query that the edge lets through; lists of about this size are known to work."""
TOO_LONG = Answer(414, b"<html><body><h1>414 Request-URI Too Large</h1></body></html>", HTML)


def respond(portal: Portal, request: Request) -> Answer:
    """Answer one call: route, token, limits, scopes, handler; the vendor's refusals are answers too."""
    run_workflows(portal)
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


class HubSpot(App[Request]):
    """HubSpot's HTTP surface over one portal."""

    def __init__(self, portal: Portal) -> None:
        super().__init__(ACTIONS, now=lambda: to_moment(portal.now()))
        self.portal = portal

    def read(self, method: str, path: str, query: bytes, headers: dict[bytes, bytes], body: bytes) -> Request:
        """Make a request."""
        return Request(method, path, query=read_query(query), headers=headers, body=body)

    def respond(self, call: Request) -> Answer:
        """Answer one call of the vendor's."""
        return respond(self.portal, call)

    def control(self, call: Request) -> Answer:
        """Answer a call on a path of the sandbox's own."""
        return control.respond(self, call)

    def stopped(self, call: Request, query: str) -> Answer | None:
        """Refuse a target that is too long, as the edge does."""
        return TOO_LONG if len(call.path) + len(query) > LONGEST_TARGET else None

    def instead(self, rule: Rule) -> Answer | None:
        """Give the answer that a fault sends instead of doing anything."""
        return instead(rule, self.portal)

    def spoiled(self, rule: Rule, found: Answer) -> Answer:
        """Give the answer as the fault leaves it."""
        return spoiled(rule, found)
