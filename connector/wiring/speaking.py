"""In which language an error is told: also where the rules cannot be used as they are asked for."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from connector.errors import UsageError
from connector.rules.loading import load

if TYPE_CHECKING:
    from connector.wiring import Wiring


def spoken(wiring: Wiring) -> str:
    """Return the language of settings and rules; that of the rules as they lie there where a parameter is wrong."""
    with suppress(UsageError):
        return wiring.language
    with suppress(UsageError):
        return load(wiring.rules_directory, {}).language
    return "en"
