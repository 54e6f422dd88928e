"""The Metadata API over SOAP: custom fields read, made or changed, ten a call, each with its own result.

Source: Salesforce's Metadata API guide, upsertMetadata and readMetadata: at most ten components of one type; partial
saves; an empty record for what is not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from msgspec import Struct

from connector.crm.salesforce.provisioning.permitting import NEEDS
from connector.crm.salesforce.session import checks
from connector.crm.texts import brief
from connector.crm.transport import Call
from connector.errors import AccessRefused, StopRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lxml import etree

    from connector.crm.salesforce.provisioning.definitions import Part
    from connector.crm.salesforce.session.client import Client

AT_ONCE = 10
NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_WHAT = "making custom fields"
_NO_RIGHTS = ("INSUFFICIENT_ACCESS", "INVALID_SESSION_ID", "API_DISABLED", "FUNCTIONALITY_NOT_ENABLED")


class Made(Struct, frozen=True):
    """The result for one component."""

    name: str
    created: bool
    problem: str = ""


def xml(parts: Sequence[Part], *, indent: str = "", prefix: str = "") -> str:
    """Elements as text; indented, one a line, when there is an indent."""
    made = []
    for name, content in parts:
        if isinstance(content, str):
            made.append(f"{indent}<{prefix}{name}>{escape(content)}</{prefix}{name}>")
        else:
            inner = xml(content, indent=indent and indent + "    ", prefix=prefix)
            end = f"\n{inner}\n{indent}" if indent else inner
            made.append(f"{indent}<{prefix}{name}>{end}</{prefix}{name}>")
    return ("\n" if indent else "").join(made)


def upsert(client: Client, fields: Sequence[tuple[Part, ...]]) -> Iterator[Made]:
    """Make or change custom fields. Raises AccessRefused before anything was made when the user may not."""
    for start in range(0, len(fields), AT_ONCE):
        some = fields[start : start + AT_ONCE]
        items = (f'<m:metadata xsi:type="m:CustomField">{xml(field, prefix="m:")}</m:metadata>' for field in some)
        root = _ask(client, f"<m:upsertMetadata>{''.join(items)}</m:upsertMetadata>", _WHAT)
        results = [_made(node) for node in root.iter(f"{{{NAMESPACE}}}result")]
        if len(results) != len(some):
            raise checks.bad(_WHAT, f"{len(some)} fields were sent and {len(results)} are answered")
        yield from results


def read(client: Client, names: Sequence[str]) -> Iterator[etree._Element]:
    """The custom fields that exist, as metadata. Raises AccessRefused when the user may not."""
    for start in range(0, len(names), AT_ONCE):
        asked = "".join(f"<m:fullNames>{escape(name)}</m:fullNames>" for name in names[start : start + AT_ONCE])
        body = f"<m:readMetadata><m:type>CustomField</m:type>{asked}</m:readMetadata>"
        root = _ask(client, body, "reading custom fields")
        yield from (node for node in root.iter(f"{{{NAMESPACE}}}records") if text(node, "fullName"))


def _ask(client: Client, body: str, what: str) -> etree._Element:
    """One call; a session that expired goes inside the body, so it is renewed and said anew here."""
    for renewed in (False, True):
        bearer = client.credentials.bearer()
        root = _parsed(client.call(_call(client, body, bearer.reveal(), what)).body, what)
        code, words = _fault(root)
        if not code:
            return root
        if "INVALID_SESSION_ID" in code and not renewed:
            client.credentials.renew(bearer)
            continue
        told = brief(client.scrub(f"{what}: {code}: {words}"))
        if any(known in code for known in _NO_RIGHTS):
            raise AccessRefused(told, hint=NEEDS)
        raise StopRun(told, hint="nothing of this call was made", code="PROVISION_REFUSED")
    raise AccessRefused(f"{what}: the session is refused again", hint=client.credentials.advice())


def _call(client: Client, body: str, session: str, what: str) -> Call:
    envelope = (
        f'<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="{_ENVELOPE}" xmlns:m="{NAMESPACE}" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<env:Header><m:SessionHeader><m:sessionId>{escape(session)}</m:sessionId></m:SessionHeader></env:Header>"
        f"<env:Body>{body}</env:Body></env:Envelope>"
    )
    headers = (("Content-Type", "text/xml; charset=UTF-8"), ("SOAPAction", '""'))
    return Call("POST", f"/services/Soap/m/{client.version}", what, content=envelope.encode(), headers=headers)


def _parsed(body: bytes, what: str) -> etree._Element:
    from lxml import etree

    try:
        return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        raise checks.bad(what, "Salesforce's answer is no XML that can be read") from None


def _fault(root: etree._Element) -> tuple[str, str]:
    node = root.find(f".//{{{_ENVELOPE}}}Fault")
    return ("", "") if node is None else (text(node, "faultcode"), text(node, "faultstring"))


def _made(node: etree._Element) -> Made:
    words = [f"{text(error, 'statusCode')}: {text(error, 'message')}" for error in children(node, "errors")]
    failed = text(node, "success") != "true"
    return Made(
        text(node, "fullName"), text(node, "created") == "true", "; ".join(words) or "refused" if failed else ""
    )


def text(node: etree._Element, name: str) -> str:
    """The text of a child, empty where there is none."""
    found = children(node, name)
    return (found[0].text or "") if found else ""


def children(node: etree._Element, name: str) -> list[etree._Element]:
    """The children of this name."""
    return [child for child in node if str(child.tag).rpartition("}")[2] == name]
