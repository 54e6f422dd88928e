"""`provision`: what is missing is made in the CRM that the state belongs to, and in no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model.texts import Texts
from connector.sync.tenant import refuse_another_admin, refuse_other

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.ports import ProvisionStep
    from connector.wiring import Wiring


def provision(wiring: Wiring, *, dry_run: bool) -> Sequence[ProvisionStep]:
    """Make what the rules write and the CRM lacks; StopRun where a login is of another tenant than the state."""
    texts = Texts("connector.sync", wiring.language)  # reads the rules, whose mistakes come before any call
    section = wiring.opening.section()
    refuse_other(wiring.journal, wiring.admin_crm, texts=texts)
    if getattr(section, "admin", None) is not None:
        refuse_other(wiring.journal, wiring.crm, texts=texts)
        refuse_another_admin(wiring.crm, wiring.admin_crm, texts=texts)
    return wiring.admin_crm.provision(wiring.configured_outputs, language=wiring.language, dry_run=dry_run)
