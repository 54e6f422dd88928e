"""Answers recorded from real orgs: the cassettes inside the wheel of CumulusCI, fetched once and never installed.

On a user's machine without a package index they may be absent: a test then skips and says so. In CI it fails.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.needs import lacking

VERSION = "4.10.1"
WHEEL = f"cumulusci-{VERSION}-py3-none-any.whl"


def recordings() -> Path:
    """Give the wheel, from the cache or fetched with pip."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tiersync-tests"
    wheel = cache / WHEEL
    if not wheel.exists():
        cache.mkdir(parents=True, exist_ok=True)
        options = ["--no-deps", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
        command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(cache), f"cumulusci=={VERSION}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode or not wheel.exists():
            lacking(f"the recordings inside {WHEEL}; pip said: {done.stderr[-300:]}")
    return wheel
