"""The tables beside the CRM, from `[tables.*]` of the settings or from a data folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from connector.errors import UsageError
from connector.model.fields import KEY, Table, Type
from connector.model.meant import near
from connector.ports import Beside, Finding, Join
from connector.wiring.said import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from connector.ports import Source
    from connector.settings.model import Table as Section
    from connector.wiring import Wiring

BY_ID = Join({KEY[Table.ACCOUNTS]: KEY[Table.ACCOUNTS]})
"""How a table of a data folder is matched when the settings do not say."""


def sources(wiring: Wiring) -> Sequence[Source]:
    """Return the tables that the rules read; raises UsageError for a column the rules do not know."""
    return [
        _source(wiring, name, section)
        for name, section in sorted(wiring.settings.tables.items())
        if name in wiring.rules.tables
    ]


def check_addresses(wiring: Wiring) -> None:
    """Raise UsageError where the address of a table that the rules read is a reference that leads nowhere."""
    for name, section in wiring.settings.tables.items():
        if name in wiring.rules.tables and section.url is not None:
            _address(wiring, name, section)


def in_folder(wiring: Wiring, folder: Path) -> dict[str, Beside]:
    """Find the files of a data folder that are named as a table the rules know, matched as the settings say."""
    from connector.engine.tables.sources import of_folder

    found: dict[str, Beside] = {}
    for name in sorted(wiring.rules.tables):
        if files := of_folder(folder, name):
            section = wiring.settings.tables.get(name)
            join = BY_ID if section is None else _join(wiring, name, section)
            found[name] = Beside(files, join.match, join.columns)
    return found


def findings(wiring: Wiring) -> Iterator[Finding]:
    """Look at every table, and say which nobody reads."""
    yield from unread(wiring)
    for source in wiring.beside:
        found = source.look(tuple(wiring.rules.tables[source.name]))
        yield replace(found, message=_matched(wiring, source, found.message)) if found.level == "good" else found


def unread(wiring: Wiring) -> Iterator[Finding]:
    """Tell which sections of the settings no rule reads: a name that is misspelt would change verdicts in silence."""
    for name in wiring.settings.tables:
        if name not in wiring.rules.tables and not wiring.rules_broken:
            fix = near(name, wiring.rules.tables) or say("declare_table", name=name)
            yield Finding("warning", f"tables.{name}", say("unread_table"), fix)


def _matched(wiring: Wiring, source: Source, found: str) -> str:
    by = ", ".join(f"{theirs} = {ours}" for theirs, ours in source.join.match.items())
    row = next((row for row in wiring.journal.runs(limit=20) if f"tables.{source.name}.rows" in row.figures), None)
    if row is None:
        return say("matched_later", found=found, by=by)
    counts = {n: row.figures.get(f"tables.{source.name}.{n}", 0) for n in ("matched", "unmatched", "ambiguous")}
    return say("matched", found=found, by=by, run=row.run, **{f"n_{name}": count for name, count in counts.items()})


def _source(wiring: Wiring, name: str, section: Section) -> Source:
    from connector.crm.beside import DatabaseTable, FileTable, Terms

    terms = Terms(
        name=name,
        join=_join(wiring, name, section),
        time_zone=wiring.settings.run.time_zone,
        key=section.key,
        dated=section.dated,
        may_be_empty=section.may_be_empty,
    )
    if section.path is not None:
        return FileTable(wiring.loaded.path(section.path), terms)
    booleans = [
        section.columns.get(column, column)
        for column, type_ in wiring.rules.tables[name].items()
        if type_ is Type.BOOLEAN
    ]
    return DatabaseTable(
        lambda: _address(wiring, name, section), section.query or "", terms, clock=wiring.clock, booleans=booleans
    )


def _address(wiring: Wiring, name: str, section: Section) -> str:
    url = section.url or ""  # the settings hold a path, or a url and a query
    return wiring.loaded.database_url(wiring.vault.text(url, key=f"tables.{name}.url"))


def _join(wiring: Wiring, name: str, section: Section) -> Join:
    known = wiring.rules.tables[name]
    for column in section.columns:
        if column not in known:
            hint = near(column, known) or f"the rules know: {', '.join(known)}"
            raise UsageError(f"tables.{name}.columns: the rules have no column {column!r}", hint=hint)
    return Join(section.match, section.columns, section.max_age_days)
