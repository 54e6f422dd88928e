"""HubSpot as the core sees it: the port, put together from its parts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from connector.crm.fates import outcomes
from connector.crm.hubspot import mapping, schema
from connector.crm.hubspot.doctor import examine
from connector.crm.hubspot.provisioning.provision import RENAME, Provisioner
from connector.crm.hubspot.pulling import reference
from connector.crm.hubspot.pulling.intake import Intake
from connector.crm.hubspot.pulling.objects import BATCH, Objects, in_batches
from connector.crm.hubspot.pulling.pull import pull
from connector.crm.hubspot.session.client import Forbidden, Refused
from connector.crm.hubspot.writing import edits
from connector.crm.hubspot.writing.write import Writer
from connector.crm.placed import not_ready, placed, target_of
from connector.ports import Cost

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from connector.crm.hubspot.mapping import FieldMap
    from connector.crm.hubspot.paths import Paths
    from connector.crm.hubspot.schema import Property
    from connector.crm.hubspot.session.client import Client
    from connector.model.changes import Outcome, RecordWrite, Target
    from connector.model.fields import Table
    from connector.model.outputs import Output
    from connector.ports import Finding, Page, Progress, ProvisionStep, PullRequest, PullSummary, Quota


_READERS = 4
"""Reads by id side by side; the pacing is theirs together."""


class HubSpot:
    """A HubSpot account; implements ports.Crm."""

    name = "hubspot"
    batch_size = BATCH
    keeps_false = True
    lingering = timedelta(hours=1)

    def __init__(
        self, client: Client, paths: Paths, fields: FieldMap, *, home_currency: str, now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._paths = paths
        self._fields = fields
        self._home_currency = home_currency
        self._now = now
        self._definitions: dict[Target, Mapping[str, Property] | None] = {}
        self._portal: str | None = None

    def pull(self, request: PullRequest, deliver: Callable[[Page], None], progress: Progress) -> PullSummary:
        """See ports.Crm.pull."""
        self._client.transport.brake.release()
        intake = self._intake(request)
        summary = pull(intake, deliver, progress, now=self._now)
        self._portal = intake.details.portal
        return summary

    def tenant(self) -> str | None:
        """See ports.Crm.tenant; None for a token that may not read the account's details."""
        if self._portal is None:
            self._client.transport.brake.release()
            self._portal = reference.details(self._client, self._paths).portal
        return f"HubSpot account {self._portal}" if self._portal else None

    def connected(self, request: PullRequest) -> Mapping[Table, frozenset[str]]:
        """See ports.Crm.connected."""
        intake = self._intake(request)
        intake.prepare()
        found = {table: frozenset(columns) - intake.absent(table) for table, columns in request.columns.items()}
        return {table: columns for table, columns in found.items() if columns}

    def read(
        self, target: Target, records: Sequence[str], properties: Sequence[str]
    ) -> Mapping[str, Mapping[str, str | None] | None]:
        """See ports.Crm.read; a record merged into another counts as gone."""
        names = {name: self._source(target, name) for name in properties}
        found: dict[str, Mapping[str, str | None] | None] = dict.fromkeys(records)
        self._known(target, afresh=False)
        objects, batches = self._objects(target), [*in_batches(dict.fromkeys(records), BATCH)]
        with ThreadPoolExecutor(_READERS) as readers:
            for answer in readers.map(lambda ids: objects.read(ids, [*names.values()]), batches):
                for record in answer.records:
                    values = record["properties"]
                    found[record["id"]] = {name: self._canonical(target, values, at) for name, at in names.items()}
        return found

    def edited(self, target: Target, records: Sequence[str], *, since: datetime) -> Mapping[str, datetime]:
        """See ports.Crm.edited; by the history of what may be edited, as calculated values move all by themselves."""
        return edits.edited(self._objects(target), records, self._known(target, afresh=False), since=since)

    def write(self, batch: Sequence[RecordWrite]) -> Sequence[Outcome]:
        """See ports.Crm.write."""
        if not batch:
            return []
        target = target_of(batch, self.batch_size)
        wanted: dict[str, dict[str, str]] = {}
        before: dict[str, dict[str, str]] = {}
        for item in batch:
            wanted.setdefault(item.record, {}).update(self._texts(target, item.values))
            before.setdefault(item.record, {}).update(self._texts(target, item.before))
        writer = Writer(
            self._client,
            self._paths,
            self._objects(target),
            definitions=partial(self._known, target),
        )
        fates = writer.write(wanted, before)
        once = {item.record: item for item in batch}
        return outcomes([*once.values()], fates)

    def cost(self, _target: Target, records: int, _properties: Collection[str], /) -> Cost:
        """See ports.Crm.cost; the definitions are read once to check them and once to spell values by them."""
        batches = -(-records // BATCH)
        return Cost(2, batches, batches)

    def preflight(self, outputs: Sequence[Output]) -> None:
        """See ports.Crm.preflight; passes when the definitions may not be read, the CRM will judge each write."""
        existing = self._existing(outputs)
        if existing is None:
            return
        provisioner = self._provisioner()
        wrong = provisioner.preflight(outputs, existing)
        if provisioner.refused(outputs, existing).intersection(wrong):
            raise not_ready("HubSpot", wrong, hint=RENAME)
        if wrong:
            raise not_ready("HubSpot", wrong)

    def provision(self, outputs: Sequence[Output], *, language: str, dry_run: bool) -> Sequence[ProvisionStep]:
        """See ports.Crm.provision; a dry run lists refusals instead of raising."""
        self._definitions.clear()
        return self._provisioner().provision(outputs, language=language, dry_run=dry_run)

    def doctor(self, request: PullRequest, outputs: Sequence[Output]) -> Iterator[Finding]:
        """See ports.Crm.doctor."""
        self._client.transport.brake.release()
        provisioner = self._provisioner()
        existing = partial(self._existing, outputs)
        return examine(self._client, self._intake(request), provisioner, outputs, existing, now=self._now())

    def quota(self) -> Quota:
        """See ports.Crm.quota."""
        if self._client.limits.quota().limit is None:
            reference.details(self._client, self._paths)
        return self._client.limits.quota()

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
        return Intake(self._client, self._paths, request, self._fields, self._home_currency)

    def _provisioner(self) -> Provisioner:
        return Provisioner(self._client, self._paths, self._fields)

    def _objects(self, target: Target) -> Objects:
        return Objects(self._client, self._paths, mapping.KIND[mapping.TABLE_OF[target]])

    def _texts(self, target: Target, values: Iterable[tuple[str, str | None]]) -> dict[str, str]:
        return {self._source(target, name): mapping.to_hubspot(value) for name, value in values}

    def _source(self, target: Target, name: str) -> str:
        return self._fields.property(mapping.TABLE_OF[target], name)

    def _canonical(self, target: Target, values: Mapping[str, str | None], name: str) -> str | None:
        known = (self._known(target, afresh=False) or {}).get(name)
        return mapping.canonical(values.get(name), known.type if known else "string", known.field_type if known else "")

    def _known(self, target: Target, *, afresh: bool) -> Mapping[str, Property] | None:
        """The property definitions of a target; None when they may not be read."""
        if afresh or target not in self._definitions:
            try:
                kind = mapping.KIND[mapping.TABLE_OF[target]]
                self._definitions[target] = schema.read(self._client, self._paths, kind)
            except (Forbidden, Refused):
                self._definitions[target] = None
        return self._definitions[target]

    def _existing(self, outputs: Sequence[Output]) -> dict[Target, Mapping[str, Property]] | None:
        """The definitions, read afresh, of every target the outputs are kept on; None when one may not be read."""
        targets = dict.fromkeys(target for target, _, _ in placed(outputs))
        known = {target: self._known(target, afresh=True) for target in targets}
        readable = {target: found for target, found in known.items() if found is not None}
        return readable if len(readable) == len(known) else None
