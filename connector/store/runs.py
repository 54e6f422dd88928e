"""Runs as rows: begin, note, finish, read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict
from sqlalchemy import bindparam, insert, select, update

from connector.errors import StopRun, UsageError
from connector.model.runs import Reason, RunOutcome
from connector.ports import RunRow
from connector.store.schema import runs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection, Row

_REPLACED = frozenset({"finished", "outcome", "applied", "snapshot", "as_of", "rule_version", "digest", "reasons"})
_MERGED = frozenset({"figures", "details"})
# Made once: to build a statement takes longer than to run it, and a run asks these dozens of times.
_NAMED = runs.c.run == bindparam("named")
_NUMBER = select(runs.c.run_no).where(_NAMED)
_ROW = select(runs).where(_NAMED)
_KEPT = select(runs.c.run_no, runs.c.figures, runs.c.details).where(_NAMED)
_NOTED = update(runs).where(runs.c.run_no == bindparam("numbered"))


def start(connection: Connection, run: str, command: str, now: datetime) -> None:
    """A run begins. Raises StopRun when its id is taken."""
    if connection.scalar(_NUMBER, {"named": run}) is not None:
        hint = "nothing began: give the command again, and its run gets another id"
        raise StopRun(f"the journal already holds a run {run}", hint=hint, code="JOURNAL")
    row = {
        "run": run,
        "command": command,
        "started": now,
        "applied": False,
        "figures": {},
        "reasons": [],
        "details": {},
    }
    connection.execute(insert(runs).values(row))


def number(connection: Connection, run: str) -> int:
    """The number that orders the run among all others. Raises UsageError for a run that never was."""
    found = connection.scalar(_NUMBER, {"named": run})
    if found is None:
        raise _unheard_of(run)
    return int(found)


def note(connection: Connection, run: str, facts: Mapping[str, Any]) -> None:
    """Keep facts; `figures` and `details` are added to what is there, every other fact replaces the old one."""
    unknown = sorted(set(facts) - _REPLACED - _MERGED)
    if unknown:
        raise TypeError(f"a run has no {', '.join(unknown)}")
    kept = connection.execute(_KEPT, {"named": run}).one_or_none()
    if kept is None:
        raise _unheard_of(run)
    values = {name: value for name, value in facts.items() if name in _REPLACED}
    if values.get("outcome") is not None:
        values["outcome"] = str(values["outcome"])
    if "reasons" in values:
        values["reasons"] = [asdict(reason) for reason in values["reasons"]]
    for name in sorted(_MERGED & set(facts)):
        values[name] = {**(getattr(kept, name) or {}), **facts[name]}
    if values:
        connection.execute(_NOTED, {**values, "numbered": kept.run_no})


def _unheard_of(run: str) -> UsageError:
    return UsageError(f"there is no run {run}", hint="`tiersync runs` lists them")


def one(connection: Connection, run: str) -> RunRow | None:
    """One run, or None."""
    row = connection.execute(_ROW, {"named": run}).one_or_none()
    return None if row is None else _read(row)


def newest(connection: Connection, limit: int | None) -> Sequence[RunRow]:
    """Runs in the order they began, newest first."""
    return [_read(row) for row in connection.execute(select(runs).order_by(runs.c.run_no.desc()).limit(limit))]


def _read(row: Row[Any]) -> RunRow:
    return RunRow(
        run=row.run,
        command=row.command,
        started=row.started,
        finished=row.finished,
        outcome=None if row.outcome is None else RunOutcome(row.outcome),
        applied=row.applied,
        snapshot=row.snapshot,
        as_of=row.as_of,
        rule_version=row.rule_version,
        digest=row.digest,
        figures=row.figures,
        reasons=tuple(Reason(**reason) for reason in row.reasons),
        details=row.details,
    )
