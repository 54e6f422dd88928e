"""Making fields, permission sets and the assignment exist: idempotent, no type is changed, refusals come first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.crm.placed import placed
from connector.crm.salesforce import definitions, metadata, permissions, schema, soql
from connector.crm.salesforce.client import Forbidden, Refused
from connector.crm.salesforce.mapping import ENTITY
from connector.crm.texts import listed
from connector.errors import AccessRefused, StopRun
from connector.model.changes import Target
from connector.ports import ProvisionStep

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

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
        self.client = client
        self._fields = fields
        self._assignee = assignee

    def provision(self, outputs: Sequence[Output], *, language: str, dry_run: bool) -> list[ProvisionStep]:
        """What was done, or would be; raises StopRun naming every field that cannot be used as it is."""
        wanted = placed(outputs)
        existing = self._read(target for target, _, _ in wanted)
        hidden = self._hidden(wanted, existing)
        steps = [self._plan(target, name, output, existing[target], hidden) for target, name, output in wanted]
        made = [(step, output) for step, (_, _, output) in zip(steps, wanted, strict=True)]
        fields = {_place(step): output.written for step, output in made}
        held = {name for kind in permissions.BOTH for name in permissions.found(self.client, kind)[1]}
        steps = self._unshown(made, {place: row for place, row in hidden.items() if place not in held})
        if not dry_run:
            _stop_on_refusals(steps)
            self._make(made, existing, language)
        shown = [_shown(step) if _place(step) in hidden.keys() & held else step for step in steps]
        return [*shown, *self._permit(fields, dry_run=dry_run)]

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

    def options(self, target: Target, outputs: Sequence[Output]) -> dict[str, frozenset[str]]:
        """The picklist values our fields of one object need, by field name."""
        return {
            self._fields.output(target, name): frozenset(output.options)
            for at, name, output in placed(outputs)
            if at is target and output.options
        }

    def read(self, outputs: Sequence[Output]) -> Existing:
        """The objects the outputs are kept on, described afresh."""
        return self._read(target for target, _, _ in placed(outputs))

    def _read(self, targets: Iterable[Target]) -> Existing:
        return {target: schema.read(self.client, ENTITY[target]) for target in dict.fromkeys(targets)}

    def _hidden(self, wanted: Sequence[tuple[Target, str, Output]], existing: Existing) -> dict[str, str]:
        """Fields that exist and that this user does not see, with their rows: they are shown, never made anew."""
        hidden: dict[str, str] = {}
        for target in existing:
            names = [self._fields.output(target, name) for at, name, _ in wanted if at is target]
            unseen = [name for name in names if existing[target].get(name) is None and name.lower().endswith("__c")]
            hidden |= self._custom_fields(ENTITY[target], unseen) if unseen else {}
        return hidden

    def _unshown(self, steps: Sequence[tuple[ProvisionStep, Output]], hidden: Mapping[str, str]) -> list[ProvisionStep]:
        """Hidden fields are looked at before anyone is shown them: one of another kind is refused."""
        looked = []
        for step, output in steps:
            row = hidden.get(_place(step))
            kind = self._kind_of(row) if row else ""
            if kind and kind != definitions.kind(output):
                detail = f"it is of type {kind}, needed is {definitions.kind(output)}"
                looked.append(ProvisionStep(step.target, step.property, "refuse", detail))
            else:
                looked.append(step)
        return looked

    def _kind_of(self, row: str) -> str:
        """The kind of a custom field by its row of the Tooling API; empty where it does not tell."""
        query = soql.select(["Metadata"], "CustomField", f"Id = {soql.quoted(row)}")
        told = self.client.get(self.client.path("tooling/query"), "looking at a hidden field", q=query)
        rows = told.get("records")
        found = rows[0].get("Metadata") if isinstance(rows, list) and rows and isinstance(rows[0], dict) else None
        return str(found.get("type") or "") if isinstance(found, dict) else ""

    def _custom_fields(self, entity: str, names: Sequence[str]) -> dict[str, str]:
        developer = [name[: -len("__c")] for name in names]
        query = soql.select(
            ["Id", "DeveloperName"],
            "CustomField",
            f"TableEnumOrId = {soql.quoted(entity)}",
            f"DeveloperName IN {soql.any_of(developer)}",
        )
        try:
            told = self.client.get(self.client.path("tooling/query"), "looking for hidden fields", q=query)
        except (Refused, Forbidden):  # whoever may not ask may not make fields either, which is said then
            return {}
        rows = [row for row in listed(told.get("records")) if isinstance(row, dict)]
        there = {str(row.get("DeveloperName")).lower(): str(row.get("Id")) for row in rows}
        return {
            f"{entity}.{name}": there[own.lower()]
            for name, own in zip(names, developer, strict=True)
            if own.lower() in there
        }

    def _plan(
        self, target: Target, name: str, output: Output, existing: Entity, hidden: Collection[str]
    ) -> ProvisionStep:
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
            made = list(metadata.upsert(self.client, todo))
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
        place, held = permissions.found(self.client, grants.kind)
        open_ = permissions.lacking(grants, held)
        user = self._assignee() if grants.kind.edits else None
        assigned = user is None or (place is not None and permissions.is_assigned(self.client, place, user))
        details = [f"{len(open_)} fields"] if open_ else []
        details += [] if assigned else [f"assigned to user {user}"]
        if not dry_run and (open_ or place is None):
            place = permissions.grant(self.client, grants, place, held)
        if not dry_run and not assigned and place is not None and user is not None:
            permissions.assign(self.client, place, user)
        action = "create" if place is None or not held else "extend" if details else "present"
        return ProvisionStep(Target.ACCOUNT, f"permission set {grants.kind.name}", action, ", ".join(details))


def _place(step: ProvisionStep) -> str:
    return f"{ENTITY[step.target]}.{step.property}"


def _shown(step: ProvisionStep) -> ProvisionStep:
    """A field the admin does not see and the permission sets show already."""
    return ProvisionStep(step.target, step.property, "present")


def _stop_on_refusals(steps: Sequence[ProvisionStep]) -> None:
    refused = [f"{_place(step)}: {step.detail}" for step in steps if step.action == "refuse"]
    if refused:
        raise StopRun(
            f"Salesforce has fields of another kind under our names: {'; '.join(refused)}",
            hint="rename or delete them (Setup → Object Manager → Account → Fields & Relationships), or name other "
            "fields in [fields]; nothing was created",
            code="PROVISION_REFUSED",
        )
