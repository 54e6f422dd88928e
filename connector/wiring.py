"""Puts the parts together; the only reader of environment and clock besides the command line.

Parts are built when they are first asked for, and import what they need then: a command that needs no
database or CRM does not pay for them.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connector.errors import UsageError
from connector.settings.load import Loaded, defaults, load
from connector.settings.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.ports import Clock, Crm

SETTINGS_FILE = "settings.toml"


def wire(settings: Path | None, *, as_of: date | None, overrides: Mapping[str, str], needs_file: bool = True) -> Wiring:
    """Return what one call works with; raises UsageError for settings that cannot be used.

    `settings` wins over TIERSYNC_SETTINGS, that over settings.toml in the current folder.
    """
    named = settings or (Path(found) if (found := os.environ.get("TIERSYNC_SETTINGS")) else None)
    file = named or Path(SETTINGS_FILE)
    loaded = defaults(Path.cwd()) if named is None and not needs_file and not file.exists() else load(file)
    return Wiring(loaded, environ=os.environ, clock=clock(os.environ), as_of=as_of, overrides=overrides)


def clock(environ: Mapping[str, str]) -> Clock:
    """Return the clock: the machine's, or the one moment that TIERSYNC_NOW fixes."""
    fixed = environ.get("TIERSYNC_NOW")
    if not fixed:
        return lambda: datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(fixed)
    except ValueError:
        raise UsageError(
            "TIERSYNC_NOW is not an ISO date and time", hint="for example 2026-04-02T06:00:00+02:00"
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return lambda: moment


class Wiring:
    """What one call works with, built on first use."""

    def __init__(
        self,
        loaded: Loaded,
        *,
        environ: Mapping[str, str],
        clock: Clock,
        as_of: date | None,
        overrides: Mapping[str, str],
    ) -> None:
        self.loaded = loaded
        self.settings = loaded.settings
        self.vault = Vault(environ=environ, folder=loaded.folder)
        self.clock = clock
        self.overrides = overrides
        self._as_of = as_of

    @property
    def as_of(self) -> date:
        """The day to evaluate: --as-of, else today in the business time zone."""
        return self._as_of or self.clock().astimezone(ZoneInfo(self.settings.run.time_zone)).date()

    @cached_property
    def crm(self) -> Crm:
        """The CRM the settings name."""
        section = self.settings.crm
        if section is None:
            raise UsageError(
                "the settings have no [crm] section", hint="settings.example.toml shows one per kind of CRM"
            )
        if section.kind == "files":
            from connector.crm.files.provider import FilesCrm

            return FilesCrm(self.loaded.path(section.path))
        raise UsageError(f'crm.kind = "{section.kind}" is not in this version', hint="use hubspot or files")


def shipped(name: str) -> Path:
    """Return where a folder or file that comes with tiersync lies: in the package, or in a source tree above it."""
    package = Path(__file__).parent
    packed = package / "shipped" / name
    return packed if packed.exists() else package.parent / name
