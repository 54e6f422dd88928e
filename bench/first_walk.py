"""Pull, evaluate and plan 25,000 records against a plain requests + orjson loop over the same pages.

Promise: at most 3 times the plain loop, process start included, under 250 MB. And with HubSpot's real limits
on: at least 90 % of the calls the limits allow while it pulls, and not one 429.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from bench._measured import best, measure
from bench._pages import asked
from tests.acceptance.commands import TIERSYNC, TOKEN, Portal, sandbox, settings, tiersync

ROOT = Path(__file__).parents[1]
RATIO, MEGABYTES, SHARE = 3.0, 250, 0.9
COMPANIES = "5000"
ALLOWED = 190
"""Calls per 10 seconds of the sandbox's account (Professional)."""


def prepared(folder: Path, url: str) -> None:
    """Settings, rules and provisioned properties."""
    shutil.copytree(ROOT / "rules", folder / "rules", dirs_exist_ok=True)
    settings(folder, url)
    done = tiersync("provision", cwd=folder)
    assert done.code == 0, done.stderr


def speed(folder: Path) -> bool:
    """Without limits, against the plain loop."""
    env = {"PYTHONPATH": str(ROOT), "HUBSPOT_TOKEN": TOKEN}
    with sandbox("--companies", COMPANIES, "--limits", "off", cwd=folder) as url:
        prepared(folder, url)
        first = measure([*TIERSYNC, "plan", "--full", "--json"], cwd=folder, env=env)
        pages = [sys.executable, "-m", "bench._plain_loop", url, TOKEN, asked(folder, url)]
        plain = best(pages, cwd=folder, env=env, times=3)
        again = best([*TIERSYNC, "plan", "--full", "--json"], cwd=folder, env=env, times=2)
        ours = min(first, again, key=lambda run: run.wall)
    assert plain.code == 0, (folder / "output.txt").read_text()
    assert ours.code == 0, (folder / "output.txt").read_text()[-2000:]
    ratio = ours.wall / plain.wall
    for name, run in (("plain loop", plain), ("tiersync plan --full", ours)):
        print(f"{name:22} {run.wall:6.2f} s wall  {run.cpu:6.2f} s CPU  {run.peak_mb:6.0f} MB")
    print(f"ratio {ratio:.2f} (promise: at most {RATIO}); memory {ours.peak_mb:.0f} MB (promise: under {MEGABYTES})")
    return ratio <= RATIO and ours.peak_mb < MEGABYTES


def pacing(folder: Path) -> bool:
    """With the real limits: how many of the allowed calls are used while pulling, and no 429."""
    env = {"PYTHONPATH": str(ROOT), "HUBSPOT_TOKEN": TOKEN}
    with sandbox("--companies", COMPANIES, "--limits", "real", cwd=folder) as url:
        prepared(folder, url)
        portal = Portal(url)
        before = len(portal.journal())
        assert measure([*TIERSYNC, "plan", "--full", "--json"], cwd=folder, env=env).code == 0
        calls = portal.journal()[before:]
    refused = [call for call in calls if call["status"] == 429]
    lists = sorted(call["tick"] for call in calls if "/objects/" in call["path"] and "/search" not in call["path"])
    share = busiest_share(lists)
    span = lists[-1] - lists[0]
    print(f"{len(lists)} lists in {span:.1f} s: {share:.1%} of the {ALLOWED} per 10 s allowed; 429s: {len(refused)}")
    return share >= SHARE and not refused


def busiest_share(times: list[float], *, allowed: int = ALLOWED, window: float = 10.0) -> float:
    """Calls sent over calls allowed from the first to the last one: a full window at once, then the limit's pace."""
    span = times[-1] - times[0]
    return len(times) / (allowed * (1 + span / window)) if span < window else len(times) / (allowed * span / window)


def main() -> bool:
    """Both promises."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        os.environ.pop("TIERSYNC_SETTINGS", None)
        return all([speed(Path(one)), pacing(Path(two))])
