"""Where the shared reference data lies, when it is there; on a user's machine it is not."""

from __future__ import annotations

import os
from pathlib import Path

from tests.support.needs import lacking

ROOT = Path(__file__).parents[1]


def shared_folder() -> Path:
    """The folder; skips the test when there is none, and fails in CI, where it must be."""
    places = [os.environ.get("TIERSYNC_SHARED"), ROOT.parent / "shared", ROOT.parent.parent / "shared"]
    for place in places:
        if place and (Path(place) / "data").is_dir():
            return Path(place)
    return lacking("the shared reference data beside the repository")
