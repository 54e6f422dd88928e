"""The Metadata API over SOAP: custom fields made or changed, ten a call, each with its own result.

Source: Salesforce's Metadata API guide, upsertMetadata: at most ten components of one type, partial saves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from lxml import etree

from connector.crm.salesforce import checks
from connector.crm.texts import brief
from connector.crm.transport import Call
from connector.errors import AccessRefused, StopRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.crm.salesforce.client import Client
    from connector.crm.salesforce.definitions import Part

AT_ONCE = 10
NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_WHAT = "making custom fields"
_NO_RIGHTS = ("INSUFFICIENT_ACCESS", "INVALID_SESSION_ID", "API_DISABLED", "FUNCTIONALITY_NOT_ENABLED")


@dataclass(frozen=True, slots=True)
class Made:
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
        root = _ask(client, some)
        results = [_made(node) for node in root.iter(f"{{{NAMESPACE}}}result")]
        if len(results) != len(some):
            raise checks.bad(_WHAT, f"{len(some)} fields were sent and {len(results)} are answered")
        yield from results


def _ask(client: Client, fields: Sequence[tuple[Part, ...]]) -> etree._Element:
    """One call; a session that expired goes inside the body, so it is renewed and said anew here."""
    for renewed in (False, True):
        bearer = client.credentials.bearer()
        root = _parsed(client.call(_call(client, fields, bearer.reveal())).body)
        code, words = _fault(root)
        if not code:
            return root
        if "INVALID_SESSION_ID" in code and not renewed:
            client.credentials.renew(bearer)
            continue
        text = brief(client.scrub(f"{_WHAT}: {code}: {words}"))
        if any(known in code for known in _NO_RIGHTS):
            raise AccessRefused(text)
        raise StopRun(text, hint="nothing of this call was made", code="PROVISION_REFUSED")
    raise AccessRefused(f"{_WHAT}: the session is refused again")


def _call(client: Client, fields: Sequence[tuple[Part, ...]], session: str) -> Call:
    items = "".join(f'<m:metadata xsi:type="m:CustomField">{xml(field, prefix="m:")}</m:metadata>' for field in fields)
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="{_ENVELOPE}" xmlns:m="{NAMESPACE}" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<env:Header><m:SessionHeader><m:sessionId>{escape(session)}</m:sessionId></m:SessionHeader></env:Header>"
        f"<env:Body><m:upsertMetadata>{items}</m:upsertMetadata></env:Body></env:Envelope>"
    )
    headers = (("Content-Type", "text/xml; charset=UTF-8"), ("SOAPAction", '""'))
    return Call("POST", f"/services/Soap/m/{client.version}", _WHAT, content=body.encode(), headers=headers)


def _parsed(body: bytes) -> etree._Element:
    try:
        return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        raise checks.bad(_WHAT, "Salesforce's answer is no XML that can be read") from None


def _fault(root: etree._Element) -> tuple[str, str]:
    node = root.find(f".//{{{_ENVELOPE}}}Fault")
    return ("", "") if node is None else (_text(node, "faultcode"), _text(node, "faultstring"))


def _made(node: etree._Element) -> Made:
    words = [f"{_text(error, 'statusCode')}: {_text(error, 'message')}" for error in _children(node, "errors")]
    failed = _text(node, "success") != "true"
    return Made(
        _text(node, "fullName"), _text(node, "created") == "true", "; ".join(words) or "refused" if failed else ""
    )


def _text(node: etree._Element, name: str) -> str:
    found = _children(node, name)
    return (found[0].text or "") if found else ""


def _children(node: etree._Element, name: str) -> list[etree._Element]:
    return [child for child in node if etree.QName(child).localname == name]
