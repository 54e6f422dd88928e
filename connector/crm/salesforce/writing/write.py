"""Writing records: few by Collections, many in bulk, with every record's fate found out.

Source: Salesforce's Collections pages: answers come in the order of the request and a failed one names no record, so
they are matched by place; locks pass and are tried again; everything else a record is refused for is final.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.crm.fates import BREATH, SENDS, WRITTEN, Cell, Fate, concluded, not_allowed, settled, stopped, unanswered
from connector.crm.salesforce import values
from connector.crm.salesforce.soql import is_id
from connector.crm.salesforce.writing import bulk_write, collections
from connector.crm.texts import brief
from connector.crm.transport import AnswerLost
from connector.errors import BadAnswer, StopRun
from connector.model.changes import Landed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from connector.crm.salesforce.schema import Entity
    from connector.crm.salesforce.session.client import Client
    from connector.crm.salesforce.writing.collections import Pace
    from connector.crm.salesforce.writing.record_types import Offers

BULK_FROM = 2_000
"""More records than this are written in bulk."""
LOCK_TRIES = 5
"""A record that others hold is tried this often."""
Values = dict[str, str | None]
"""Field -> canonical text of one record."""

_GONE = Fate(Landed.GONE, "GONE", "the record no longer exists in Salesforce")
_LOCKED = ("UNABLE_TO_LOCK_ROW", "TooManyLockFailure")
_MAYBE_GONE = frozenset(
    {
        *("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND", "MALFORMED_ID"),
        *("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "INVALID_ID_FIELD"),
    }
)
"""Codes of records that may no longer be there; reading them tells."""


def calls(records: int) -> int:
    """The calls that writing so many records takes when every answer comes at once and nobody holds a record."""
    return bulk_write.CALLS if records > BULK_FROM else -(-records // collections.MOST)


class Writer:
    """Writes to one kind of record."""

    def __init__(
        self,
        client: Client,
        entity: Entity,
        *,
        pace: Pace,
        read: Callable[[Sequence[str], Sequence[str]], Mapping[str, Mapping[str, str | None] | None]],
        offers: Offers,
    ) -> None:
        self._client = client
        self._entity = entity
        self._pace = pace
        self._read = read
        self._offers = offers
        self._before: Mapping[str, Values] = {}
        self._sends: dict[str, int] = {}
        """How often a record may still be sent, once an answer about it was lost."""

    def write(self, wanted: Mapping[str, Values], before: Mapping[str, Values]) -> dict[str, Fate]:
        """The fate of every record, sent in the order given. Raises StopRun only while no fate at all is known.

        A deal's write holds its account: a plan's order, account by account, keeps those of one account together.
        `before` are the values held when they were looked at last: a record whose answer was lost and that holds
        others by then was changed by somebody, and is not sent again.
        """
        self._before = before
        fates = self._objections(wanted)
        left = {record: sent for record, sent in wanted.items() if record not in fates}
        try:
            if len(left) > BULK_FROM:
                self._in_bulk(left, fates)
            self._send({record: sent for record, sent in left.items() if record not in fates}, fates)
        except StopRun as error:
            stopped(error, left, fates)
            self._client.transport.brake.stop(error)
        return concluded(fates, self._sends, self._client.scrub)

    def _in_bulk(self, left: Mapping[str, Values], fates: dict[str, Fate]) -> None:
        """By jobs, one after another; what they leave open or find locked is sent by Collections afterwards."""
        sendable = {record: sent for record, sent in left.items() if bulk_write.fits(sent)}
        for told in bulk_write.write(self._client, self._entity, sendable):
            self._after_job(sendable, told, fates)

    def _after_job(self, left: Mapping[str, Values], told: bulk_write.Told, fates: dict[str, Fate]) -> None:
        """Take over what a job tells; what it leaves unknown is looked up, and sent again while it may be."""
        fates.update(dict.fromkeys(told.written, WRITTEN))
        refused = {record: _refused(*error) for record, error in told.refused.items() if not _is_lock(*error)}
        fates.update(refused)
        if told.stopped is not None:
            lost = unanswered(f"its job could not be followed to the end: {told.stopped}")
            fates.update(dict.fromkeys(told.unknown, lost))
            raise told.stopped
        if told.unknown:
            untold = {record: sent for record, sent in left.items() if record in told.unknown}
            self._send(self._to_be_sent_again(untold, fates, "its job did not tell of it"), fates)
        self._settle_refused(refused, fates)

    def _send(self, left: Mapping[str, Values], fates: dict[str, Fate]) -> None:
        """Chunk by chunk, in their order, as large as the CRM's pace allows."""
        locked: dict[str, Values] = {}
        records = list(left)
        while records:
            chunk, records = records[: self._pace.size], records[self._pace.size :]
            locked |= self._chunk({record: left[record] for record in chunk}, fates)
        self._unlock(locked, fates)

    def _chunk(self, chunk: Mapping[str, Values], fates: dict[str, Fate]) -> dict[str, Values]:
        """Send one chunk until each of it has a fate; returns the records that others hold."""
        self._sends.update({record: self._sends[record] - 1 for record in chunk if record in self._sends})
        try:
            results = collections.update(self._client, self._entity, chunk, pace=self._pace)
        except (AnswerLost, BadAnswer) as error:
            again = self._to_be_sent_again(chunk, fates, str(error))
            return self._chunk(again, fates) if again else {}
        locked: dict[str, Values] = {}
        refused: dict[str, Fate] = {}
        for record, result in zip(chunk, results, strict=True):
            if result is None:
                fates[record] = WRITTEN
            elif _is_lock(*result):
                locked[record] = chunk[record]
            else:
                refused[record] = _refused(*result)
        self._settle_refused(refused, fates)
        return locked

    def _unlock(self, locked: Mapping[str, Values], fates: dict[str, Fate]) -> None:
        """Try records that others hold again, ever later, in smaller chunks; who stays locked waits for a later run."""
        for turn in range(1, LOCK_TRIES):
            records = [record for record in locked if self._sends.get(record, 1) > 0]
            if not records:
                break
            self._client.transport.brake.pause(BREATH**turn * (0.5 + self._client.chance()))
            still = {record: sent for record, sent in locked.items() if self._sends.get(record, 1) <= 0}
            size = max(1, self._pace.size >> turn)
            for start in range(0, len(records), size):
                still |= self._chunk({record: locked[record] for record in records[start : start + size]}, fates)
            locked = still
        words = "the record was held by others at every try"
        fates.update(dict.fromkeys(locked, Fate(Landed.REFUSED, _LOCKED[0], words)))

    def _to_be_sent_again(self, lost: Mapping[str, Values], fates: dict[str, Fate], why: str) -> dict[str, Values]:
        """Settle records whose answer was lost by what Salesforce holds now; the others, while they may be sent."""
        unsettled = self._settled_by_reading(lost, fates)
        for record in unsettled:
            self._sends.setdefault(record, SENDS - 1)
        spent = [record for record in unsettled if not self._sends[record]]
        told = unanswered(f"sent {SENDS} times and not found written: {brief(why)}")
        fates.update(dict.fromkeys(spent, told))
        again = {record: sent for record, sent in unsettled.items() if record not in fates}
        if again:
            self._client.transport.brake.pause(BREATH * (SENDS - min(self._sends[record] for record in again)))
        return again

    def _settled_by_reading(self, chunk: Mapping[str, Values], fates: dict[str, Fate]) -> dict[str, Values]:
        names = sorted({name for sent in chunk.values() for name in sent})
        try:
            found = self._read(list(chunk), names)
        except StopRun as error:
            lost = unanswered(f"its answer was lost and it cannot be read back: {error}")
            fates.update(dict.fromkeys(chunk, lost))
            raise
        for record, sent in chunk.items():
            held = found[record]
            if held is None:
                fates[record] = _GONE
            elif fate := settled(self._cells(held, sent, self._before.get(record, {}))):
                fates[record] = fate
        return {record: sent for record, sent in chunk.items() if record not in fates}

    def _cells(self, held: Mapping[str, str | None], sent: Values, before: Values) -> Iterator[Cell]:
        """The values of a record, in one spelling each."""
        for name, value in sent.items():
            kind = self._kind(name)
            now, new, was = (values.of_ours(text, kind) for text in (held.get(name), value, before.get(name)))
            yield Cell(now, new, was, guarded=name in before)

    def _settle_refused(self, refused: Mapping[str, Fate], fates: dict[str, Fate]) -> None:
        """A refusal is final; where the words say that the record may be gone, it is looked up."""
        fates.update(refused)
        doubtful = [record for record, fate in refused.items() if fate.code in _MAYBE_GONE]
        there = self._read(doubtful, ["Id"]) if doubtful else {}
        fates.update({record: _GONE for record in doubtful if there[record] is None})

    def _objections(self, wanted: Mapping[str, Values]) -> dict[str, Fate]:
        """Records that the field definitions, or their record type, already rule out; they are not sent."""
        fates: dict[str, Fate] = {}
        for record, sent in wanted.items():
            if not is_id(record):
                fates[record] = _GONE
            elif texts := [text for name, value in sent.items() if (text := self._objection(name, value))]:
                fates[record] = not_allowed(texts)
        left = {record: sent for record, sent in wanted.items() if record not in fates}
        return fates | {record: not_allowed([text]) for record, text in self._offers.objections(left).items()}

    def _objection(self, name: str, value: str | None) -> str:
        known = self._entity.get(name)
        return f"{self._entity.name} has no field {name}, or hides it" if known is None else known.objection(value)

    def _kind(self, name: str) -> str:
        known = self._entity.get(name)
        return known.type if known else "string"


def _refused(code: str, words: str) -> Fate:
    return Fate(Landed.REFUSED, code or "REFUSED", brief(f"{code}: {words}" if words else code or "refused"))


def _is_lock(code: str, words: str) -> bool:
    """Held by another transaction: told plainly, or by a trigger that ran into it."""
    return code in _LOCKED or (code.startswith("CANNOT_") and _LOCKED[0] in words)
