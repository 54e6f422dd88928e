"""Large populations are the same work, only longer: seconds and megabytes that would tell if they were not."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

from connector.model.changes import Landed, Outcome, Target
from tests.store.conftest import START
from tests.store.test_journal import begin, change

if TYPE_CHECKING:
    from pathlib import Path

    from connector.store import Store


def test_ten_thousand_changes_are_journalled_sent_and_landed_in_no_time(store: Store) -> None:
    planned = [change(str(at // 8), name=f"seg_{at % 8}") for at in range(10_000)]
    began = time.process_time()
    begin(store, "r1", planned)
    assert time.process_time() - began < 0.3
    rows = list(store.journal.changes("r1"))
    with store.lease.hold(wait_seconds=0):
        for start in range(0, len(rows), 800):
            batch = rows[start : start + 800]
            store.journal.sending("r1", [row.seq for row in batch])
            records = sorted({row.change.record for row in batch})
            told = [Outcome(Target.ACCOUNT, record, Landed.WRITTEN) for record in records]
            store.journal.land("r1", told, now=START)
    assert len(store.journal.last_written((one.target, one.record, one.property) for one in planned)) == 10_000
    assert time.process_time() - began < 3


FILL = """
import datetime, pathlib, resource, sys
from connector.model.fields import Table
from connector.ports import Page, PullSummary
from connector.store import open_store

now = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
folder, rows = pathlib.Path(sys.argv[1]), int(sys.argv[2])
mirror = open_store(f"sqlite:///{folder}/t.db", folder / "mirror", clock=lambda: now).mirror

def page(start, count, value):
    ids = [str(at) for at in range(start, start + count)]
    return Page(Table.ACCOUNTS, {"account_id": ids, **{f"c{n}": [f"{value} {n} {at}" for at in ids] for n in range(9)}})

with mirror.draft(base=None) as draft:
    for start in range(0, rows, 500):
        draft.add(page(start, 500, "old"))
    draft.commit(PullSummary("w", True, {Table.ACCOUNTS: rows}, {}), now=now)
with mirror.draft(base=mirror.current()) as draft:
    draft.add(page(0, 500, "new"))
    draft.commit(PullSummary("w", False, {Table.ACCOUNTS: 500}, {}), now=now)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_memory_stays_flat_in_the_number_of_rows(tmp_path: Path) -> None:
    def megabytes(rows: int) -> int:
        (tmp_path / str(rows)).mkdir()
        command = [sys.executable, "-c", FILL, str(tmp_path / str(rows)), str(rows)]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    # 100,000 rows of ten columns are 75 MB as text objects; their ids alone are compared all at once.
    assert megabytes(130_000) - megabytes(30_000) < 30
