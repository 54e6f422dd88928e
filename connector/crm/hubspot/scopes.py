"""Least privilege: what a token may do, held against what tiersync asks for.

Source: HubSpot's scope pages; an app's token comes with its scopes, of a key or a private app nobody can ask them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.ports import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

WRITES = "crm.objects.companies.write"
NEEDED = frozenset({"crm.objects.companies.read", "crm.objects.deals.read", WRITES})
USED = NEEDED | {
    *("crm.objects.deals.write", "crm.objects.owners.read", "tickets", "oauth"),
    *("crm.schemas.companies.read", "crm.schemas.companies.write"),
    *("crm.schemas.deals.read", "crm.schemas.deals.write"),
}
"""Everything some command may ask for; docs/how-to/hubspot-token.md says what for."""
_APP = "Development → Projects → your app → Auth → Scopes, then install it again"


def findings(held: frozenset[str] | None) -> Iterator[Finding]:
    """Whether a token may do what it must, and whether it may do more than it needs."""
    if held is None:
        fix = "give the key no more than `tiersync docs hubspot-token` lists: who finds it can do all that it may"
        yield Finding("unchecked", "write access", "whether the token may write shows only when something is written")
        yield Finding("unchecked", "scopes", "HubSpot does not tell what this kind of token may do", fix)
        return
    if lacking := sorted(NEEDED - held):
        yield Finding("bad", "scopes", f"the app lacks {', '.join(lacking)}", f"add it: {_APP}")
    if spare := sorted(held - USED):
        told = f"the app may do more than tiersync ever does: {', '.join(spare)}"
        yield Finding("warning", "scopes", told, f"take it away: {_APP}")
    if not lacking and not spare:
        yield Finding("good", "scopes", f"all {len(NEEDED)} that are needed, and none that is not used")
