"""Keeps an account over a restart: one JSON file, replaced as a whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from connector.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


class Keepable(Protocol):
    """An account that can be written down; `changes` counts, so that nothing is written without need."""

    changes: int

    def dump(self) -> dict[str, Any]:
        """Give everything it holds, as JSON."""

    def fill(self, content: dict[str, Any]) -> None:
        """Put back what `dump` gave; ValueError when that was another version."""


class Keeper:
    """Writes the account to its file whenever it has changed since the last time."""

    def __init__(self, account: Keepable, path: Path) -> None:
        self._account = account
        self._path = path
        self._kept: int | None = None

    def save(self) -> None:
        """Write the file when there is something new; a reader sees the old one or the new one, never half."""
        if self._kept == self._account.changes:
            return
        changes = self._account.changes
        fresh = self._path.with_name(self._path.name + ".new")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("wb") as file:
            file.write(orjson.dumps(self._account.dump(), option=orjson.OPT_NON_STR_KEYS))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        self._kept = changes

    def restore(self) -> bool:
        """Fill the account from the file; False when there is none."""
        if not self._path.exists():
            return False
        try:
            self._account.fill(orjson.loads(self._path.read_bytes()))
        except (ValueError, KeyError, TypeError) as error:
            hint = "name another --state file, or remove this one"
            raise UsageError(f"{self._path}: no state of a sandbox: {error}", hint=hint) from error
        self._kept = self._account.changes
        return True
