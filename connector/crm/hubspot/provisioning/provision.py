"""Making the group, properties and options exist: idempotent, never changing a type, refusing before touching."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connector.crm.hubspot import mapping, schema
from connector.crm.hubspot.provisioning import definitions
from connector.crm.hubspot.session import checks
from connector.crm.hubspot.session.client import Refused
from connector.crm.placed import placed
from connector.crm.said import say
from connector.crm.texts import unique
from connector.errors import StopRun
from connector.model.outputs import GROUP_NAME
from connector.ports import ProvisionStep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.crm.hubspot.mapping import FieldMap
    from connector.crm.hubspot.paths import Paths
    from connector.crm.hubspot.schema import Property
    from connector.crm.hubspot.session.client import Client
    from connector.model.changes import Target
    from connector.model.outputs import Output

_BATCH = 100
Existing = dict["Target", "Mapping[str, Property]"]

ABSENT = " does not exist"
RENAME = "rename or archive them in HubSpot, or name other properties in [fields]"
"""What a person does about properties that provisioning cannot mend."""


def absent(line: str) -> bool:
    """Whether a line of `preflight` is about a property that provisioning would make; the others come first."""
    return line.endswith(ABSENT)


class Provisioner:
    """Creates what is missing in one HubSpot account."""

    def __init__(self, client: Client, paths: Paths, fields: FieldMap) -> None:
        self._client = client
        self._paths = paths
        self._fields = fields

    def provision(self, outputs: Sequence[Output], *, language: str, dry_run: bool) -> list[ProvisionStep]:
        """What was done, or would be; raises StopRun naming every property that cannot be used as it is."""
        wanted = placed(outputs)
        existing: Existing = {}
        for target in dict.fromkeys(target for target, _, _ in wanted):
            existing[target] = schema.read(self._client, self._paths, self._kind(target))
        steps = self.steps(outputs, existing)
        if dry_run:
            return steps
        _stop_on_refusals(steps)
        for target in existing:
            mine = [(step, output) for step, (at, _, output) in zip(steps, wanted, strict=True) if at == target]
            self._create(target, [(s.property, o) for s, o in mine if s.action == "create"], language)
            for step, output in mine:
                if step.action == "extend":
                    self._extend(target, output, existing[target][step.property], language)
        return steps

    def steps(self, outputs: Sequence[Output], existing: Existing) -> list[ProvisionStep]:
        """What provisioning would do, one step per property: those that are written, and those that people fill."""
        return [self._plan(target, name, output, existing[target]) for target, name, output in placed(outputs)]

    def preflight(self, outputs: Sequence[Output], existing: Existing) -> list[str]:
        """What is wrong with the properties that are written, one line each."""
        steps = self.steps([output for output in outputs if output.written], existing)
        return sorted((self._line(step) for step in steps if step.action != "present"), key=absent)

    def refused(self, outputs: Sequence[Output], existing: Existing) -> frozenset[str]:
        """Those lines of `preflight` that provisioning cannot mend."""
        return frozenset(self._line(step) for step in self.steps(outputs, existing) if step.action == "refuse")

    def _line(self, step: ProvisionStep) -> str:
        place = f"{self._kind(step.target)}.{step.property}"
        return place + ABSENT if step.action == "create" else say("prop", place=place, what=step.detail)

    def _plan(self, target: Target, name: str, output: Output, existing: Mapping[str, Property]) -> ProvisionStep:
        source = self._fields.property(mapping.TABLE_OF[target], name)
        found = existing.get(source)
        if found is None:
            return ProvisionStep(target, source, "create", "/".join(definitions.kind(output)))
        if objection := definitions.objection(output, found):
            return ProvisionStep(target, source, "refuse", objection)
        if lacking := definitions.missing_options(output, found):
            return ProvisionStep(target, source, "extend", say("prop.lacks_option", options=", ".join(lacking)))
        return ProvisionStep(target, source, "present")

    def _create(self, target: Target, missing: list[tuple[str, Output]], language: str) -> None:
        if not missing:
            return
        kind = self._kind(target)
        self._ensure_group(kind, language)
        for start in range(0, len(missing), _BATCH):
            inputs = [
                definitions.definition(output, name, language) for name, output in missing[start : start + _BATCH]
            ]
            self._create_batch(kind, inputs)

    def _create_batch(self, kind: str, inputs: list[dict[str, Any]]) -> None:
        """Batch create is an "ensure": what exists already comes back as a conflict, which is fine."""
        what = f"creating properties on {kind}"
        document = self._client.post(self._paths.properties(kind, "batch/create"), what, {"inputs": inputs})
        made = {item["name"] for item in schema.named(checks.results(document, what), what)}
        made |= checks.ids_in_errors(document, "name", category="OBJECT_ALREADY_EXISTS")
        lost = [item["name"] for item in inputs if item["name"] not in made]
        if lost:
            words = [str(error.get("message")) for error in document.get("errors") or () if isinstance(error, dict)]
            text = self._client.scrub("; ".join(words) or "HubSpot left them out of its answer")
            raise StopRun(
                f"{what}: {', '.join(lost)} could not be created: {text}",
                hint="mend what HubSpot's words say, then `tiersync provision` makes what is still missing",
                code="PROVISION_REFUSED",
            )

    def _ensure_group(self, kind: str, language: str) -> None:
        what = f"reading the property groups of {kind}"
        groups = checks.results(self._client.get(self._paths.properties(kind, "groups"), what), what)
        if any(group.get("name") == GROUP_NAME for group in groups):
            return
        try:
            path, body = self._paths.properties(kind, "groups"), definitions.group(language)
            self._client.post(path, f"creating the property group on {kind}", body)
        except Refused as error:
            if error.problem.status != HTTPStatus.CONFLICT:  # someone else made it meanwhile
                raise

    def _extend(self, target: Target, output: Output, found: Property, language: str) -> None:
        """Add the missing options: PATCH replaces the whole list, so all the old ones go along."""
        lacking = set(definitions.missing_options(output, found))
        wanted = {o["value"]: o["label"] for o in definitions.options(output, language) if o["value"] in lacking}
        labels = unique(wanted, (str(option.get("label")) for option in found.options))
        added = [
            {"label": label, "value": value, "displayOrder": len(found.options) + place, "hidden": False}
            for place, (value, label) in enumerate(labels.items())
        ]
        kind = self._kind(target)
        path, what = self._paths.properties(kind, found.name), f"adding options to {kind}.{found.name}"
        answer = schema.parse(
            self._client.patch(path, what, {"options": [*found.options, *added]}) | {"name": found.name}
        )
        if not lacking <= answer.values:
            raise checks.bad(what, "HubSpot's answer does not hold the new options")

    def _kind(self, target: Target) -> str:
        return mapping.KIND[mapping.TABLE_OF[target]]


def _stop_on_refusals(steps: Sequence[ProvisionStep]) -> None:
    refused = [
        f"{step.target.value} property {step.property}: {step.detail}" for step in steps if step.action == "refuse"
    ]
    if refused:
        raise StopRun(
            f"HubSpot has properties of another kind under our names: {'; '.join(refused)}",
            hint=f"{RENAME}; nothing was created",
            code="PROVISION_REFUSED",
        )
