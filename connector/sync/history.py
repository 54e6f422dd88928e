"""What the journal tells people: how things stand, the runs, one run with its outcomes; as data for `--json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from connector.errors import UsageError
from connector.model.changes import Landed
from connector.model.texts import Texts
from connector.planning.compare import key
from connector.planning.guards import release
from connector.sync import memory
from connector.sync.holds import again, expires

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from connector.model.changes import Change
    from connector.model.verdicts import AccountContext
    from connector.planning.compare import Key
    from connector.ports import ChangeRow, Evaluation, Journal, QuarantineRow, RunRow

LOOKED_BACK = 1_000
"""Runs searched for those that wait: a week with one every ten minutes."""
PLANS_LOOKED_AT = 50
"""Runs searched for the newest plan."""
WRITTEN = (
    *("run", "command", "started", "rule_version", "account", "object", "record", "property", "old", "new", "cause"),
)
"""What is told of every value that was ever written."""
OPEN = "planned"
"""The outcome shown for a change that was not sent; one that was sent without an answer is unsettled."""


def status(
    journal: Journal, *, now: datetime, today: date | None = None, quota_left: int | None = None
) -> dict[str, Any]:
    """Return how things stand; `age_seconds` counts from the end of the last good run, None when there was none.

    `today` is the business day, that of `now` when it is not told; what is held may be planned for a later one.
    `held` is the newest run that waits for a person, `held_runs` are all of them.
    """
    good, last = memory.last_good(journal), next(iter(journal.runs(limit=1)), None)
    since = memory.good_since(journal)
    held = [_told_held(row, now=now, today=today or now.date()) for row in _held(journal, now)]
    aside = journal.quarantined()
    return {
        "last_good": good and good.run,
        "age_seconds": int((now - since).total_seconds()) if since else None,
        "last": last and one(last),
        "held": next(iter(held), None),
        "held_runs": held,
        "quarantined": len(aside),
        "quarantine": [_aside(row) for row in aside],
        "overrides": _overrides(journal),
        "quota_left": quota_left,
    }


def _told_held(row: RunRow, *, now: datetime, today: date) -> dict[str, Any]:
    return {**one(row), **_waiting(row, now), "ahead": row.as_of is not None and row.as_of > today}


def _aside(row: QuarantineRow) -> dict[str, Any]:
    """Return a record that the CRM refused, with its words and its next try."""
    when = {"since": row.since.isoformat(), "next_try": row.next_try.isoformat()}
    return {"object": row.target.value, "record": row.record, "reason": row.reason, "tries": row.tries, **when}


def _waiting(row: RunRow, now: datetime) -> dict[str, Any]:
    """Return until when a hold can be released, and the command that does; of an expired one what to do instead."""
    last = expires(row)
    expired = now > last
    command = again(row) if expired else release(row.run)
    return {"expires": last.isoformat(), "expired": expired, "release": command}


def runs(journal: Journal, *, limit: int | None = None) -> list[dict[str, Any]]:
    """Return the runs, newest first."""
    return [one(_counted(journal, row)) for row in journal.runs(limit=limit)]


def show(journal: Journal, run: str, *, language: str = "en") -> dict[str, Any]:
    """Return one run with every change of it and what became of each; UsageError when there is no such run.

    A person's value that was left comes with the way to hand it back, in a language.
    """
    row = journal.run(run)
    if row is None:
        raise UsageError(f"there is no run {run} in this state database", hint="`tiersync runs` lists them")
    records = _records(journal, row, Texts("connector.sync", language))
    head = one(_counted(journal, row))
    return {**head, "details": dict(row.details), "records": list(records)}


def _counted(journal: Journal, row: RunRow) -> RunRow:
    """Return a run with its figures; of one that goes on, or was killed, what landed so far is counted now."""
    if row.outcome is not None and not any(reason.code == memory.DIED for reason in row.reasons):
        return row
    return replace(row, figures={**row.figures, **memory.landed(journal, row)})


def one(row: RunRow) -> dict[str, Any]:
    """Return the head of one run."""
    figures = row.figures
    return {
        "run": row.run,
        "command": row.command,
        "started": row.started.isoformat(),
        "finished": row.finished.isoformat() if row.finished else None,
        "outcome": row.outcome.value if row.outcome else None,
        "changes": figures.get("changes", 0),
        "written": figures.get("written", 0),
        "refused": figures.get("refused", 0),
        "figures": dict(figures),
        "as_of": row.as_of.isoformat() if row.as_of else None,
        "rule_version": row.rule_version,
        "reasons": [{"code": reason.code, "message": reason.message} for reason in row.reasons],
        "released": row.details.get("released") or row.details.get("confirmed"),
    }


def written(journal: Journal, *, account: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield every value the CRM acknowledged, oldest run first, or those of one account; keys are WRITTEN."""
    for run in reversed(journal.runs()):
        head = (run.run, run.command, run.started.isoformat(), run.rule_version)
        for row in journal.changes(run.run) if run.applied else ():
            change = row.change
            if row.landed == Landed.WRITTEN and account in (None, change.account):
                told = (change.account, change.target.value, change.record, change.property)
                values = (*head, *told, change.old, change.new, str(change.cause))
                yield dict(zip(WRITTEN, values, strict=True))


def intended(journal: Journal, run: str) -> Iterator[Change]:
    """Yield the changes of a run's plan, those that were not to be sent left out."""
    return (row.change for row in journal.changes(run) if row.landed not in {Landed.KEPT, Landed.SKIPPED})


def planned(journal: Journal, run: str, evaluation: Evaluation) -> Iterator[tuple[AccountContext, list[Change]]]:
    """Yield the accounts a run plans to change, with their changes; both streams are sorted by account."""
    changes = intended(journal, run)
    ahead = next(changes, None)
    for context, _ in evaluation.differences():
        mine: list[Change] = []
        while ahead is not None and ahead.account == context.account:
            mine.append(ahead)
            ahead = next(changes, None)
        if mine:
            yield context, mine


def _records(journal: Journal, run: RunRow, texts: Texts) -> Iterator[dict[str, Any]]:
    kept = [key(row.change) for row in journal.changes(run.run) if _is_edited(row, run)]
    ours = journal.last_written(kept) if kept else {}
    for row in journal.changes(run.run):
        change = row.change
        yield {
            "account": change.account,
            "object": change.target.value,
            "record": change.record,
            "property": change.property,
            "old": change.old,
            "new": change.new,
            "cause": str(change.cause),
            "outcome": row.landed or (Landed.UNSETTLED.value if row.tries else OPEN),
            "reason": _with_way_back(row, ours, texts) if _is_edited(row, run) else row.reason,
        }


def _is_edited(row: ChangeRow, run: RunRow) -> bool:
    """Whether a person's value was left; what an undo leaves may as well be a later run's."""
    return row.landed == Landed.KEPT and run.command != "undo"


def _with_way_back(row: ChangeRow, ours: Mapping[Key, Sequence[str | None]], texts: Texts) -> str:
    """Tell why a person's value was left, and how they hand it back to the rules."""
    last, name = ours.get(key(row.change), (None,))[0], row.change.property
    if last is None:
        return texts.say("hand_back", reason=row.reason, property=name)
    return texts.say("put_back", reason=row.reason, property=name, last=last)


def _overrides(journal: Journal) -> dict[str, int]:
    """Return how many overrides the newest plan found that somebody should look at again, by why."""
    row = next(
        (row for row in journal.runs(limit=PLANS_LOOKED_AT) if row.digest and row.command in {"plan", "sync"}), None
    )
    noted = row.details.get("overrides") if row else None
    return {why: len(accounts) for why, accounts in noted.items() if accounts} if isinstance(noted, dict) else {}


def _held(journal: Journal, now: datetime) -> list[RunRow]:
    """Return the runs that wait for a person, newest first: all that are held and may still be written.

    A `plan` whose guards trip waits as well: `approve` takes it. An undo waits whatever ran since. One that expired
    is told of only until there is a newer plan.
    """
    rows = [row for row in journal.runs(limit=LOOKED_BACK) if row.digest]
    latest = memory.latest(journal)
    waiting = (row for row in rows if memory.waits(row) and memory.newer(latest, row) is None)
    return [row for row in waiting if row is rows[0] or now <= expires(row)]
