"""`tiersync evaluate` on files, against a plain Python loop that computes the pyramid only.

    python -m bench evaluate            5,000 and 100,000 accounts, four deals each
    python -m bench.evaluate 1000000    any numbers of accounts; a million takes minutes

Both are processes of their own, so that interpreter start and imports are inside. The loop reads the same CSV
files, sums revenue, ranks and prints; it knows no groups, currencies, ties, sentences or say-no. Processor
time is printed beside wall time, for a machine that is shared, and memory of each process by itself.
"""

from __future__ import annotations

import csv
import os
import random
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

from bench._measured import measure

USUAL = (5_000, 100_000)
DEALS_EACH = 4
AS_OF = date(2026, 6, 1)
PROMISED = {5_000: (3.0, 300), 100_000: (6.0, 600), 1_000_000: (30.0, 2500)}
"""Processor seconds (twice the wall seconds of two cores) and megabytes by accounts, imports included."""
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


def one_size(accounts: int) -> bool:
    """Both processes on so many accounts; whether what is promised of that size holds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        population(folder, accounts)
        # bytecode is kept, as for anyone who runs a command twice
        env = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": f"{name}/bytecode"}
        evaluate = [sys.executable, "-m", "connector", "evaluate", "--data", name, "--as-of", AS_OF.isoformat()]
        evaluate += ["--rules", str(ROOT / "rules")]
        ours = min((measure(evaluate, cwd=folder, env=env) for _ in range(2)), key=lambda run: run.cpu)
        plain = measure([sys.executable, "-c", PLAIN, name], cwd=folder, env=env)
    assert ours.code == plain.code == 0
    for what, run in (("tiersync evaluate", ours), ("plain loop", plain)):
        print(f"{what:18} {run.cpu:7.2f} s processor {run.wall:7.2f} s wall {run.peak_mb:6.0f} MB")
    seconds, megabytes = PROMISED.get(accounts, (float("inf"), float("inf")))
    print(
        f"{accounts:,} accounts, {accounts * DEALS_EACH:,} deals: {ours.cpu / plain.cpu:.1f} times the plain loop "
        f"(promise: at most {seconds} s processor, {megabytes} MB)",
        flush=True,
    )
    return ours.cpu <= seconds * (2 if os.environ.get("CI") else 1) and ours.peak_mb <= megabytes


def main(*sizes: int) -> bool:
    """Whether every size takes no more than promised."""
    held = [one_size(accounts) for accounts in sizes or USUAL]
    return all(held)


if __name__ == "__main__":
    sys.exit(0 if main(*map(int, sys.argv[1:])) else 1)
