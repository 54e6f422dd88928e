"""`tiersync evaluate` on files, against a plain Python loop that computes the pyramid only.

    python -m bench evaluate            5,000 accounts with 20,000 deals
    python -m bench.evaluate 1000000    any number of accounts, four deals each

Both are processes of their own, so that interpreter start and imports are inside. The loop reads the same CSV
files, sums revenue, ranks and prints; it knows no groups, currencies, ties, sentences or say-no. Processor
time is printed beside wall time, for a machine that is shared.
"""

from __future__ import annotations

import csv
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

ACCOUNTS = 5_000
DEALS_EACH = 4
AS_OF = date(2026, 6, 1)
MOST_SECONDS = 3.0
"""Processor time on 5,000 accounts, imports included."""
ROOT = Path(__file__).parents[1]

PLAIN = """
import csv, json, sys
from decimal import Decimal
with open(sys.argv[1] + '/accounts.csv', encoding='utf-8') as file:
    revenue = {row['account_id']: Decimal(0) for row in csv.DictReader(file)}
with open(sys.argv[1] + '/deals.csv', encoding='utf-8') as file:
    for row in csv.DictReader(file):
        if row['is_won'] == 'true' and '2025-06-01' < row['close_date'] <= '2026-06-01' and row['amount']:
            revenue[row['account_id']] += Decimal(row['amount'])
active = sorted((name for name in revenue if revenue[name] > 0), key=revenue.__getitem__, reverse=True)
cuts = [-(-len(active) * share // 100) for share in (1, 5, 20)]
NAMES = ('top', 'big', 'medium', 'small')
level = {name: NAMES[sum(place >= cut for cut in cuts)] for place, name in enumerate(active)}
for name in sorted(revenue):
    row = {'account_id': name, 'seg_pyramid_level': level.get(name), 'seg_revenue_12m': float(revenue[name])}
    print(json.dumps(row))
"""


def population(folder: Path, accounts: int) -> None:
    """Companies with a few large and many small deals over three and a half years."""
    chance = random.Random(7)  # noqa: S311 - a population to measure with holds no secret
    with (folder / "accounts.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("account_id", "name", "lifecycle", "employees", "industry", "parent_id", "seg_tier"))
        for n in range(accounts):
            parent = 10**7 + chance.randrange(accounts) if chance.random() < 0.02 else ""
            industry = chance.choice(("", "MACHINERY", "RETAIL", "CHEMICALS"))
            rows.writerow((10**7 + n, f"Company {n}", "", chance.randint(1, 900), industry, parent, "regular"))
    with (folder / "deals.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("deal_id", "account_id", "is_won", "is_closed", "amount", "close_date"))
        for n in range(accounts * DEALS_EACH):
            won = "true" if chance.random() < 0.5 else "false"
            day = AS_OF - timedelta(days=chance.randrange(1200))
            owner = 10**7 + int(accounts * chance.random() ** 1.5)
            rows.writerow((n, owner, won, won, f"{500 * chance.paretovariate(1.2):.2f}", day))


def measured(*command: str) -> tuple[float, float, float, int]:
    """Processor seconds, wall seconds, peak megabytes and lines printed by a process."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, time.perf_counter() - started, after.ru_maxrss / 1024, done.stdout.count(b"\n")


def main(accounts: int = ACCOUNTS) -> bool:
    """Whether 5,000 accounts take no longer than promised."""
    with tempfile.TemporaryDirectory() as name:
        population(Path(name), accounts)
        evaluate = ("-m", "connector", "evaluate", "--data", name, "--as-of", AS_OF.isoformat())
        ours = measured(sys.executable, *evaluate)
        plain = measured(sys.executable, "-c", PLAIN, name)
    for what, (cpu, wall, megabytes, lines) in (("tiersync evaluate", ours), ("plain loop", plain)):
        print(f"{what:18} {cpu:7.2f} s processor {wall:7.2f} s wall {megabytes:6.0f} MB {lines:9,} accounts")
    print(f"{accounts:,} accounts, {accounts * DEALS_EACH:,} deals: {ours[0] / plain[0]:.1f} times the plain loop")
    assert ours[3] == plain[3] == accounts
    slack = 2 if os.environ.get("CI") else 1
    return accounts != ACCOUNTS or ours[0] <= slack * MOST_SECONDS


if __name__ == "__main__":
    sys.exit(0 if main(int(sys.argv[1]) if len(sys.argv) > 1 else ACCOUNTS) else 1)
