"""Making fields, permission sets and the assignment exist: idempotent, no type is changed, refusals come first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.crm.placed import placed
from connector.crm.said import say
from connector.crm.salesforce import schema
from connector.crm.salesforce.mapping import ENTITY
from connector.crm.salesforce.provisioning import definitions, hidden, metadata, permissions, permitting
from connector.crm.salesforce.provisioning.permitting import NEEDS
from connector.errors import AccessRefused, StopRun
from connector.ports import ProvisionStep

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from connector.crm.salesforce.mapping import FieldMap
    from connector.crm.salesforce.schema import Entity, Property
    from connector.crm.salesforce.session.client import Client
    from connector.model.changes import Target
    from connector.model.outputs import Output

    Existing = dict[Target, Entity]
    Hidden = Mapping[str, Property | None]
    """By place, like `Account.Seg_Tier__c`; None for one that is there and nobody tells what it is."""


ABSENT = say("prop.absent", place="")


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
        """What was done, or would be; raises StopRun naming every field that cannot be used as it is.

        Without the rights to do all of it nothing is made.
        """
        wanted = placed(outputs)
        existing = self._read(target for target, _, _ in wanted)
        unseen = self._unseen(wanted, existing)
        steps = [self._plan(target, name, output, existing[target], unseen) for target, name, output in wanted]
        made = [(step, output) for step, (_, _, output) in zip(steps, wanted, strict=True)]
        gaps = permitting.gaps(self.client, {_place(step): output.written for step, output in made}, self._assignee)
        if not dry_run:
            _stop_on_refusals(steps)
            permitting.check(self.client, gaps)
            self._make(made, existing, unseen, language)
            permitting.fill(self.client, gaps)
        unshown = {name for gap in gaps for name in gap.lacking}
        return [*(_shown(step, unseen, unshown) for step in steps), *(gap.step() for gap in gaps)]

    def preflight(self, outputs: Sequence[Output], existing: Existing) -> list[str]:
        """What is wrong with the fields that are written, one line each; objects have lines of their own (`closed`)."""
        wrong = []
        for target, name, output in placed([output for output in outputs if output.written]):
            step = self._plan(target, name, output, existing[target], {})
            place = f"{ENTITY[target]}.{step.property}"
            known = existing[target].get(step.property)
            if step.action == "create":
                wrong.append(say("prop.absent", place=place))
            elif step.action != "present":
                wrong.append(say("prop", place=place, what=step.detail))
            elif known is not None and not known.updateable and existing[target].updateable:
                what = say("prop.closed", label=permissions.INTEGRATION.label)
                wrong.append(say("prop", place=place, what=what))
        return sorted(wrong, key=absent)

    def closed(self, outputs: Sequence[Output], existing: Existing) -> list[str]:
        """The objects that are written to and whose records this user may not edit."""
        targets = dict.fromkeys(target for target, _, output in placed(outputs) if output.written)
        return [ENTITY[target] for target in targets if not existing[target].updateable]

    def options(self, target: Target, outputs: Sequence[Output]) -> dict[str, frozenset[str]]:
        """The picklist values our fields of one object need, by field name."""
        return {
            self._fields.output(target, name): frozenset(output.options)
            for at, name, output in placed(outputs)
            if at is target and output.options
        }

    def places(self, outputs: Sequence[Output]) -> list[str]:
        """The fields we write, like `Account.Seg_Tier__c`."""
        written = [output for output in outputs if output.written]
        return [f"{ENTITY[target]}.{self._fields.output(target, name)}" for target, name, _ in placed(written)]

    def read(self, outputs: Sequence[Output]) -> Existing:
        """The objects the outputs are kept on, described afresh."""
        return self._read(target for target, _, _ in placed(outputs))

    def _read(self, targets: Iterable[Target]) -> Existing:
        return {target: schema.read(self.client, ENTITY[target]) for target in dict.fromkeys(targets)}

    def _unseen(self, wanted: Sequence[tuple[Target, str, Output]], existing: Existing) -> Hidden:
        """Fields that exist and that this user does not see: they are looked at and shown, never made anew."""
        found: dict[str, Property | None] = {}
        for target, entity in existing.items():
            names = [self._fields.output(target, name) for at, name, _ in wanted if at is target]
            lost = [name for name in names if entity.get(name) is None and name.lower().endswith("__c")]
            told = hidden.fields(self.client, entity.name, lost)
            found |= {f"{entity.name}.{name}": known for name, known in told.items()}
        return found

    def _plan(self, target: Target, name: str, output: Output, existing: Entity, unseen: Hidden) -> ProvisionStep:
        source = self._fields.output(target, name)
        place = f"{ENTITY[target]}.{source}"
        known = existing.get(source) or unseen.get(place)
        if known is None and place in unseen:
            return ProvisionStep(target, source, "present")
        if known is None:
            return ProvisionStep(target, source, "create", definitions.kind(output))
        if objection := definitions.objection(output, known):
            return ProvisionStep(target, source, "refuse", objection)
        if lacking := definitions.missing_values(output, known):
            return ProvisionStep(target, source, "extend", say("prop.lacks_value", values=", ".join(lacking)))
        return ProvisionStep(target, source, "present")

    def _make(
        self, steps: Sequence[tuple[ProvisionStep, Output]], existing: Existing, unseen: Hidden, language: str
    ) -> None:
        """Ten a call; the first call fails as a whole when the rights are missing, so nothing is made then."""
        todo = []
        for step, output in steps:
            if step.action in ("create", "extend"):
                known = existing[step.target].get(step.property) or unseen.get(_place(step))
                todo.append(definitions.field(output, _place(step), language, known=known))
        try:
            made = list(metadata.upsert(self.client, todo))
        except AccessRefused as error:
            raise StopRun(f"{error}; nothing was made", hint=NEEDS, code="PROVISION_REFUSED") from None
        if problems := [f"{one.name}: {one.problem}" for one in made if one.problem]:
            raise StopRun(f"fields could not be made: {'; '.join(problems)}", hint=NEEDS, code="PROVISION_REFUSED")


def _place(step: ProvisionStep) -> str:
    return f"{ENTITY[step.target]}.{step.property}"


def _shown(step: ProvisionStep, unseen: Hidden, unshown: Collection[str]) -> ProvisionStep:
    """A field that is there and that the permission sets do not show yet is one they will."""
    place = _place(step)
    if step.action == "present" and place in unseen and place in unshown:
        return ProvisionStep(step.target, step.property, "extend", say("prop.hidden"))
    return step


def _stop_on_refusals(steps: Sequence[ProvisionStep]) -> None:
    refused = [f"{_place(step)}: {step.detail}" for step in steps if step.action == "refuse"]
    if refused:
        raise StopRun(
            f"Salesforce has fields of another kind under our names: {'; '.join(refused)}",
            hint="rename or delete them (Setup → Object Manager → Account → Fields & Relationships), or name other "
            "fields in [fields]; nothing was created",
            code="PROVISION_REFUSED",
        )
