"""A plan: who it was made for, what it amounts to, and the digest that an approval is bound to."""

from __future__ import annotations

import hashlib
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING

import orjson
from msgspec import Struct, field

from connector.planning.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from connector.model.changes import Change
    from connector.model.runs import Reason


class Plan(Struct, frozen=True, kw_only=True):
    """The head of a plan; its changes are kept by the journal, in the order of account, target, record, property."""

    run: str
    as_of: date | None
    rule_version: str | None
    made_at: datetime
    digest: str
    tally: Tally = field(default_factory=Tally)
    calls: int = 0
    """API calls that releasing it takes when nothing goes wrong."""
    holds: tuple[Reason, ...] = ()
    """What keeps it from being written without a person."""
    going_on: Tally | None = None
    """The part that does not wait for a person, where the pull is doubted; None where nobody doubts it."""

    @property
    def waiting(self) -> int:
        """Accounts of it that wait for a person while the others go on."""
        return self.tally.accounts - self.going_on.accounts if self.going_on else 0


_TOLD = itemgetter(0, 1, 2, 3, 4, 5)


class Digest:
    """A fingerprint of changes in their order; the cause is no part of it."""

    def __init__(self) -> None:
        self._sum = hashlib.sha256()

    def add(self, changes: Iterable[Change]) -> None:
        """Take in some changes, in their order."""
        told = [*chain.from_iterable(map(_TOLD, changes))]
        if told:  # however the changes are divided, the fingerprint is the same
            self._sum.update(orjson.dumps(told)[1:-1] + b",")

    def text(self) -> str:
        """Return the fingerprint so far, 64 hexadecimal digits."""
        return self._sum.hexdigest()
