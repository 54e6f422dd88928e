"""The secrets that the settings refer to, and who else may read their files."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from connector.ports import Finding
from connector.settings.model import Section
from connector.settings.reference import Reference
from connector.settings.rights import decided_elsewhere, refuse_open
from connector.wiring.said import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.wiring import Wiring


def open_secrets(wiring: Wiring) -> Iterator[Finding]:
    """Yield a warning for each secret in a file that others may read; UsageError names those open to everybody."""
    secrets = [(key.removeprefix("."), reference) for key, reference in secrets_of(wiring.settings, key="")]
    refuse_open((name, wiring.vault.path(found)) for name, found in secrets if found.kind == "file")
    for name, reference in secrets:
        if wiring.vault.readable_by_others(reference):
            path = wiring.vault.path(reference)
            fix = say("mounted") if decided_elsewhere(path) else f"chmod 600 {quote(str(path))}"
            yield Finding("warning", name, say("readable", path=str(path)), fix)


def secrets_of(section: Section, *, key: str) -> list[tuple[str, Reference]]:
    """Return every reference in a section of the settings, with its key."""
    found: list[tuple[str, Reference]] = []
    for name in type(section).model_fields:
        found += _within(getattr(section, name), f"{key}.{name}")
    return found


def _within(value: object, key: str) -> list[tuple[str, Reference]]:
    if isinstance(value, Reference):
        return [(key, value)]
    if isinstance(value, Section):
        return secrets_of(value, key=key)
    if isinstance(value, list):
        return [secret for place, item in enumerate(value) for secret in _within(item, f"{key}[{place}]")]
    items = value.items() if isinstance(value, dict) else ()
    return [secret for name, item in items for secret in _within(item, f"{key}.{name}")]
