from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.browser import chromium

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Browser]:
    """Chromium, once for all tests of this group; without it they are skipped here and fail in CI."""
    program = chromium.installed()
    if program is None:
        missing = "Chromium is not installed (Debian: apt-get install chromium)"
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(missing)
        pytest.skip(missing)
    with chromium.started(program, tmp_path_factory.mktemp("profile")) as opened:
        yield opened
