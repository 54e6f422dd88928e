"""Least privilege: what a token may do, held against what tiersync asks for.

Source: HubSpot's scope pages; an app's token comes with its scopes, of a key or a private app nobody can ask them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.crm.said import say
from connector.ports import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

WRITES, WRITES_DEALS = "crm.objects.companies.write", "crm.objects.deals.write"
NEEDED = frozenset({"crm.objects.companies.read", "crm.objects.deals.read", WRITES})
USED = NEEDED | {
    *(WRITES_DEALS, "crm.objects.owners.read", "tickets", "oauth"),
    *("crm.schemas.companies.read", "crm.schemas.companies.write"),
    *("crm.schemas.deals.read", "crm.schemas.deals.write"),
}
"""Everything some command may ask for; docs/how-to/hubspot-token.md says what for."""


def findings(held: frozenset[str] | None, *, on_deals: bool) -> Iterator[Finding]:
    """Whether a token may do what it must, `on_deals` too, and whether it may do more than it needs."""
    if held is None:
        yield Finding("unchecked", "write access", say("write_unseen"))
        yield Finding("unchecked", "scopes", say("scopes_unseen"), say("key_no_more"))
        return
    needed = NEEDED | ({WRITES_DEALS} if on_deals else set())
    if lacking := sorted(needed - held):
        yield Finding("bad", "scopes", say("app_lacks", names=", ".join(lacking)), say("app_add"))
    if spare := sorted(held - USED):
        yield Finding("warning", "scopes", say("app_more", names=", ".join(spare)), say("app_take"))
    if not lacking and not spare:
        yield Finding("good", "scopes", say("scopes", count=len(needed)))
