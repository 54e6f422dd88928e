"""Salesforce as the core sees it: the port, put together from its parts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from connector.crm.fates import outcomes
from connector.crm.placed import not_ready, target_of
from connector.crm.salesforce import schema, values
from connector.crm.salesforce.doctor import examine, grant_edit, no_edit
from connector.crm.salesforce.mapping import ENTITY
from connector.crm.salesforce.provisioning.provision import Provisioner
from connector.crm.salesforce.pulling import reference
from connector.crm.salesforce.pulling.intake import Intake
from connector.crm.salesforce.pulling.pull import pull
from connector.crm.salesforce.session.client import Forbidden, Refused
from connector.crm.salesforce.session.queries import in_parts
from connector.crm.salesforce.soql import full_id, is_id
from connector.crm.salesforce.writing import bulk_write, collections, edits, record_types, write
from connector.crm.salesforce.writing.record_types import Offers
from connector.crm.salesforce.writing.write import Writer
from connector.ports import Cost

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from connector.crm.salesforce.mapping import FieldMap
    from connector.crm.salesforce.pulling.columns import Situation
    from connector.crm.salesforce.schema import Entity
    from connector.crm.salesforce.session.client import Client
    from connector.crm.salesforce.writing.collections import Pace
    from connector.model.changes import Outcome, RecordWrite, Target
    from connector.model.fields import Table
    from connector.model.outputs import Output
    from connector.ports import Finding, Page, Progress, ProvisionStep, PullRequest, PullSummary, Quota


class Salesforce:
    """A Salesforce organisation; implements ports.Crm."""

    name = "salesforce"
    batch_size = 10_000
    """So that many records a bulk job is worth its calls; a call takes 200 of them."""
    keeps_false = False
    lingering = bulk_write.LIFE

    def __init__(
        self,
        client: Client,
        fields: FieldMap,
        *,
        situation: Situation,
        home_currency: str,
        pace: Pace,
        assignee: Callable[[], str | None] | None,
        now: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._fields = fields
        self._situation = situation
        self._home_currency = home_currency
        self._pace = pace
        self._assignee = assignee or self.user
        self._now = now
        self._entities: dict[Target, Entity] = {}
        self._offered: dict[Target, tuple[Entity, Offers]] = {}
        self._own: str | None = None
        self._seen: Mapping[str, Entity] = {}
        """What the last pull saw, to tell what writing will cost."""

    def tenant(self) -> str | None:
        """See ports.Crm.tenant; a session that somebody else got does not tell."""
        self._client.transport.brake.release()
        found = self._client.credentials.organization()
        return f"Salesforce organization {found}" if found else None

    def pull(self, request: PullRequest, deliver: Callable[[Page], None], progress: Progress) -> PullSummary:
        """See ports.Crm.pull."""
        self._client.transport.brake.release()
        self._client.limits.forget()
        self._client.credentials.forget()
        self._entities.clear()
        intake = self._intake(request)
        self._seen = intake.entities
        return pull(intake, deliver, progress)

    def connected(self, request: PullRequest) -> Mapping[Table, frozenset[str]]:
        """See ports.Crm.connected."""
        intake = self._intake(request)
        intake.prepare()
        found = {table: frozenset(columns) - intake.absent(table) for table, columns in request.columns.items()}
        return {table: columns for table, columns in found.items() if columns}

    def read(
        self, target: Target, records: Sequence[str], properties: Sequence[str]
    ) -> Mapping[str, Mapping[str, str | None] | None]:
        """See ports.Crm.read; a record in the recycle bin counts as gone."""
        names = {name: self._fields.output(target, name) for name in properties}
        found = self._read(target, records, [*names.values()])
        return {
            record: None if held is None else {name: held[at] for name, at in names.items()}
            for record, held in found.items()
        }

    def edited(self, target: Target, records: Sequence[str], *, since: datetime) -> Mapping[str, datetime]:
        """See ports.Crm.edited; Salesforce names who changed a record last, and nobody before."""
        self._own = self._own or self.user()
        return edits.edited(self._client, ENTITY[target], records, own=self._own, since=since)

    def write(self, batch: Sequence[RecordWrite]) -> Sequence[Outcome]:
        """See ports.Crm.write."""
        if not batch:
            return []
        target = target_of(batch, self.batch_size)
        wanted: dict[str, dict[str, str | None]] = {}
        before: dict[str, dict[str, str | None]] = {}
        for item in batch:
            for values_of, told in ((wanted, item.values), (before, item.before)):
                named = {self._fields.output(target, name): value for name, value in told}
                values_of.setdefault(item.record, {}).update(named)
        writer = Writer(
            self._client,
            self._entity(target),
            pace=self._pace,
            read=partial(self._read, target),
            offers=self._offers(target),
        )
        fates = writer.write(wanted, before)
        once = {item.record: item for item in batch}
        return outcomes([*once.values()], fates)

    def cost(self, target: Target, records: int, properties: Collection[str], /) -> Cost:
        """See ports.Crm.cost; a target is described to read it, and once more before it is written to.

        What its record types offer is asked besides, as far as the last pull saw them.
        """
        entity = self._seen.get(ENTITY[target])
        names = (self._fields.output(target, name) for name in properties)
        questions = record_types.questions(entity, names) if entity else 0
        return Cost(2 + questions, -(-records // collections.READ_AT_ONCE), write.calls(records))

    def preflight(self, outputs: Sequence[Output]) -> None:
        """See ports.Crm.preflight."""
        provisioner = self._provisioner()
        existing = provisioner.read(outputs)
        self._entities.update(existing)
        wrong = provisioner.preflight(outputs, existing)
        closed = provisioner.closed(outputs, existing)
        if closed:
            told = [str(no_edit(name)) for name in closed]
            raise not_ready("Salesforce", [*told, *wrong], hint="; ".join(map(grant_edit, closed)))
        if wrong:
            raise not_ready("Salesforce", wrong)

    def provision(self, outputs: Sequence[Output], *, language: str, dry_run: bool) -> Sequence[ProvisionStep]:
        """See ports.Crm.provision; a dry run lists refusals instead of raising."""
        self._entities.clear()
        return self._provisioner().provision(outputs, language=language, dry_run=dry_run)

    def doctor(self, request: PullRequest, outputs: Sequence[Output]) -> Iterator[Finding]:
        """See ports.Crm.doctor."""
        self._client.transport.brake.release()
        return examine(self._intake(request), self._provisioner(), outputs, self.quota, now=self._now())

    def quota(self) -> Quota:
        """See ports.Crm.quota."""
        if self._client.limits.quota().limit is None:
            try:
                told = self._client.get(self._client.path("limits"), "asking for the day's calls")
                day = told["DailyApiRequests"]
                self._client.limits.learn(int(day["Max"]), int(day["Remaining"]))
            except (Refused, Forbidden, KeyError, TypeError, ValueError):
                pass
        return self._client.limits.quota()

    def user(self) -> str | None:
        """The id of the user who is logged in, where the session may tell."""
        return reference.user(self._client, several_currencies=False).id

    def check(self) -> None:
        """See ports.Crm.check."""
        self._client.transport.brake.check()

    def requests(self) -> int:
        """See ports.Crm.requests."""
        return self._client.transport.requests()

    def close(self) -> None:
        """See ports.Crm.close."""
        self._client.close()

    def _intake(self, request: PullRequest) -> Intake:
        return Intake(self._client, request, self._fields, self._home_currency, self._situation)

    def _provisioner(self) -> Provisioner:
        return Provisioner(self._client, self._fields, assignee=self._assignee)

    def _entity(self, target: Target) -> Entity:
        if target not in self._entities:
            self._entities[target] = schema.read(self._client, ENTITY[target])
        return self._entities[target]

    def _offers(self, target: Target) -> Offers:
        """What the record types offer, asked once per describe."""
        entity = self._entity(target)
        if target not in self._offered or self._offered[target][0] is not entity:
            self._offered[target] = (entity, Offers(self._client, entity))
        return self._offered[target][1]

    def _read(
        self, target: Target, records: Sequence[str], fields: Sequence[str]
    ) -> dict[str, Mapping[str, str | None] | None]:
        """Canonical values by API name, per record as it was named."""
        entity = self._entity(target)
        kinds = {name: known.type for name in fields if (known := entity.get(name)) is not None}
        asked = list(dict.fromkeys(("Id", "IsDeleted", *kinds)))  # a field that is named twice is refused
        found: dict[str, Mapping[str, str | None] | None] = dict.fromkeys(records)
        names: dict[str, list[str]] = {}
        for record in filter(is_id, found):
            names.setdefault(full_id(record), []).append(record)
        for some in in_parts(list(names), collections.READ_AT_ONCE):
            for row in collections.read(self._client, entity.name, some, asked):
                held = {name: values.of_ours(row.get(name), kinds.get(name, "string")) for name in fields}
                found.update(dict.fromkeys(names.get(row["Id"], ()), held))
        return found
