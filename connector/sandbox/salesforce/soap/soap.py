"""SOAP: the partner login, and the envelope of metadata calls (salesforce.md 1.1, 1.2, 4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.answers import Answer, Headers
from connector.sandbox.salesforce.answers import Refusal
from connector.sandbox.salesforce.soap.xml import Node, element, parse

if TYPE_CHECKING:
    from connector.sandbox.calls import Call
    from connector.sandbox.salesforce.org.org import Org

XML: Headers = ((b"content-type", b"text/xml;charset=UTF-8"),)
NEWEST_LOGIN = 64
"""The last version whose SOAP API has login()."""
OLDEST = 31
PARTNER, METADATA = "urn:partner.soap.sforce.com", "http://soap.sforce.com/2006/04/metadata"


def fault(code: str, message: str, *, space: str = "urn:fault.partner.soap.sforce.com", kind: str = "") -> Answer:
    """Answer 500 with a fault; `kind` names its detail, where there is one."""
    inner = f"<sf:exceptionCode>{code}</sf:exceptionCode>{element('sf:exceptionMessage', message)}"
    detail = f'<detail><sf:{kind} xsi:type="sf:{kind}">{inner}</sf:{kind}></detail>' if kind else ""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
        f' xmlns:sf="{space}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault>'
        f"<faultcode>sf:{code}</faultcode>{element('faultstring', f'{code}: {message}')}{detail}"
        "</soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    )
    return Answer(500, body.encode(), XML)


def answered(space: str, inner: str) -> Answer:
    """Answer 200 with the inside of a body."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
        f' xmlns="{space}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>{inner}</soapenv:Body>'
        "</soapenv:Envelope>"
    )
    return Answer(200, body.encode(), XML)


def read(call: Call) -> Node:
    """Read the envelope of a call; an empty one when it is no XML."""
    try:
        return parse(call.body)
    except ValueError:
        return Node("Envelope")


def operation(envelope: Node) -> Node | None:
    """Give what the body of an envelope asks for."""
    body = envelope.find("Body")
    return body.children[0] if body is not None and body.children else None


def login(org: Org, call: Call, version: str) -> Answer:
    """Answer a session for username, password and security token; not above version 64.0."""
    number, asked = float(version), operation(read(call))
    if asked is None or asked.name != "login":
        return fault(
            "INVALID_OPERATION", "This operation is not supported by this sandbox", kind="UnexpectedErrorFault"
        )
    if number < OLDEST:
        return fault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL", kind="ApiFault")
    if number > NEWEST_LOGIN:
        text = f"SOAP API login() is not available in API version {version} and later"
        return fault("INVALID_OPERATION", text, kind="UnexpectedErrorFault")
    if not org.switches.soap_login:
        return fault("INVALID_OPERATION", "SOAP API login() is disabled by default in this org.", kind="LoginFault")
    username = asked.get("username").lower()
    known = org.access.passwords.get(username)
    if known is None or asked.get("password") != known + org.access.security_token:
        text = "Invalid username, password, security token; or user locked out."
        return fault("INVALID_LOGIN", text, kind="LoginFault")
    return answered(PARTNER, element("loginResponse", [("result", _session(org, call, username, version))]))


def _session(org: Org, call: Call, username: str, version: str) -> list[tuple[str, object]]:
    forwarded = call.header("x-forwarded-host")
    base = f"https://{org.identity.domain}" if forwarded else f"http://{call.header('host')}"
    organization = next(iter(org.table("Organization").rows))
    org.changes += 1
    info: list[tuple[str, object]] = [
        ("organizationId", organization),
        ("organizationMultiCurrency", org.identity.multi_currency),
        ("sessionSecondsValid", int(org.access.timeout_seconds)),
        ("userName", username),
    ]
    return [
        ("metadataServerUrl", f"{base}/services/Soap/m/{version}/{organization[:15]}"),
        ("passwordExpired", False),
        ("sandbox", True),
        ("serverUrl", f"{base}/services/Soap/u/{version}/{organization[:15]}"),
        ("sessionId", org.access.open(username, org.now()).token),
        ("userId", org.user_id(username)),
        ("userInfo", info),
    ]


def user(org: Org, envelope: Node) -> str:
    """Give the user of a SessionHeader; Refusal when the session is over."""
    header = envelope.find("SessionHeader")
    token = header.get("sessionId") if header is not None else ""
    try:
        return org.user_id(org.access.user_of(token, org.now()))
    except Refusal as refusal:
        text = "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session hash"
        raise Refusal(500, "INVALID_SESSION_ID", text) from refusal
