"""Node.js and the packages of tests/node, kept in a cache outside the repository.

On a user's machine they may be absent: a test then skips and says what it needs. In CI it fails.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support.needs import lacking

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / "tests" / "node"


def node() -> Path:
    """Give a folder whose node_modules hold the packages of tests/node, installed once per lock file."""
    if not (shutil.which("node") and shutil.which("npm")):
        lacking("Node.js and npm")
    lock = PACKAGES / "package-lock.json"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tiersync-tests"
    home = cache / f"node-{digest}"
    if not home.exists():
        _install(cache, home)
    return home


def _install(cache: Path, home: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=cache))
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PACKAGES / name, fresh / name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=fresh, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(fresh)
        lacking(f"the packages of tests/node; npm said: {done.stderr[-500:]}")
    try:
        fresh.rename(home)
    except OSError:
        # Another test process was quicker; its copy is as good.
        shutil.rmtree(fresh)
