"""The object types the sandbox knows: their names, numbers, default properties and scopes."""

from __future__ import annotations

from dataclasses import dataclass

from connector.sandbox.hubspot.answers import Refusal


@dataclass(frozen=True, slots=True)
class Kind:
    """One object type, e.g. companies, company, 0-2 (hubspot.md 1, 2.4 and 4)."""

    name: str
    singular: str
    type_id: str
    shown: tuple[str, ...]
    """Properties of an answer when the caller names none."""
    read: tuple[str, ...]
    """Scopes of which any one allows reading records."""
    write: tuple[str, ...]
    created: str = "createdate"
    modified: str = "hs_lastmodifieddate"

    @property
    def system(self) -> tuple[str, ...]:
        """Properties every answer carries."""
        return (self.created, self.modified, "hs_object_id")

    @property
    def schema_read(self) -> tuple[str, ...]:
        """Scopes of which any one allows reading property definitions."""
        return (f"crm.schemas.{self.name}.read", *self.read)

    @property
    def schema_write(self) -> tuple[str, ...]:
        """Scopes of which any one allows changing property definitions."""
        return self.write if self.name in SCOPED_ELSEWHERE else (f"crm.schemas.{self.name}.write",)


SCOPED_ELSEWHERE = ("tickets", "calls", "meetings", "emails")
"""Object types without scopes of their own name."""


def _kind(name: str, singular: str, type_id: str, shown: str, **more: str) -> Kind:
    """Describe an object type; `scope` is one that stands for reading and for writing."""
    scope = (more.pop("scope"),) if "scope" in more else ()
    own = name not in SCOPED_ELSEWHERE
    read = (f"crm.objects.{name}.read", *scope) if own else scope
    write = (f"crm.objects.{name}.write", *scope) if own else scope
    return Kind(name, singular, type_id, tuple(shown.split()), read, write, **more)


_TICKET = "subject content hs_pipeline hs_pipeline_stage hs_ticket_priority hs_ticket_category"
_ENGAGEMENT = {"scope": "crm.objects.contacts.read", "created": "hs_createdate"}

KINDS = (
    _kind("contacts", "contact", "0-1", "email firstname lastname", modified="lastmodifieddate"),
    _kind("companies", "company", "0-2", "name domain"),
    _kind("deals", "deal", "0-3", "dealname amount closedate pipeline dealstage"),
    _kind("tickets", "ticket", "0-5", _TICKET, scope="tickets"),
    _kind("line_items", "line_item", "0-8", "name quantity price amount", scope="e-commerce"),
    _kind("invoices", "invoice", "0-53", "hs_invoice_status", created="hs_createdate"),
    _kind("meetings", "meeting", "0-47", "hs_timestamp", **_ENGAGEMENT),
    _kind("calls", "call", "0-48", "hs_timestamp", **_ENGAGEMENT),
    _kind("emails", "email", "0-49", "hs_timestamp", **_ENGAGEMENT),
)

_BY_NAME = {name: kind for kind in KINDS for name in (kind.name, kind.singular, kind.type_id, kind.singular.upper())}


def kind_of(name: str) -> Kind:
    """Find an object type by plural, singular or type id; refuse an unknown one as the vendor does."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise Refusal(400, f"Unable to infer object type from: {name}") from None
