"""Step: what this state remembers is of one tenant of the CRM; with a login of another one nothing is done.

A token that is swapped, say that of a test organization for the real one, would make a mirror of both, and what was
written in the one would count as written in the other: no first run would be held, and a person's value might pass for
ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import StopRun
from connector.sync import memory

if TYPE_CHECKING:
    from connector.ports import Crm, Journal
    from connector.sync.going import Going

OTHER_TENANT = "OTHER_TENANT"


def same_tenant(going: Going) -> None:
    """Raise StopRun for another tenant than the first one; a CRM that does not tell is taken at its word."""
    journal, crm = going.parts.journal, going.parts.crm
    if names := other_tenant(journal, crm):
        raise StopRun(going.say("OTHER_TENANT", **names), code=OTHER_TENANT, hint=going.say("own_state"))
    if journal.recall(memory.TENANT) is None and (found := crm.tenant()):
        journal.remember(memory.TENANT, found)


def other_tenant(journal: Journal, crm: Crm) -> dict[str, str] | None:
    """Return the tenant that is `known` and the one that is `found`, where they differ."""
    known, found = journal.recall(memory.TENANT), crm.tenant()
    return {"known": known, "found": found} if known and found and known != found else None
