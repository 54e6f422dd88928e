"""The report of 701 and of 25,000 accounts, everything changing: CPU time, size of the page, memory.

The baseline writes the same lists with the csv module and orjson alone, so the ratio does not depend on the machine.
"""

from __future__ import annotations

import csv
import io
import time
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from connector.report import ReportInput, write
from tests.unit.report.bases import busy

RATIO, PAGE_BYTES, MEGABYTES = 6.0, 3_000_000, 30
FEW = 1_000
"""Below this the fixed cost of templates and figures is all there is; the ratio says nothing."""


def main() -> bool:
    """Print the figures; true when the promises held."""
    held = [_measured(accounts) for accounts in (701, 25_000)]
    return all(held)


def _measured(accounts: int) -> bool:
    source = busy(accounts)
    with TemporaryDirectory() as folder:
        write(busy(1), Path(folder), language="en")
        began = time.process_time()
        page = write(source, Path(folder), language="nl").stat().st_size
        seconds = time.process_time() - began
        memory = _peak_megabytes(source, Path(folder))
    plain = _plain_seconds(source)
    print(
        f"{accounts:>6,} accounts: {seconds:.2f} s ({seconds / plain:.1f} times plain csv and orjson), "
        f"page {page / 1e6:.2f} MB, {memory:.0f} MB on top"
    )
    return page < PAGE_BYTES and memory < MEGABYTES and (accounts < FEW or seconds / plain < RATIO)


def _peak_megabytes(source: ReportInput, folder: Path) -> float:
    tracemalloc.start()
    write(source, folder, language="nl")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def _plain_seconds(source: ReportInput) -> float:
    began = time.process_time()
    out, lines = csv.writer(io.StringIO()), []
    for one in source.planned:
        about = one.context
        row = [about.account, about.name, about.owner, about.tier_before, about.tier_wanted, about.revenue_cents]
        row.append(";".join(change.property for change in one.changes))
        out.writerow(row)
        lines.append(orjson.dumps(row))
    for advice in source.advised:
        row = [advice.account, advice.name, advice.scope, advice.reason, advice.revenue_cents]
        out.writerow(row)
        lines.append(orjson.dumps(row))
    return time.process_time() - began
