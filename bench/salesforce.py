"""The Salesforce provider alone, against simple-salesforce over the same sandbox.

Promises: 250,000 opportunities pulled at least 3 times as fast as `query_all_iter` into dicts, by the clock and by the
processor, each without the start of the process and the best of three in turn (with the start is told beside); memory
flat in the number of rows; 10,000 changed accounts written in at most 60 API calls, the reads around them included.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench._measured import Measured, measure
from tests.acceptance.commands import sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
ENV = {"PYTHONPATH": str(ROOT)}
DEALS, FEW, ACCOUNTS = 250_000, 50_001, 10_000
RATIO, CALLS, GROWTH_MB, TRIES = 3.0, 60, 40.0, 3

Try = tuple[Measured, dict[str, Any]]
"""The process as seen from outside, and what it told itself."""
KINDS: dict[str, Callable[[Try], float]] = {
    "clock": lambda one: float(one[1]["pull_wall"]),
    "processor": lambda one: float(one[1]["pull_cpu"]),
    "clock with start": lambda one: one[0].wall,
    "processor with start": lambda one: one[0].cpu,
}
"""Seconds of a try, by what they are measured."""


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


def run(what: str, url: str, folder: Path) -> Try:
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
            pulls = [{what: run(what, url, folder) for what in ("provider", "library")} for _ in range(TRIES)]
    assert {told["rows"] for pair in pulls for _, told in pair.values()} == {DEALS}
    kinds = {what: [pair[what] for pair in pulls] for what in ("library", "provider")}
    for what, tries in kinds.items():
        print(f"{what:9}{_figures(tries)} {max(done.peak_mb for done, _ in tries):5.0f} MB")
    ratios = {kind: _best(kinds["library"], kind) / _best(kinds["provider"], kind) for kind in KINDS}
    calls, growth = kinds["provider"][0][1]["calls"], max(done.peak_mb for done, _ in kinds["provider"]) - few.peak_mb
    told = ", ".join(f"{ratio:.1f} by {kind}" for kind, ratio in ratios.items())
    print(f"{DEALS:,} opportunities in {calls} calls, times as fast: {told} (promise: {RATIO} by clock and processor)")
    print(
        f"memory {few.peak_mb:.0f} MB for {FEW:,}, {growth:+.0f} MB for {DEALS:,} (promise: at most +{GROWTH_MB:.0f})"
    )
    print(f"{write['written']:,} accounts written in {write['calls']} calls (promise: at most {CALLS})")
    fast = min(ratios["clock"], ratios["processor"]) >= RATIO
    return fast and growth <= GROWTH_MB and write["calls"] <= CALLS and write["written"] == ACCOUNTS


def _best(tries: list[Try], kind: str) -> float:
    return min(KINDS[kind](one) for one in tries)


def _figures(tries: list[Try]) -> str:
    return "".join(f"{_best(tries, kind):7.2f} s {kind}" for kind in KINDS)
