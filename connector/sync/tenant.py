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
    from connector.model.texts import Texts
    from connector.ports import Crm, Journal
    from connector.sync.going import Going

OTHER_TENANT = "OTHER_TENANT"


def same_tenant(going: Going) -> None:
    """Raise StopRun for another tenant than the first one; a CRM that does not tell is taken at its word."""
    journal, crm = going.parts.journal, going.parts.crm
    refuse_other(journal, crm, texts=going.parts.policy.texts)
    if journal.recall(memory.TENANT) is None and (found := crm.tenant()):
        journal.remember(memory.TENANT, found)


def refuse_other(journal: Journal, crm: Crm, *, texts: Texts) -> None:
    """Raise StopRun where the login is of another tenant than the state."""
    if names := other_tenant(journal, crm):
        raise StopRun(texts.say("OTHER_TENANT", **names), code=OTHER_TENANT, hint=texts.say("own_state"))


def refuse_another_admin(everyday: Crm, admin: Crm, *, texts: Texts) -> None:
    """Raise StopRun where an admin's login leads elsewhere than the everyday one, which would find nothing there."""
    names = {"everyday": everyday.tenant(), "admin": admin.tenant()}
    if all(names.values()) and len({*names.values()}) > 1:
        raise StopRun(texts.say("OTHER_ADMIN", **names), code=OTHER_TENANT, hint=texts.say("same_tenant"))


def other_tenant(journal: Journal, crm: Crm) -> dict[str, str] | None:
    """Return the tenant that is `known` and the one that is `found`, where they differ."""
    known, found = journal.recall(memory.TENANT), crm.tenant()
    return {"known": known, "found": found} if known and found and known != found else None
