"""Salesforce's HTTP surface over one org: login, version, session, daily limit, resource."""

from __future__ import annotations

import gzip
import logging
import re
from typing import TYPE_CHECKING

import orjson

from connector.sandbox.answers import HTML, Answer
from connector.sandbox.app import App
from connector.sandbox.calls import Call, read_query
from connector.sandbox.salesforce import control, oauth
from connector.sandbox.salesforce.answers import Refusal
from connector.sandbox.salesforce.calls import Asked
from connector.sandbox.salesforce.failures import ACTIONS, instead, spoiled, unexpected
from connector.sandbox.salesforce.routes import find, resources, split, versions
from connector.sandbox.salesforce.soap import metadata, soap

if TYPE_CHECKING:
    from connector.sandbox.faults import Rule
    from connector.sandbox.salesforce.org.org import Org

log = logging.getLogger(__name__)
SOAP = re.compile(r"/services/Soap/([um])/(\d+\.\d+)(?:/.*)?", re.IGNORECASE)
SESSION = re.compile(rb"(sessionId>)[^<]*")
LONGEST = 16_384
"""Bytes of the target, and of target and headers together."""
SMALLEST_ZIP = 2_048
FRESH = (b"cache-control", b"no-cache,must-revalidate,max-age=0,no-store,private")


def respond(org: Org, call: Call) -> Answer:
    """Answer one call; the vendor's refusals are answers too."""
    try:
        found = _routed(org, call)
    except Refusal as refusal:
        found = refusal.answer()
    except Exception:
        log.exception("%s %s", call.method, call.path)
        found = unexpected().answer()
    return _finished(org, call, found)


def _routed(org: Org, call: Call) -> Answer:
    path = call.path.rstrip("/")
    if path == "/services/oauth2/token" and call.method == "POST":
        return oauth.token(org, call)
    if path == "/services/oauth2/revoke":
        return oauth.revoke(org, call)
    if path == "/services/oauth2/userinfo":
        return oauth.user_info(org, call)
    if (found := SOAP.fullmatch(path)) is not None and call.method == "POST":
        return soap.login(org, call, found[2]) if found[1].lower() == "u" else metadata.respond(org, call)
    if path == "/services/data":
        return versions()
    version, rest = split(call.path)
    username = org.access.check(call.header("authorization"), org.now())
    asked = Asked(org, call, org.user_id(username), version)
    if not org.may(asked.user, "PermissionsApiEnabled"):
        raise Refusal(403, "API_CURRENTLY_DISABLED", "API is disabled for this User")
    if rest == "/":
        return resources(asked)
    route, values = find(call.method, rest)
    call.writes = route.writes
    org.meter.take(org.now())
    return route.handler(asked, *values)


def _finished(org: Org, call: Call, found: Answer) -> Answer:
    headers = found.headers
    body = found.body
    if body and call.header("x-prettyprint") == "1" and body[:1] in b"[{":
        body = orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2)
    if org.switches.gzip and "gzip" in call.header("accept-encoding") and len(body) > SMALLEST_ZIP:
        body, headers = gzip.compress(body, 1), (*headers, (b"content-encoding", b"gzip"))
    if call.path.startswith("/services/data/v"):
        headers = (*headers, (b"sforce-limit-info", org.meter.told()))
    return Answer(found.status, body, (*headers, FRESH))


class Salesforce(App[Call]):
    """Salesforce's HTTP surface over one org."""

    def __init__(self, org: Org) -> None:
        super().__init__(ACTIONS, now=org.now)
        self.org = org

    def read(self, method: str, path: str, query: bytes, headers: dict[bytes, bytes], body: bytes) -> Call:
        """Make a call; a compressed body is unpacked."""
        if headers.get(b"content-encoding") == b"gzip":
            body = gzip.decompress(body)
        return Call(method, path, query=read_query(query), headers=headers, body=body)

    def respond(self, call: Call) -> Answer:
        """Answer one call of the vendor's."""
        return respond(self.org, call)

    def control(self, call: Call) -> Answer:
        """Answer a call on a path of the sandbox's own."""
        return control.respond(self, call)

    def stopped(self, call: Call, query: str) -> Answer | None:
        """Refuse a target, or target and headers, that are too long, as the edge does."""
        target = len(call.path) + len(query) + 1
        whole = target + sum(len(name) + len(value) + 4 for name, value in call.headers.items())
        if target > LONGEST:
            return Answer(414, b"<html><body><h1>414 URI Too Long</h1></body></html>", HTML)
        if whole > LONGEST:
            return Answer(431, b"<html><body><h1>431 Request Header Fields Too Large</h1></body></html>", HTML)
        return None

    def noted(self, call: Call, query: str) -> tuple[str, bytes]:
        """Blot out sessions: they stand in the envelopes of SOAP, and in what is asked of OAuth."""
        oauth_call = call.path.startswith("/services/oauth2")
        return "" if oauth_call else query, b"" if oauth_call else SESSION.sub(rb"\1(hidden)", call.body)

    def instead(self, rule: Rule) -> Answer | None:
        """Give the answer that a fault sends instead of doing anything."""
        return instead(rule)

    def spoiled(self, rule: Rule, found: Answer) -> Answer:
        """Give the answer as the fault leaves it."""
        return spoiled(rule, found)
