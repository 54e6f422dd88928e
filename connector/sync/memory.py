"""What the journal remembers between runs: which one is going on, the last good one, the last one that wrote."""

from __future__ import annotations

import json
from collections import Counter
from itertools import count
from typing import TYPE_CHECKING

from connector.model.changes import Landed
from connector.model.runs import Reason, RunOutcome
from connector.planning.causes import Basis
from connector.planning.guards import Baseline
from connector.planning.undo import Undone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from connector.ports import Journal, RunRow

DIED = "DIED"
"""The reason of a run whose process was killed; it noted no figures of what it wrote."""
GOING = "run.going"
GOOD = "run.last_good"
APPLIED = "run.last_applied"
CONFIRMED = "run.first_confirmed"
UNDONE = "run.undone"
REWRITTEN = "run.rewritten"
"""The kind of record on which the CRM changed what a run wrote, until one of it reads back as written."""
HELD = "run.held"
COLUMNS = "pull.columns"
TENANT = "crm.tenant"
"""The CRM's tenant that everything remembered is of."""
PRUNED_AT_ONCE = 50
"""More than a run adds, so that a backlog shrinks, and few enough to keep nobody waiting."""
ROWS = "rows_"
"""Prefix of the figures that count the rows of a run's snapshot."""


def name(journal: Journal, *, now: datetime) -> str:
    """Return a new run's id: its moment, and a number where that is taken already."""
    moment = f"{now:%Y%m%d-%H%M%S}"
    names = (moment if number == 1 else f"{moment}-{number}" for number in count(1))
    return next(name for name in names if journal.run(name) is None)


def begin(journal: Journal, run: str) -> None:
    """Remember that a run is going on, so that its death is noticed."""
    journal.remember(GOING, run)


def end(journal: Journal, run: str) -> None:
    """Forget that it is going on."""
    if journal.recall(GOING) == run:
        journal.remember(GOING, None)


def landed(journal: Journal, row: RunRow) -> dict[str, int]:
    """Return the values that are known to be written or refused by a run, counted in the journal; see Result."""
    if not row.applied:
        return {}
    counted = Counter(change.landed for change in journal.changes(row.run))
    return {"written": counted[Landed.WRITTEN], "refused": counted[Landed.REFUSED]}


def bury(journal: Journal, *, now: datetime, words: str) -> None:
    """End a run that died, in these words; call it with the lease in hand, when nobody else can be alive."""
    run = journal.recall(GOING)
    row = journal.run(run) if run else None
    if row is not None and row.outcome is None:
        journal.note(row.run, figures=landed(journal, row))
        journal.finish(row.run, outcome=RunOutcome.FAILED, now=now, reasons=(Reason(DIED, words),))
    if run:
        journal.remember(GOING, None)


def prune(journal: Journal, *, now: datetime, keep: timedelta) -> None:
    """Let go of runs that ended long ago, a few at a time; what later runs ask for stays, whatever its age."""
    named = {journal.recall(key) for key in (GOOD, APPLIED, CONFIRMED, HELD)} | set(undone_runs(journal))
    journal.prune(before=now - keep, spare=sorted(name for name in named if name), most=PRUNED_AT_ONCE)


def last_good(journal: Journal) -> RunRow | None:
    """Return the last run that brought the CRM up to date."""
    run = journal.recall(GOOD)
    return journal.run(run) if run else None


def is_rest_of_first(journal: Journal, *, rule_version: str) -> bool:
    """Whether a first run never came to its end, and these are the rules that it, or who went on with it, wrote by."""
    run = journal.recall(APPLIED)
    row = journal.run(run) if run else None
    return row is not None and last_good(journal) is None and row.rule_version == rule_version


def good_since(journal: Journal) -> datetime | None:
    """Return since when the CRM is up to date: the end of the last good run, its start while its report is drawn."""
    good = last_good(journal)
    return (good.finished or good.started) if good else None


def baseline(row: RunRow | None, *, watched: Sequence[str]) -> Baseline | None:
    """Return what the guards compare with; only the `watched` tables count."""
    if row is None:
        return None
    return Baseline(
        run=row.run,
        evaluated=row.figures.get("evaluated", 0),
        active_customers=row.figures.get("active_customers", 0),
        filled=filled(row),
        rows={table: row.figures[ROWS + table] for table in watched if ROWS + table in row.figures},
    )


def filled(row: RunRow | None) -> Mapping[str, Mapping[str, int]]:
    """Return how many rows of its snapshot had a value, per table and column."""
    found = row.details.get("filled") if row else None
    return found if isinstance(found, dict) else {}


def basis(row: RunRow | None) -> Basis | None:
    """Return what the verdicts of that run rested on."""
    if row is None:
        return None
    parameters = row.details.get("parameters")
    currency, language, left = (row.details.get(name) for name in ("home_currency", "language", "left"))
    return Basis(
        rule_version=row.rule_version,
        as_of=row.as_of,
        home_currency=currency if isinstance(currency, str) else None,
        language=language if isinstance(language, str) else None,
        parameters=parameters if isinstance(parameters, dict) else {},
        left=left if isinstance(left, dict) else {},
    )


def leave(journal: Journal, run: str, left: Mapping[str, str]) -> None:
    """Remember accounts of which this run left something for a later one, with the cause it changes for."""
    if not left:
        return
    row = journal.run(run)
    before = row.details.get("left") if row else None
    journal.note(run, details={"left": {**(before if isinstance(before, dict) else {}), **left}})


def hold(journal: Journal, run: str) -> str | None:
    """Keep one plan where the same one is held again and again: the newest; earlier ids lead to it.

    Returns the run that was held with the same plan just before, if any.
    """
    held = journal.recall(HELD)
    earlier, now = journal.run(held) if held else None, journal.run(run)
    journal.remember(HELD, run)
    if earlier is None or now is None or earlier.outcome is not RunOutcome.HELD:
        return None
    if (earlier.command, earlier.digest) != (now.command, now.digest):
        return None
    journal.note(earlier.run, details={"same_as": run})
    journal.discard(earlier.run)
    return earlier.run


def wait(journal: Journal, run: str, *, accounts: int) -> None:
    """Remember that a part of this run, which is written otherwise, waits for a person; nothing was written since."""
    journal.note(run, details={"waiting": accounts, "after": journal.recall(APPLIED)})
    journal.remember(HELD, run)


def waits(row: RunRow) -> bool:
    """Whether a person may release the run, or what waits of it: it was held, or is a plan that would be."""
    if "released" in row.details:
        return False
    held = row.outcome is RunOutcome.HELD or (row.command == "plan" and bool(row.details.get("holds")))
    return bool(row.details.get("waiting")) or (held and not row.applied)


def latest(journal: Journal) -> Mapping[str, str | None]:
    """Return the run that wrote last, and the last that found the CRM up to date, as plans note those before them."""
    return {"after": journal.recall(APPLIED), "good": journal.recall(GOOD)}


def newer(latest: Mapping[str, str | None], row: RunRow) -> str | None:
    """Return which of the latest came since this plan was made; None while none did."""
    return next((run for key, run in latest.items() if key in row.details and run != row.details[key]), None)


def live(journal: Journal, run: str) -> RunRow | None:
    """Return the run, or the newest one that was held with the same plan since."""
    row = journal.run(run)
    while row is not None and (later := row.details.get("same_as")) is not None:
        row = journal.run(str(later))
    return row


def undone_runs(journal: Journal) -> list[str]:
    """Return the undo runs whose undone values wait to be released."""
    return list(json.loads(journal.recall(UNDONE) or "[]"))


def wait_for_release(journal: Journal, undo_run: str, *, of: str) -> None:
    """What this undo undid is not written again unasked; undoing an undo lifts its own wait."""
    waiting = [run for run in undone_runs(journal) if run != of]
    journal.remember(UNDONE, json.dumps([*waiting, undo_run]))


def undone(journal: Journal) -> Undone:
    """Return the values that wait to be released."""
    waiting = Undone()
    for run in undone_runs(journal):
        for row in journal.changes(run):
            if row.landed == "written":
                waiting.add(row.change)
    return waiting
