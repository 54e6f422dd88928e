"""Making fields, permission sets and the assignment exist: idempotent, no type is changed, refusals come first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.crm.placed import placed
from connector.crm.salesforce import definitions, metadata, permissions, schema, soql
from connector.crm.salesforce.client import Forbidden, Refused
from connector.crm.salesforce.mapping import ENTITY
from connector.errors import AccessRefused, StopRun
from connector.model.changes import Target
from connector.ports import ProvisionStep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from connector.crm.salesforce.client import Client
    from connector.crm.salesforce.mapping import FieldMap
    from connector.crm.salesforce.schema import Entity
    from connector.model.outputs import Output

    Existing = dict[Target, Entity]


ABSENT = " does not exist, or is hidden from this user"
NEEDS = (
    "the login needs Customize Application, Modify Metadata Through Metadata API Functions and Assign Permission Sets; "
    "or an admin deploys plugins/salesforce/customer-tiering.zip (`sf project deploy start --metadata-dir`) "
    f"and assigns {permissions.INTEGRATION.name}: Setup → Permission Sets → {permissions.INTEGRATION.label} → "
    "Manage Assignments → Add Assignment"
)


def absent(line: str) -> bool:
    """Whether a line of `preflight` is about a field that provisioning would make or show; the others come first."""
    return line.endswith(ABSENT)


class Provisioner:
    """Creates what is missing in one organisation; `assignee` tells which user writes."""

    def __init__(self, client: Client, fields: FieldMap, *, assignee: Callable[[], str | None]) -> None:
        self._client = client
        self._fields = fields
        self._assignee = assignee

    def provision(self, outputs: Sequence[Output], *, language: str, dry_run: bool) -> list[ProvisionStep]:
        """What was done, or would be; raises StopRun naming every field that cannot be used as it is."""
        wanted = placed(outputs)
        existing = self._read(target for target, _, _ in wanted)
        hidden = self._hidden(wanted, existing)
        steps = [self._plan(target, name, output, existing[target], hidden) for target, name, output in wanted]
        fields = {f"{ENTITY[s.target]}.{s.property}": o.written for s, (_, _, o) in zip(steps, wanted, strict=True)}
        if not dry_run:
            _stop_on_refusals(steps)
            made = [(step, output) for step, (_, _, output) in zip(steps, wanted, strict=True)]
            self._make(made, existing, language)
        return [*steps, *self._permit(fields, dry_run=dry_run)]

    def preflight(self, outputs: Sequence[Output], existing: Existing) -> list[str]:
        """What is wrong with the fields that are written, one line each."""
        wrong = []
        for target, name, output in placed([output for output in outputs if output.written]):
            step = self._plan(target, name, output, existing[target], set())
            place = f"{ENTITY[target]}.{step.property}"
            known = existing[target].get(step.property)
            if step.action == "create":
                wrong.append(f"{place}{ABSENT}")
            elif step.action != "present":
                wrong.append(f"{place}: {step.detail}")
            elif known is not None and not known.updateable:
                wrong.append(f"{place}: this user may not edit it (permission set {permissions.INTEGRATION.label})")
        return sorted(wrong, key=absent)

    def read(self, outputs: Sequence[Output]) -> Existing:
        """The objects the outputs are kept on, described afresh."""
        return self._read(target for target, _, _ in placed(outputs))

    def _read(self, targets: Iterable[Target]) -> Existing:
        return {target: schema.read(self._client, ENTITY[target]) for target in dict.fromkeys(targets)}

    def _hidden(self, wanted: Sequence[tuple[Target, str, Output]], existing: Existing) -> set[str]:
        """Fields that exist and that this user does not see: they are shown, never made anew."""
        hidden: set[str] = set()
        for target in existing:
            names = [self._fields.output(target, name) for at, name, _ in wanted if at is target]
            unseen = [name for name in names if existing[target].get(name) is None and name.lower().endswith("__c")]
            hidden |= self._custom_fields(ENTITY[target], unseen) if unseen else set()
        return hidden

    def _custom_fields(self, entity: str, names: Sequence[str]) -> set[str]:
        developer = [name[: -len("__c")] for name in names]
        query = soql.select(
            ["Id", "DeveloperName"],
            "CustomField",
            f"TableEnumOrId = {soql.quoted(entity)}",
            f"DeveloperName IN {soql.any_of(developer)}",
        )
        try:
            told = self._client.get(self._client.path("tooling/query"), "looking for hidden fields", q=query)
        except (Refused, Forbidden):  # whoever may not ask may not make fields either, which is said then
            return set()
        rows = told.get("records")
        there = {str(row.get("DeveloperName")).lower() for row in rows if isinstance(row, dict)} if rows else set()
        return {f"{entity}.{name}" for name, own in zip(names, developer, strict=True) if own.lower() in there}

    def _plan(self, target: Target, name: str, output: Output, existing: Entity, hidden: set[str]) -> ProvisionStep:
        source = self._fields.output(target, name)
        known = existing.get(source)
        if known is None and f"{ENTITY[target]}.{source}" in hidden:
            return ProvisionStep(target, source, "extend", "it is there and hidden: shown by the permission sets")
        if known is None:
            return ProvisionStep(target, source, "create", definitions.kind(output))
        if objection := definitions.objection(output, known):
            return ProvisionStep(target, source, "refuse", objection)
        if lacking := definitions.missing_values(output, known):
            return ProvisionStep(target, source, "extend", f"picklist value {', '.join(lacking)} is missing")
        return ProvisionStep(target, source, "present")

    def _make(self, steps: Sequence[tuple[ProvisionStep, Output]], existing: Existing, language: str) -> None:
        """Ten a call; the first call fails as a whole when the rights are missing, so nothing is made then."""
        todo = []
        for step, output in steps:
            known = existing[step.target].get(step.property)
            if step.action == "create" or (step.action == "extend" and known is not None):
                name = f"{ENTITY[step.target]}.{step.property}"
                todo.append(definitions.field(output, name, language, known=known))
        try:
            made = list(metadata.upsert(self._client, todo))
        except AccessRefused as error:
            raise StopRun(f"{error}; nothing was made", hint=NEEDS, code="PROVISION_REFUSED") from None
        if problems := [f"{one.name}: {one.problem}" for one in made if one.problem]:
            raise StopRun(f"fields could not be made: {'; '.join(problems)}", hint=NEEDS, code="PROVISION_REFUSED")

    def _permit(self, fields: dict[str, bool], *, dry_run: bool) -> list[ProvisionStep]:
        """Both permission sets with every field, and the integration one for the user who writes."""
        steps = []
        for grants in permissions.wanted(fields):
            try:
                steps.append(self._permit_one(grants, dry_run=dry_run))
            except (Refused, Forbidden) as error:
                text = f"permission set {grants.kind.name}: {error}"
                raise StopRun(text, hint=NEEDS, code="PROVISION_REFUSED") from None
        return steps

    def _permit_one(self, grants: permissions.Grants, *, dry_run: bool) -> ProvisionStep:
        place, held = permissions.found(self._client, grants.kind)
        open_ = permissions.lacking(grants, held)
        user = self._assignee() if grants.kind.edits else None
        assigned = user is None or (place is not None and permissions.is_assigned(self._client, place, user))
        details = [f"{len(open_)} fields"] if open_ else []
        details += [] if assigned else [f"assigned to user {user}"]
        if not dry_run and (open_ or place is None):
            place = permissions.grant(self._client, grants, place, held)
        if not dry_run and not assigned and place is not None and user is not None:
            permissions.assign(self._client, place, user)
        action = "create" if place is None or not held else "extend" if details else "present"
        return ProvisionStep(Target.ACCOUNT, f"permission set {grants.kind.name}", action, ", ".join(details))


def _stop_on_refusals(steps: Sequence[ProvisionStep]) -> None:
    refused = [f"{ENTITY[step.target]}.{step.property}: {step.detail}" for step in steps if step.action == "refuse"]
    if refused:
        raise StopRun(
            f"Salesforce has fields of another kind under our names: {'; '.join(refused)}",
            hint="rename or delete them (Setup → Object Manager → Account → Fields & Relationships), or name other "
            "fields in [fields]; nothing was created",
            code="PROVISION_REFUSED",
        )
