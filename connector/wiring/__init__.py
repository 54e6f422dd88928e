"""Puts the parts together; the only reader of environment and clock besides the command line.

Parts are built when they are first asked for, and import what they need then: a command that needs no
database or CRM does not pay for them.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from connector.errors import ConnectorError, UsageError
from connector.settings.load import Loaded, defaults, load
from connector.settings.vault import Vault
from connector.wiring.clocks import clock, machine_clock
from connector.wiring.crms import Opening
from connector.wiring.names import QUOTA_LEFT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from connector.model.changes import Change
    from connector.model.outputs import Labels, Output
    from connector.ports import (
        Beside,
        Clock,
        Crm,
        Engine,
        Journal,
        Progress,
        PullRequest,
        Snapshot,
        Source,
    )
    from connector.rules.ruleset import RuleSet
    from connector.store import Store
    from connector.sync import Result, Walk
    from connector.sync.parts import Listing
    from connector.wiring.reporting import Reporting

    Log = Callable[..., None]
    """Takes a level, an event and facts about it."""

SETTINGS_FILE = "settings.toml"


def wire(
    settings: Path | None,
    *,
    as_of: date | None,
    overrides: Mapping[str, str],
    needs_file: bool = True,
    log: Log | None = None,
    verbose: bool = False,
) -> Wiring:
    """Return what one call works with; raises UsageError for settings that cannot be used.

    `settings` wins over TIERSYNC_SETTINGS, that over settings.toml in the current folder. `log` hears warnings, and
    with `verbose` every call to the CRM.
    """
    named = settings or (Path(found) if (found := os.environ.get("TIERSYNC_SETTINGS")) else None)
    file = named or Path(SETTINGS_FILE)
    loaded = defaults(Path.cwd()) if named is None and not needs_file and not file.exists() else load(file)
    wiring = Wiring(loaded, environ=os.environ, clock=clock(), as_of=as_of, overrides=overrides)
    wiring.log, wiring.verbose = log or _unheard, verbose
    return wiring


def _unheard(level: str, event: str, **facts: object) -> None:
    """Log nothing."""


def shipped(name: str) -> Path:
    """Return where a folder or file that comes with tiersync lies: in the package, or in a source tree above it."""
    package = Path(__file__).parents[1]
    packed = package / "shipped" / name
    return packed if packed.exists() else package.parent / name


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
        self.log: Log = _unheard
        self.verbose = False
        self.spares_rules = False
        """Whether this call goes on where the rule files are broken: to go back needs none of them."""
        self.rules_broken = False

    @cached_property
    def as_of(self) -> date:
        """The day to evaluate: --as-of, else today in the business time zone; one day for all of a call."""
        return self._as_of or self.clock().astimezone(ZoneInfo(self.settings.run.time_zone)).date()

    # ── rules ────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def rules_directory(self) -> Path:
        """The folder of the settings; without a settings file, and without the folder, the shipped rules."""
        named = self.loaded.path(self.settings.rules.directory)
        return named if self.loaded.file or named.is_dir() else shipped("rules")

    @cached_property
    def rules(self) -> RuleSet:
        """The rules, checked, with the parameters of the settings and of --set."""
        from connector.rules.loading import load
        from connector.rules.ruleset import NO_RULES

        try:
            return load(self.rules_directory, {**self.settings.parameters, **self.overrides})
        except UsageError as error:
            if not self.spares_rules:
                raise
            self.rules_broken = True
            self.log("warning", "going on without the rules, which cannot be read", why=str(error))
            return NO_RULES

    @property
    def language(self) -> str:
        """`[run] language`, else the rules' own."""
        return self.settings.run.language or self.rules.language

    @property
    def outputs(self) -> Sequence[Output]:
        """Every output of the rules."""
        return [published.output for published in self.rules.outputs]

    @property
    def labels(self) -> Labels:
        """What outputs and their values are called."""
        from connector.model.outputs import Labels

        return Labels(self.language, {output.name: output for output in self.outputs})

    # ── parts ────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def engine(self) -> Engine:
        """The engine of the settings."""
        from connector.wiring.engines import engine

        return engine(self.settings.engine.kind, self.loaded.mirror, machine_clock())

    @property
    def arriving_engine(self) -> Engine:
        """The same, loaded meanwhile where it is not at once needed."""
        from connector.wiring.engines import Arriving

        return Arriving(self.settings.engine.kind, self.loaded.mirror, machine_clock())

    @cached_property
    def database_url(self) -> str:
        """Where the state is kept."""
        return self.loaded.database_url(self.vault.text(self.settings.state.database, key="state.database"))

    @cached_property
    def store(self) -> Store:
        """The state: journal, mirror, lease; made when it is not there yet."""
        from connector.store import open_store

        return open_store(self.database_url, self.loaded.mirror, clock=machine_clock)

    @property
    def journal(self) -> Journal:
        """What was planned, written and acknowledged."""
        return self.store.journal

    @property
    def opening(self) -> Opening:
        """How the CRM is opened."""
        return Opening(
            loaded=self.loaded,
            vault=self.vault,
            clock=self.clock,
            database_url=self.database_url,
            journal=lambda: self.journal,
            observe=(lambda call: self.log("debug", "crm call", **call)) if self.verbose else None,
        )

    @cached_property
    def crm(self) -> Crm:
        """The CRM with its everyday login."""
        return self.opening.crm()

    @cached_property
    def admin_crm(self) -> Crm:
        """The CRM as `provision` enters it."""
        return self.opening.admin()

    @cached_property
    def pull_request(self) -> PullRequest:
        """What the rules need of the CRM."""
        from connector.ports import PullRequest
        from connector.wiring.asking import pull_request

        rules = self.rules
        if self.rules_broken:
            return PullRequest({})
        matched = {field for source in self.beside for field in source.join.match.values()}
        return pull_request(rules, self.settings.fields, matched=matched)

    @cached_property
    def beside(self) -> Sequence[Source]:
        """The tables beside the CRM that the rules read."""
        from connector.wiring.beside import sources

        return sources(self)

    def joined(self, snapshot: Snapshot, *, as_of: date) -> Mapping[str, Beside]:
        """The tables beside the CRM as a snapshot holds them, and how they are matched, as seen on that day."""
        from connector.sync.beside import joined

        return joined(snapshot, {source.name: source.join for source in self.beside}, as_of=as_of)

    @cached_property
    def configured_outputs(self) -> Sequence[Output]:
        """The outputs whose models the CRM can feed; asks the CRM what it has. Ours count as there."""
        from connector.rules.connecting import connect

        ours = frozenset(output.name for output in self.outputs)
        there = {table.value: columns | ours for table, columns in self.crm.connected(self.pull_request).items()}
        beside = {source.name: frozenset(self.rules.tables[source.name]) for source in self.beside}
        return [published.output for published in connect(self.rules, there | beside).outputs]

    # ── walks ────────────────────────────────────────────────────────────────────────────────────

    def walk(
        self, progress: Progress, *, begun: Callable[[str], None] | None = None, listing: Listing | None = None
    ) -> Walk:
        """Return the walk of one run; raises UsageError for settings of parts that are not in this version."""
        from connector.wiring.walking import walk

        return walk(self, progress, as_of=self._as_of, begun=begun, listing=listing)

    def reporting(self, folder: Path | None = None) -> Reporting:
        """Return what draws reports, into this folder or beside the database."""
        from connector.wiring.reporting import Reporting

        return Reporting(self, folder or self.loaded.state_folder(self.database_url) / "report")

    def planned(self, run: str) -> Iterator[Change]:
        """The changes of a run's plan, those left out aside."""
        from connector.sync.history import intended

        return intended(self.journal, run)

    def goes_back(self, run: str) -> bool:
        """Whether a run is an undo: to go back needs no rules."""
        row = self.journal.run(run)
        return row is not None and row.command == "undo"

    def names(self, accounts: Sequence[str]) -> Mapping[str, str]:
        """The names of some accounts, from the mirror."""
        from connector.wiring.lookup import names

        return names(self.store.mirror.current(), accounts)

    def status(self) -> dict[str, Any]:
        """How things stand, by the journal alone: the quota is what the last run saw."""
        from connector.sync.history import status

        left = self.journal.recall(QUOTA_LEFT)
        found = status(self.journal, now=self.clock(), today=self.as_of, quota_left=int(left) if left else None)
        return found | {"overdue_since": self._overdue_since()}

    def _overdue_since(self) -> datetime | None:
        """The time on `[schedule]` that no good run followed in time; None without a schedule or a run."""
        section = self.settings.schedule
        if section.cron is None and section.every is None:
            return None
        from connector.wiring.working import overdue_since

        return overdue_since(self)

    def runs(self, *, limit: int) -> list[dict[str, Any]]:
        """The newest runs."""
        from connector.sync.history import runs

        return runs(self.journal, limit=limit)

    def run(self, run: str, *, language: str) -> dict[str, Any]:
        """One run with every outcome; raises UsageError when there is none."""
        from connector.sync.history import show

        return show(self.journal, run, language=language)

    def close(self) -> None:
        """Close what was opened."""
        with ExitStack() as closing:  # one that fails keeps none of the others open
            for name in ("store", "admin_crm", "crm"):
                if name in self.__dict__:
                    closing.callback(self.__dict__[name].close)

    # ── worker ───────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def told(self) -> tuple[list[str], str | None]:
        """Where alerts and the sign of life go; raises UsageError for a reference that leads nowhere."""
        alerts = self.settings.alerts
        urls = [self.vault.text(url, key=f"alerts.urls[{at}]") for at, url in enumerate(alerts.urls)]
        beat = alerts.heartbeat_url
        return urls, None if beat is None else self.vault.text(beat, key="alerts.heartbeat_url")

    def afresh(self) -> None:
        """Look at the day and read the rules anew, and enter the CRM anew, for the next run of a process that stays."""
        for name in ("as_of", "rules", "beside", "pull_request", "crm"):
            if name in self.__dict__:
                found = self.__dict__.pop(name)
                if name == "crm":
                    found.close()

    def note_quota(self) -> None:
        """Remember what the CRM last said of its quota, for `status`."""
        with suppress(ConnectorError):  # a run is not worse for it
            left = self.crm.quota().left if self.crm.requests() else None
            self.journal.remember(QUOTA_LEFT, None if left is None else str(left))

    def tell(self, result: Result, *, say: Callable[[str], None]) -> None:
        """Tell people how a run ended, as `[alerts]` says; what goes wrong with it is said, and changes nothing."""
        urls, beat = self.told
        if urls or beat:
            from connector.wiring.digesting import tell_moves
            from connector.wiring.working import as_ended, herald

            who = herald(self, tell=say)
            who.after(as_ended(result), now=self.clock())
            tell_moves(self, result, who, say=say)
