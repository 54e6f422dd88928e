"""Writing records: batches, with every record's fate found out.

Source: HubSpot's batch pages and recordings: a validation error refuses the whole batch without naming the record
(so the batch is halved until it is alone), missing ids come back in a 207, a merged-away id is left out in silence
(so sent and returned ids are compared), and absolute values by record id may be sent again after reading back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from connector.crm.hubspot import checks, mapping
from connector.crm.hubspot.answers import brief, listed
from connector.crm.hubspot.client import Refused
from connector.crm.transport import AnswerLost
from connector.errors import BadAnswer, StopRun
from connector.model.changes import Landed, Outcome, RecordWrite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.crm.hubspot.client import Client
    from connector.crm.hubspot.objects import Objects
    from connector.crm.hubspot.paths import Paths
    from connector.crm.hubspot.schema import Property

SENDS = 3
"""A write whose answer was lost is sent again at most twice."""

Values = dict[str, str]
"""HubSpot property -> HubSpot text of one record."""


@dataclass(frozen=True, slots=True)
class Fate:
    """How one record's write ended."""

    landed: Landed
    code: str = ""
    reason: str = ""


WRITTEN = Fate(Landed.WRITTEN)
GONE = Fate(Landed.GONE, "GONE", "the record no longer exists in HubSpot")
MERGED = Fate(Landed.GONE, "MERGED", "the record was merged into another in HubSpot")


class Definitions(Protocol):
    """The property definitions, read again when asked `afresh`; None when they may not be read."""

    def __call__(self, *, afresh: bool) -> Mapping[str, Property] | None:
        """By property name."""


class Writer:
    """Writes to one kind of object."""

    def __init__(
        self,
        client: Client,
        paths: Paths,
        objects: Objects,
        *,
        definitions: Definitions,
    ) -> None:
        self._client = client
        self._paths = paths
        self._objects = objects
        self._definitions = definitions

    def write(self, wanted: Mapping[str, Values]) -> dict[str, Fate]:
        """The fate of every record. Raises StopRun only while no fate at all is known."""
        fates = self._objections(wanted, afresh=False)
        self._settle_all({record: values for record, values in wanted.items() if record not in fates}, fates)
        return fates

    def _settle_all(self, open_: Mapping[str, Values], fates: dict[str, Fate]) -> None:
        try:
            self._send(dict(open_), fates, sends=SENDS, halved=False)
        except StopRun as error:
            if not any(fate.landed is not Landed.SKIPPED for fate in fates.values()):
                raise
            stopped = Fate(Landed.SKIPPED, error.code, f"not sent: {error}")
            self._client.transport.stop(error)
            fates.update({record: stopped for record in open_ if record not in fates})

    def _send(self, batch: dict[str, Values], fates: dict[str, Fate], *, sends: int, halved: bool) -> None:
        """Send one batch until every record of it has a fate."""
        if not batch:
            return
        try:
            document = self._client.post(
                self._paths.batch(self._objects.kind, "update"),
                f"writing {len(batch)} {self._objects.kind}",
                {"inputs": [_input(record, values) for record, values in batch.items()]},
                once=True,
            )
        except Refused as error:
            self._isolate(batch, fates, error, sends=sends, halved=halved)
        except (AnswerLost, BadAnswer) as error:
            self._read_back(batch, fates, error, sends=sends - 1)
        else:
            silent = _sort(document, batch, fates)
            self._read_back(silent, fates, None, sends=sends - 1)

    def _isolate(
        self, batch: dict[str, Values], fates: dict[str, Fate], error: Refused, *, sends: int, halved: bool
    ) -> None:
        """Find the record that HubSpot refused: first by the definitions as they are now, then by halves."""
        if not halved and len(batch) > 1:
            objections = self._objections(batch, afresh=True)
            fates.update(objections)
            batch = {record: values for record, values in batch.items() if record not in objections}
            if objections:
                self._send(batch, fates, sends=sends, halved=True)
                return
        if len(batch) == 1:
            codes = error.problem.codes()
            refused = Fate(Landed.REFUSED, codes[0] if codes else error.problem.category, self._words(error))
            fates.update(dict.fromkeys(batch, refused))
            return
        records = list(batch)
        middle = len(records) // 2
        for half in (records[:middle], records[middle:]):
            self._send({record: batch[record] for record in half}, fates, sends=sends, halved=True)

    def _read_back(
        self, batch: dict[str, Values], fates: dict[str, Fate], error: Exception | None, *, sends: int
    ) -> None:
        """Settle records whose answer was lost or left them out: by their values as HubSpot holds them now."""
        if not batch:
            return
        unsettled = self._settled_by_reading(batch, fates)
        if unsettled and sends > 0:
            self._send(unsettled, fates, sends=sends, halved=True)
        elif unsettled:
            why = brief(str(error)) if error else "HubSpot left the record out of its answer"
            fate = Fate(Landed.UNSETTLED, "ANSWER_LOST", f"sent {SENDS} times and not found written: {why}")
            fates.update(dict.fromkeys(unsettled, fate))

    def _settled_by_reading(self, batch: dict[str, Values], fates: dict[str, Fate]) -> dict[str, Values]:
        try:
            names = sorted({name for values in batch.values() for name in values})
            found = self._objects.read(list(batch), names)
        except StopRun as error:
            lost = Fate(Landed.UNSETTLED, "ANSWER_LOST", f"its answer was lost and it cannot be read back: {error}")
            fates.update(dict.fromkeys(batch, lost))
            raise
        fates.update(dict.fromkeys(found.gone, GONE))
        fates.update(dict.fromkeys(found.survivors, MERGED))
        definitions = self._definitions(afresh=False) or {}
        for record in found.records:
            if _holds(record["properties"], batch[record["id"]], definitions):
                fates[record["id"]] = WRITTEN
        return {record: values for record, values in batch.items() if record not in fates}

    def _objections(self, wanted: Mapping[str, Values], *, afresh: bool) -> dict[str, Fate]:
        """Records that the property definitions already rule out; they are not sent."""
        definitions = self._definitions(afresh=afresh)
        if definitions is None:
            return {}
        fates: dict[str, Fate] = {}
        for record, values in wanted.items():
            texts = [text for name, value in values.items() if (text := _objection(definitions, name, value))]
            if texts:
                fates[record] = Fate(Landed.SKIPPED, "NOT_ALLOWED", brief("; ".join(texts)))
        return fates

    def _words(self, error: Refused) -> str:
        return self._client.scrub(error.problem.words())


def _input(record: str, values: Values) -> dict[str, object]:
    return {"id": record, "properties": values, "objectWriteTraceId": record}


def _objection(definitions: Mapping[str, Property], name: str, value: str) -> str:
    known = definitions.get(name)
    return f"HubSpot has no property {name}" if known is None else known.objection(value)


def _sort(document: Mapping[str, Any], batch: dict[str, Values], fates: dict[str, Fate]) -> dict[str, Values]:
    """Fates as the answer tells them; returns the records it leaves out."""
    what = "writing records"
    fates.update({record["id"]: WRITTEN for record in checks.records(document, what) if record["id"] in batch})
    for error in listed(document.get("errors")):
        context = error.get("context") if isinstance(error, dict) else None
        if not isinstance(context, dict):
            continue
        missing = error.get("category") == "OBJECT_NOT_FOUND"
        named = map(str, [*listed(context.get("ids")), *listed(context.get("objectWriteTraceId"))])
        fate = GONE if missing else Fate(Landed.REFUSED, _code(error), brief(str(error.get("message") or "refused")))
        fates.update({record: fate for record in named if record in batch and fates.get(record) is not WRITTEN})
    return {record: values for record, values in batch.items() if record not in fates}


def _code(error: Mapping[str, Any]) -> str:
    return str(error.get("category") or "REFUSED")


def _holds(found: Mapping[str, Any], wanted: Values, definitions: Mapping[str, Property]) -> bool:
    """Whether the record holds the values sent, whatever the spelling HubSpot gives them."""
    for name, value in wanted.items():
        known = definitions.get(name)
        kind, field_kind = (known.type, known.field_type) if known else ("string", "")
        if mapping.canonical(found.get(name), kind, field_kind) != mapping.canonical(value, kind, field_kind):
            return False
    return True


def outcomes(batch: Sequence[RecordWrite], fates: Mapping[str, Fate]) -> list[Outcome]:
    """One outcome per record."""
    return [
        Outcome(write.target, write.record, fate.landed, fate.code, fate.reason)
        for write in batch
        for fate in (fates[write.record],)
    ]
