"""A disk that is full or broken, and a database that is locked: for the time of one run, as a seed says."""

from __future__ import annotations

import errno
import os
import resource
import sqlite3
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from connector.store.database import Database

WORDS = ("database or disk is full", "disk I/O error", "database is locked")
ERRORS = (errno.ENOSPC, errno.EIO)
SIZES = (0, 1, 200, 700, 1_500, 4_096, 20_000, 40_000, 80_000, 120_000, 160_000, 200_000)
"""Bytes that a file may have: some stop the mirror, some the database's log, some nothing."""


@dataclass
class Trouble:
    """Strikes at the `at`-th chance and `times` times from there on."""

    at: int
    times: int
    error: Exception
    seen: int = 0

    def strike(self) -> None:
        self.seen += 1
        if self.at <= self.seen < self.at + self.times:
            raise self.error


@dataclass
class BadDisk:
    """One way of it."""

    kind: str
    at: int
    times: int
    which: int

    @classmethod
    def drawn(cls, chance: Random) -> BadDisk:
        """One of the ways, by chance."""
        kind = chance.choice(["no file grows", "fsync fails", "statement fails", "commit fails"])
        most = {"no file grows": len(SIZES), "fsync fails": 8, "statement fails": 120, "commit fails": 40}[kind]
        return cls(kind, chance.randrange(most), chance.choice([1, 1, 3, 10_000]), chance.randrange(1 << 16))

    def __str__(self) -> str:
        return f"{self.kind}: {self.at}, {self.times} times"

    @contextmanager
    def during(self, database: Database) -> Iterator[None]:
        """Bad while the block lasts."""
        words, number = WORDS[self.which % len(WORDS)], ERRORS[self.which % len(ERRORS)]
        of_database = Trouble(self.at, self.times, sqlite3.OperationalError(words))
        with ExitStack() as lasting:
            match self.kind:
                case "no file grows":
                    lasting.enter_context(_no_file_above(SIZES[self.at]))
                case "fsync fails":
                    trouble = Trouble(self.at, self.times, OSError(number, os.strerror(number)))
                    lasting.enter_context(_before("os.fsync", os.fsync, trouble))
                case "statement fails":
                    lasting.enter_context(_statements(database, of_database))
                case "commit fails":
                    dialect = database.engine.dialect
                    lasting.enter_context(_before((dialect, "do_commit"), dialect.do_commit, of_database))
            yield


@contextmanager
def _no_file_above(size: int) -> Iterator[None]:
    """The kernel itself refuses to let a file grow; the signal that comes with it Python ignores."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def _before(place: str | tuple[object, str], usual: Any, trouble: Trouble) -> Iterator[None]:
    def act(*args: Any) -> Any:
        trouble.strike()
        return usual(*args)

    with patch(place, act) if isinstance(place, str) else patch.object(*place, act):
        yield


@contextmanager
def _statements(database: Database, trouble: Trouble) -> Iterator[None]:
    """In the dialect's own methods: a listener would slow down every statement of every later life."""
    dialect = database.engine.dialect
    with ExitStack() as lasting:
        for name in ("do_execute", "do_execute_no_params", "do_executemany"):
            lasting.enter_context(_before((dialect, name), getattr(dialect, name), trouble))
        yield
