from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser import chromium
from tests.support.needs import lacking

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Browser]:
    """Chromium, once for all tests of this group; without it they are skipped here and fail in CI."""
    program = chromium.installed()
    if program is None:
        lacking("Chromium (Debian: apt-get install chromium)")
    with chromium.started(program, tmp_path_factory.mktemp("profile")) as opened:
        yield opened
