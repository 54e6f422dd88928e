"""Step: bring the mirror up to date, completely or not at all."""

from __future__ import annotations

import hashlib
import json
from itertools import count
from typing import TYPE_CHECKING

from msgspec.structs import replace

from connector.errors import StopRun, UsageError
from connector.model.fields import BESIDE
from connector.model.runs import Reason
from connector.model.texts import told
from connector.planning.guards import OF_THE_PULL
from connector.sync import memory
from connector.sync.beside import read_tables
from connector.sync.tenant import same_tenant

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.ports import Page, PullRequest, PullSummary, Snapshot
    from connector.sync.going import Going

NEEDS_FULL_PULL = "NEEDS_FULL_PULL"
PAGES_PER_LOOK = 20
"""Pages after which a pull looks whether it still holds the lease, a second's worth of HubSpot's limits: each look is a
question to the database. Nothing is committed without one."""


def pull(going: Going, *, full: bool = False) -> Snapshot:
    """Pull everything or the changes since, and commit the snapshot; any error leaves the mirror as it was.

    Changes that turn out not to fit what is there are left, and everything is pulled instead.
    """
    base = None if full else _base(going)
    try:
        return _pull(going, base)
    except StopRun as error:
        if base is None or error.code != NEEDS_FULL_PULL:
            raise
        why = told(error.args[0], going.parts.policy.language)
        going.reasons.append(Reason("PULLED_ANEW", going.say("PULLED_ANEW", why=why)))
        return _pull(going, None)


def _pull(going: Going, base: Snapshot | None) -> Snapshot:
    parts = going.parts
    request = parts.request
    if base:
        request = replace(request, since=base.watermark, wrote=parts.journal.sent_since(base.made_at))
    with parts.mirror.draft(base=base) as draft:
        pages = count()

        def deliver(page: Page) -> None:
            going.heed_stop() if next(pages) % PAGES_PER_LOOK else going.may_go_on()
            draft.add(page)

        beside = read_tables(going, draft)  # first: one that cannot be read costs the CRM no call
        try:
            summary = parts.crm.pull(request, deliver, parts.progress)
        except UsageError:
            same_tenant(going)  # another vendor's CRM cannot even tell how far the last pull went
            raise
        same_tenant(going)
        going.may_go_on()
        snapshot = draft.commit(summary, now=going.now, beside=beside)
    _note(going, summary, snapshot)
    return snapshot


def _base(going: Going) -> Snapshot | None:
    """Return the snapshot that changes may be added to; None when everything has to be pulled."""
    parts = going.parts
    current = _sound(parts.mirror.current)
    if current is None or going.now - current.full_at >= parts.policy.full_every:
        return None
    if parts.journal.recall(memory.COLUMNS) != _fingerprint(parts.request) or _doubted(going):
        return None
    return current


def _sound(find: Callable[[], Snapshot | None]) -> Snapshot | None:
    """Return the snapshot; None for one whose files were lost, as if it had never been."""
    try:
        return find()
    except StopRun:
        return None


def earlier(going: Going) -> Snapshot | None:
    """Return the snapshot of the last good run, to compare with; None when it is not there any more."""
    good = memory.last_good(going.parts.journal)
    name = good and good.snapshot
    return _sound(lambda: going.parts.mirror.snapshot(name)) if name else None


def _doubted(going: Going) -> bool:
    """Whether the last run held because its pull looked too small: changes alone would never mend that."""
    last = next((row for row in going.parts.journal.runs(limit=5) if row.snapshot and row.run != going.run), None)
    return last is not None and any(reason.code in OF_THE_PULL for reason in last.reasons)


def _note(going: Going, summary: PullSummary, snapshot: Snapshot) -> None:
    parts = going.parts
    parts.journal.remember(memory.COLUMNS, _fingerprint(parts.request))
    going.figures.update({f"pulled_{table.value}": rows for table, rows in summary.rows.items()})
    going.figures.update({f"{memory.ROWS}{table.value}": rows for table, rows in snapshot.rows.items()})
    going.figures.update({memory.ROWS + BESIDE + name: table.rows for name, table in snapshot.beside.items()})
    going.reasons += map(going.told, summary.warnings)
    filled = {table.value: dict(columns) for table, columns in snapshot.filled.items()}
    details = {"pulled_at": snapshot.made_at.isoformat(), "full": summary.full, "filled": filled}
    parts.journal.note(going.run, snapshot=snapshot.id, figures=dict(going.figures), details=details)
    good = memory.last_good(parts.journal)
    spare = [good.snapshot] if good and good.snapshot else []
    parts.mirror.prune(keep=parts.policy.keep_snapshots, spare=spare)


def _fingerprint(request: PullRequest) -> str:
    """Name what is asked for: a snapshot without a column that is asked now cannot be added to."""
    asked = {table.value: sorted(columns) for table, columns in request.columns.items()}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
