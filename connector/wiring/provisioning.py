"""`provision`: what is missing is made in the CRM that the state belongs to, and in no other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from connector.model.texts import Texts
from connector.store.glance import FILE
from connector.sync.tenant import refuse_another_admin, refuse_other

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.ports import ProvisionStep
    from connector.wiring import Wiring


def provision(wiring: Wiring, *, dry_run: bool) -> Sequence[ProvisionStep]:
    """Make what the rules write and the CRM lacks; StopRun where a login is of another tenant than the state.

    A state that is not there yet belongs to nobody, and is not made for this.
    """
    texts = Texts("connector.sync", wiring.language)  # reads the rules, whose mistakes come before any call
    section = wiring.opening.section()
    logins = [wiring.admin_crm, *([wiring.crm] if getattr(section, "admin", None) is not None else [])]
    for login in logins if _has_state(wiring) else ():
        refuse_other(wiring.journal, login, texts=texts)
    if len(logins) > 1:
        refuse_another_admin(wiring.crm, wiring.admin_crm, texts=texts)
    return wiring.admin_crm.provision(wiring.configured_outputs, language=wiring.language, dry_run=dry_run)


def _has_state(wiring: Wiring) -> bool:
    """Whether there is a state; of a database that is no file, only a look inside could tell."""
    named = FILE.fullmatch(wiring.database_url)
    return named is None or Path(named[1]).is_file()
