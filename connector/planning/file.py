"""The plan file: a plan as one JSON document, written as a stream and read back with every fault named.

Its keys are fixed by contract.md; `record` names the deal of a deal's change, `digest` the plan it came from.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from connector.errors import UsageError
from connector.model.changes import Cause, Change, Target
from connector.planning.plan import Digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.planning.plan import Plan

VERSION = 1
MAKE_ANEW = "make the plan anew with `tiersync plan --out FILE`"


class PlanFile(Struct, frozen=True):
    """A plan file as it was read; `digest` is that of the changes it holds, whatever it claims."""

    run: str
    as_of: date | None
    rule_version: str | None
    made_at: datetime
    changes: tuple[Change, ...]
    digest: str


def render(plan: Plan, changes: Iterable[Change]) -> Iterator[str]:
    """Yield the document in pieces, one line per change."""
    head = {
        "version": VERSION,
        "run": plan.run,
        "as_of": plan.as_of and plan.as_of.isoformat(),
        "rule_version": plan.rule_version,
        "made_at": plan.made_at.isoformat(),
        "digest": plan.digest,
    }
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "changes": ['
    comma = "\n"
    for change in changes:
        yield comma + json.dumps(as_json(change), ensure_ascii=False)
        comma = ",\n"
    yield "\n]}\n"


def as_json(change: Change) -> dict[str, str | None]:
    """One change with the keys of contract.md, and `record`."""
    return {
        "account": change.account,
        "object": change.target.value,
        "record": change.record,
        "property": change.property,
        "old": change.old,
        "new": change.new,
        "cause": str(change.cause),
    }


def parse(text: str | bytes, *, name: str = "plan file") -> PlanFile:
    """Read a plan file; UsageError names the place of the first fault."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name} is not JSON: {error}", hint=MAKE_ANEW) from None
    try:
        return _plan_file(document)
    except _FaultError as fault:
        raise UsageError(f"{name}: {fault}", hint=MAKE_ANEW) from None


class _FaultError(Exception):
    """What is wrong, and where."""


def _plan_file(document: Any) -> PlanFile:
    if not isinstance(document, dict):
        raise _FaultError("expected one JSON object")
    if document.get("version") != VERSION:
        raise _FaultError(f"version: expected {VERSION}, found {document.get('version')!r}")
    rows = document.get("changes")
    if not isinstance(rows, list):
        raise _FaultError("changes: expected a list")
    changes = tuple(_change(row, f"changes[{place}]") for place, row in enumerate(rows))
    return PlanFile(
        run=_text(document, "run", ""),
        as_of=_as_of(document),
        rule_version=_maybe(document, "rule_version", ""),
        made_at=_moment(document, "made_at"),
        changes=changes,
        digest=_digest(changes),
    )


def _change(row: Any, place: str) -> Change:
    if not isinstance(row, dict):
        raise _FaultError(f"{place}: expected an object")
    account = _text(row, "account", place)
    target = _target(row, place)
    return Change(
        account=account,
        target=target,
        record=account if target is Target.ACCOUNT else _text(row, "record", place),
        property=_text(row, "property", place),
        old=_maybe(row, "old", place),
        new=_maybe(row, "new", place),
        cause=_maybe(row, "cause", place, needed=False) or Cause.UNKNOWN,
    )


def _target(row: dict[str, Any], place: str) -> Target:
    try:
        return Target(_text(row, "object", place))
    except ValueError:
        raise _FaultError(f"{place}.object: expected one of {', '.join(Target)}, found {row['object']!r}") from None


def _text(row: dict[str, Any], key: str, place: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value:
        raise _FaultError(f"{_path(place, key)}: expected a text that is not empty")
    return value


def _maybe(row: dict[str, Any], key: str, place: str, *, needed: bool = True) -> str | None:
    if needed and key not in row:
        raise _FaultError(f"{_path(place, key)}: missing")
    value = row.get(key)
    if value is not None and not isinstance(value, str):
        raise _FaultError(f"{_path(place, key)}: expected a text or null")
    return value


def _as_of(document: dict[str, Any]) -> date | None:
    text = _maybe(document, "as_of", "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise _FaultError("as_of: expected a date like 2026-04-02") from None


def _moment(document: dict[str, Any], key: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(document, key, ""))
    except ValueError:
        raise _FaultError(f"{key}: expected an ISO date and time") from None
    if moment.tzinfo is None:
        raise _FaultError(f"{key}: expected a time with its offset")
    return moment


def _path(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _digest(changes: Iterable[Change]) -> str:
    digest = Digest()
    digest.add(changes)
    return digest.text()
