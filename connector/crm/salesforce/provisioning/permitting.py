"""What our permission sets lack, whether this login may give it, and the giving."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.crm.said import say
from connector.crm.salesforce.provisioning import permissions
from connector.crm.salesforce.session.client import Forbidden, Refused
from connector.errors import StopRun
from connector.model.changes import Target
from connector.ports import ProvisionStep

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connector.crm.salesforce.provisioning.permissions import Grants
    from connector.crm.salesforce.session.client import Client
    from connector.model.texts import Said

NEEDS = (
    "the login needs Customize Application, Modify Metadata Through Metadata API Functions and Assign Permission Sets: "
    "give an admin's login in [crm.admin] (`tiersync docs salesforce-login`); or an admin deploys "
    "plugins/salesforce/customer-tiering.zip (`sf project deploy start --metadata-dir`) "
    f"and assigns {permissions.INTEGRATION.name}: Setup → Permission Sets → {permissions.INTEGRATION.label} → "
    "Manage Assignments → Add Assignment"
)


class Gap(Struct, frozen=True):
    """One permission set: what it is to grant, and what is there."""

    grants: Grants
    set_id: str | None
    held: Mapping[str, tuple[str, bool]]
    user: str | None = None
    """Who is to hold it and does not."""
    unknown: bool = False
    """Nobody knows who is to hold it."""

    @property
    def lacking(self) -> dict[str, bool]:
        """The fields it does not grant, or not to edit."""
        return permissions.lacking(self.grants, self.held)

    def objects(self) -> list[str]:
        """The setup objects that filling it writes to."""
        parts = (
            ("PermissionSet", self.set_id is None),
            ("FieldPermissions", bool(self.lacking)),
            ("PermissionSetAssignment", self.user is not None),
        )
        return [name for name, written in parts if written]

    def step(self) -> ProvisionStep:
        """What filling it does."""
        details = [say("gap.fields", n=len(self.lacking))] if self.lacking else []
        details += [say("gap.user", user=self.user)] if self.user else []
        action = "create" if self.set_id is None or not self.held else "extend" if details else "present"
        details += [say("gap.by_hand")] if self.unknown else []
        return ProvisionStep(Target.ACCOUNT, f"permission set {self.grants.kind.name}", action, _listed(details))


def _listed(details: Sequence[Said]) -> str:
    return reduce(lambda first, rest: say("and", first=first, rest=rest), details) if details else ""


def gaps(client: Client, fields: Mapping[str, bool], assignee: Callable[[], str | None]) -> list[Gap]:
    """Both sets as they are; `fields` tells of each field whether we write it. Raises StopRun."""
    try:
        return [_gap(client, grants, assignee) for grants in permissions.wanted(fields)]
    except (Refused, Forbidden) as error:
        raise StopRun(f"{error}; nothing was made", hint=NEEDS, code="PROVISION_REFUSED") from None


def _gap(client: Client, grants: Grants, assignee: Callable[[], str | None]) -> Gap:
    set_id, held = permissions.found(client, grants.kind)
    if not grants.kind.edits:
        return Gap(grants, set_id, held)
    user = assignee()
    if user is None:
        return Gap(grants, set_id, held, unknown=True)
    assigned = set_id is not None and permissions.is_assigned(client, set_id, user)
    return Gap(grants, set_id, held, None if assigned else user)


def check(client: Client, found: Sequence[Gap]) -> None:
    """Raise StopRun, before anything is made, when this login may not write what filling the gaps writes."""
    for name in dict.fromkeys(name for gap in found for name in gap.objects()):
        try:
            told = client.get(client.path(f"sobjects/{name}/describe"), f"describing {name}")
            closed = "" if told.get("createable") is not False else f"this login may not make a {name}"
        except (Refused, Forbidden) as error:
            closed = str(error)
        if closed:
            raise StopRun(f"{closed}; nothing was made", hint=NEEDS, code="PROVISION_REFUSED")


def fill(client: Client, found: Sequence[Gap]) -> None:
    """Make the sets, what they lack, and the assignment. Raises StopRun with Salesforce's words."""
    for gap in found:
        try:
            set_id = gap.set_id
            if gap.lacking or set_id is None:
                set_id = permissions.grant(client, gap.grants, set_id, gap.held)
            if gap.user is not None:
                permissions.assign(client, set_id, gap.user)
        except (Refused, Forbidden) as error:
            text = f"permission set {gap.grants.kind.name}: {error}"
            raise StopRun(text, hint=NEEDS, code="PROVISION_REFUSED") from None
