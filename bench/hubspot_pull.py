"""The HubSpot provider alone: 25,000 records against a plain requests + orjson loop over the same pages.

Promise: without limits at most 1.5 times the plain loop's CPU and wall time, process start included. With HubSpot's
real limits at least 90 % of the calls they allow, and not one 429.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from bench._measured import best, measure
from bench._pages import asked
from tests.acceptance.commands import TOKEN, sandbox

ROOT = Path(__file__).parents[1]
RATIO, SHARE, ALLOWED = 1.5, 0.9, 190
COMPANIES = "5000"
ENV = {"PYTHONPATH": str(ROOT)}


def speed(folder: Path) -> bool:
    """Without limits, against the plain loop."""
    with sandbox("--companies", COMPANIES, "--limits", "off", cwd=folder) as url:
        measure([sys.executable, "-m", "bench._hubspot_loop", url, TOKEN], cwd=folder, env=ENV)
        pages = [sys.executable, "-m", "bench._plain_loop", url, TOKEN, asked(folder, url)]
        plain = best(pages, cwd=folder, env=ENV, times=3)
        ours = best([sys.executable, "-m", "bench._hubspot_loop", url, TOKEN], cwd=folder, env=ENV, times=3)
    assert plain.code == ours.code == 0, (folder / "output.txt").read_text()[-2000:]
    told = json.loads((folder / "output.txt").read_text())
    for name, run in (("plain loop", plain), ("provider", ours)):
        print(f"{name:12} {run.wall:6.2f} s wall  {run.cpu:6.2f} s CPU  {run.peak_mb:6.0f} MB")
    wall, cpu = ours.wall / plain.wall, ours.cpu / plain.cpu
    print(f"{told['rows']}; the pull itself {told['pull_cpu']:.2f} s CPU")
    print(f"ratio {wall:.2f} wall, {cpu:.2f} CPU (promise: at most {RATIO})")
    return wall <= RATIO and cpu <= RATIO


def pacing(folder: Path) -> bool:
    """With the real limits: the share of allowed calls, and no 429."""
    with sandbox("--companies", COMPANIES, "--limits", "real", cwd=folder) as url:
        run = measure([sys.executable, "-m", "bench._hubspot_loop", url, TOKEN], cwd=folder, env=ENV)
    assert run.code == 0, (folder / "output.txt").read_text()[-2000:]
    told = json.loads((folder / "output.txt").read_text())
    span = told["app"][-1] - told["app"][0]
    share = len(told["app"]) / (ALLOWED * span / 10)
    print(f"{len(told['app'])} calls in {span:.1f} s: {share:.1%} of {ALLOWED} per 10 s; 429s: {told['refused']}")
    return bool(share >= SHARE and told["refused"] == 0)


def main() -> bool:
    """Both promises."""
    with tempfile.TemporaryDirectory() as folder:
        return all([speed(Path(folder)), pacing(Path(folder))])
