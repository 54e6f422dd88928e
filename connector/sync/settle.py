"""Step: find out what became of writes whose answer nobody saw, by reading what the CRM holds now.

A record is written whole or not at all. So one value that arrived proves that the others did, and a value that
differs since is a person's. When none arrived, the write may still be on its way: for as long as the CRM lets writes
linger both its old and its new value count as ours; after that it is taken as never having arrived. A later run that
wrote there does not stop it: so long the value it brings is ours too, and is written over.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from connector.model.changes import Change, Landed, Outcome, Target
from connector.planning.compare import key
from connector.sync.tenant import same_tenant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connector.model.texts import Texts
    from connector.planning.compare import Holds, Key
    from connector.ports import ChangeRow, Crm
    from connector.sync.going import Going


def settle(going: Going) -> None:
    """Land what can be known of every unsettled write; note the values that still count as ours meanwhile."""
    journal = going.parts.journal
    left, ours = journal.unsettled(), _overtaken(going)
    going.open_values = ours
    if not left:
        return
    same_tenant(going)
    holds, texts = read(going.parts.crm, (row.change for _, row in left)), going.parts.policy.texts
    for run, rows in _by_run(left):
        young = _is_young(going, run)
        told = {
            record: _outcome(record, mine, holds[record], young=young, texts=texts) for record, mine in _by_record(rows)
        }
        journal.land(run, [outcome for outcome in told.values() if outcome], now=going.now)
        for change in (row.change for row in rows if told[row.change.target, row.change.record] is None):
            ours[key(change)] = (*ours.get(key(change), ()), change.old, change.new)
    going.figures["settled"] += len(left)


def _overtaken(going: Going) -> dict[Key, tuple[str | None, ...]]:
    """What writes may still bring although a later run wrote there: a bulk job of a run that was killed."""
    ours: dict[Key, tuple[str | None, ...]] = {}
    for change in going.parts.journal.overtaken(since=going.now - going.parts.crm.lingering):
        ours[key(change)] = (*ours.get(key(change), ()), change.new)
    return ours


def _is_young(going: Going, run: str) -> bool:
    row = going.parts.journal.run(run)
    return row is not None and going.now - (row.finished or row.started) <= going.parts.crm.lingering


def read(crm: Crm, changes: Iterable[Change]) -> Holds:
    """Read what the CRM holds of the changes' records and properties, in batches; None for a record that is gone."""
    asked: dict[Target, dict[str, set[str]]] = {}
    for change in changes:
        asked.setdefault(change.target, {}).setdefault(change.record, set()).add(change.property)
    found: dict[tuple[Target, str], Mapping[str, str | None] | None] = {}
    for target, records in asked.items():
        names = sorted(records)
        for start in range(0, len(names), crm.batch_size):
            batch = names[start : start + crm.batch_size]
            properties = sorted(set().union(*(records[name] for name in batch)))
            answer = crm.read(target, batch, properties)
            found.update({(target, name): answer.get(name) for name in batch})
    return found


def _by_run(left: Sequence[tuple[str, ChangeRow]]) -> Iterable[tuple[str, list[ChangeRow]]]:
    for run, group in groupby(left, key=lambda item: item[0]):
        yield run, [row for _, row in group]


def _by_record(rows: Sequence[ChangeRow]) -> Iterable[tuple[tuple[Target, str], list[ChangeRow]]]:
    records: dict[tuple[Target, str], list[ChangeRow]] = {}
    for row in rows:
        records.setdefault((row.change.target, row.change.record), []).append(row)
    return records.items()


def _outcome(
    record: tuple[Target, str],
    rows: Sequence[ChangeRow],
    holds: Mapping[str, str | None] | None,
    *,
    young: bool,
    texts: Texts,
) -> Outcome | None:
    """Tell what became of one record's write; None while it may still arrive."""
    target, name = record
    if holds is None:
        return Outcome(target, name, Landed.GONE, reason=texts.say("gone"))
    if any(holds.get(row.change.property) == row.change.new for row in rows):
        return Outcome(target, name, Landed.WRITTEN)
    return None if young else Outcome(target, name, Landed.SKIPPED, "NEVER_ARRIVED", texts.say("never_came"))
