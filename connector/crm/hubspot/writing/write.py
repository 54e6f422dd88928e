"""Writing records: batches, with every record's fate found out.

Source: HubSpot's batch pages and recordings: a validation error refuses the whole batch without naming the record
(so the batch is halved until it is alone), missing ids come back in a 207, a merged-away id is left out in silence
(so sent and returned ids are compared), and absolute values by record id may be sent again after reading back.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from connector.crm.fates import BREATH, SENDS, WRITTEN, Cell, Fate, concluded, not_allowed, settled, stopped, unanswered
from connector.crm.hubspot import mapping
from connector.crm.hubspot.session import checks
from connector.crm.hubspot.session.answers import told
from connector.crm.hubspot.session.client import Refused
from connector.crm.texts import brief, listed
from connector.crm.transport import AnswerLost
from connector.errors import BadAnswer, StopRun
from connector.model.changes import Landed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.crm.hubspot.paths import Paths
    from connector.crm.hubspot.pulling.objects import Objects
    from connector.crm.hubspot.schema import Property
    from connector.crm.hubspot.session.answers import Problem
    from connector.crm.hubspot.session.client import Client

Values = dict[str, str]
"""HubSpot property -> HubSpot text of one record."""


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
        self._before: Mapping[str, Values] = {}
        self._lost: set[str] = set()
        """Records whose answer was lost, and that were sent again."""

    def write(self, wanted: Mapping[str, Values], before: Mapping[str, Values]) -> dict[str, Fate]:
        """The fate of every record. Raises StopRun only while no fate at all is known.

        `before` are the values held when they were looked at last: a record whose answer was lost and that holds
        others by then was changed by somebody, and is not sent again.
        """
        self._before = before
        fates = self._objections(wanted, afresh=False)
        self._settle_all({record: values for record, values in wanted.items() if record not in fates}, fates)
        return concluded(fates, self._lost, self._client.scrub)

    def _settle_all(self, open_: Mapping[str, Values], fates: dict[str, Fate]) -> None:
        try:
            self._send(dict(open_), fates, sends=SENDS, halved=False)
        except StopRun as error:
            stopped(error, open_, fates)
            self._client.transport.brake.stop(error)

    def _send(self, batch: dict[str, Values], fates: dict[str, Fate], *, sends: int, halved: bool) -> None:
        """Send one batch until every record of it has a fate."""
        if not batch:
            return
        try:
            silent, words = _sort(self._post(batch), batch, fates)
        except Refused as error:
            self._isolate(batch, fates, error, sends=sends, halved=halved)
        except (AnswerLost, BadAnswer) as error:
            self._read_back(batch, fates, error, sends=sends - 1)
        else:
            if words and silent:
                self._halve(silent, fates, Fate(Landed.REFUSED, "REFUSED", words), sends=sends)
            else:
                self._read_back(silent, fates, None, sends=sends - 1)

    def _post(self, batch: dict[str, Values]) -> dict[str, Any]:
        kind = self._objects.kind
        inputs = [_input(record, values) for record, values in batch.items()]
        what = f"writing {len(batch)} {kind}"
        return self._client.post(self._paths.batch(kind, "update"), what, {"inputs": inputs}, once=True)

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
        self._halve(batch, fates, _refused(error.problem), sends=sends)

    def _halve(self, batch: dict[str, Values], fates: dict[str, Fate], refused: Fate, *, sends: int) -> None:
        """A batch that was refused without naming the record: its halves; a record alone is the refused one."""
        if len(batch) == 1:
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
        self._lost |= unsettled.keys() if error else set()
        if unsettled and sends > 0:
            self._client.transport.brake.pause(BREATH * (SENDS - sends))
            self._send(unsettled, fates, sends=sends, halved=True)
        elif unsettled:
            why = brief(str(error)) if error else "HubSpot left the record out of its answer"
            fate = unanswered(f"sent {SENDS} times and not found written: {why}")
            fates.update(dict.fromkeys(unsettled, fate))

    def _settled_by_reading(self, batch: dict[str, Values], fates: dict[str, Fate]) -> dict[str, Values]:
        try:
            names = sorted({name for values in batch.values() for name in values})
            found = self._objects.read(list(batch), names)
        except StopRun as error:
            lost = unanswered(f"its answer was lost and it cannot be read back: {error}")
            fates.update(dict.fromkeys(batch, lost))
            raise
        fates.update(dict.fromkeys(found.gone, GONE))
        fates.update(dict.fromkeys(found.survivors, MERGED))
        definitions = self._definitions(afresh=False) or {}
        for record in found.records:
            before, wanted = self._before.get(record["id"], {}), batch[record["id"]]
            fate = settled(_cells(record["properties"], wanted, before=before, definitions=definitions))
            fates.update({record["id"]: fate} if fate else {})
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
                fates[record] = not_allowed(texts)
        return fates


def _input(record: str, values: Values) -> dict[str, object]:
    return {"id": record, "properties": values, "objectWriteTraceId": record}


def _objection(definitions: Mapping[str, Property], name: str, value: str) -> str:
    known = definitions.get(name)
    return f"HubSpot has no property {name}" if known is None else known.objection(value)


def _sort(
    document: Mapping[str, Any], batch: dict[str, Values], fates: dict[str, Fate]
) -> tuple[dict[str, Values], str]:
    """Fates as the answer tells them; returns the records it leaves out, and the errors that name no record."""
    what = "writing records"
    written = {record["id"] for record in checks.records(document, what)} & batch.keys()
    refused: dict[str, Fate] = {}
    unnamed = []
    for error in (item for item in listed(document.get("errors")) if isinstance(item, dict)):
        named = _named(error)
        fate = _fate(error)
        refused.update(dict.fromkeys(batch.keys() & set(named), fate))
        if not named:
            unnamed.append(fate.reason)
    # A record that is said to be both is neither: it is read back.
    fates.update(dict.fromkeys(written - refused.keys(), WRITTEN))
    fates.update({record: fate for record, fate in refused.items() if record not in written})
    return {record: values for record, values in batch.items() if record not in fates}, "; ".join(unnamed)


def _named(error: Mapping[str, Any]) -> list[str]:
    """The records an error of a 207 is about: missing ids, or the trace ids sent along (record ids here)."""
    context = error.get("context")
    if not isinstance(context, dict):
        return []
    return [str(record) for key in ("ids", "objectWriteTraceId") for record in listed(context.get(key))]


def _fate(error: Mapping[str, Any]) -> Fate:
    if error.get("category") == "OBJECT_NOT_FOUND":
        return GONE
    return _refused(told(error, status=HTTPStatus.MULTI_STATUS))


def _refused(found: Problem) -> Fate:
    return Fate(Landed.REFUSED, next(iter(found.codes()), found.category) or "REFUSED", found.words())


def _cells(
    found: Mapping[str, Any], wanted: Values, *, before: Values, definitions: Mapping[str, Property]
) -> Iterator[Cell]:
    """The values of a record, in the spelling we write them in."""
    for name, value in wanted.items():
        held, sent, was = (_canonical(definitions, name, text) for text in (found.get(name), value, before.get(name)))
        yield Cell(held, sent, was, guarded=name in before)


def _canonical(definitions: Mapping[str, Property], name: str, text: str | None) -> str | None:
    """The text as we write it, whatever the spelling HubSpot gives it."""
    known = definitions.get(name)
    return mapping.canonical(text, known.type if known else "string", known.field_type if known else "")
