"""Who moved in a run, owner by owner, as one message: for people who want to hear of moves without opening the CRM."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from connector.worker.alerts import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SHOWN = 10
"""Accounts named per owner; more are counted."""
OWNERS = 40
"""Owners listed; a message has to be read."""
NOBODY = "without an owner"


@dataclass(frozen=True, slots=True)
class Move:
    """One account whose tier or say-no flag the run changed, in people's words; empty for what stayed."""

    account: str
    name: str
    owner: str
    tier: str = ""
    """`Small → Large`."""
    say_no: str = ""
    """`now say no`, or `no longer say no`."""

    def line(self) -> str:
        """As it stands in the message."""
        return f"  {self.name or self.account}: {', '.join(filter(None, (self.say_no, self.tier)))}"


def digest(moves: Iterable[Move], *, run: str) -> Message | None:
    """The message, owners with most moves first; None when nobody moved."""
    books = [
        (owner, sorted(book, key=lambda move: (not move.say_no, move.name, move.account)))
        for owner, book in groupby(sorted(moves, key=attrgetter("owner")), key=attrgetter("owner"))
    ]
    if not books:
        return None
    books.sort(key=lambda found: (-len(found[1]), not found[0], found[0]))
    lines = [line for owner, book in books[:OWNERS] for line in _book(owner, book)]
    if len(books) > OWNERS:
        lines.append(f"… and {len(books) - OWNERS} more owners")
    count = sum(len(book) for _, book in books)
    return Message(
        f"tiersync: {count} accounts moved (run {run})", "\n".join([*lines, f"See: tiersync runs show {run}"])
    )


def _book(owner: str, book: list[Move]) -> Iterator[str]:
    said_no = sum(bool(move.say_no) for move in book)
    yield f"{owner or NOBODY}: {len(book)} moved, {said_no} of them by say-no"
    yield from (move.line() for move in book[:SHOWN])
    if len(book) > SHOWN:
        yield f"  … and {len(book) - SHOWN} more"
