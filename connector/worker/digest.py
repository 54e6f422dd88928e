"""Who moved in a run, owner by owner, as one message: for people who want to hear of moves without opening the CRM."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.worker.alerts import ENGLISH, Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.model.texts import Texts

SHOWN = 10
"""Accounts named per owner; more are counted."""
OWNERS = 40
"""Owners listed; a message has to be read."""


class Move(Struct, frozen=True):
    """One account whose tier or say-no flag the run changed, in people's words; empty for what stayed."""

    account: str
    name: str
    owner: str
    tier: str = ""
    """`Small → Large`."""
    say_no: str = ""
    """That it is say-no now, or no longer."""

    def line(self) -> str:
        """As it stands in the message."""
        return f"  {self.name or self.account}: {', '.join(filter(None, (self.say_no, self.tier)))}"


def digest(moves: Iterable[Move], *, run: str, texts: Texts = ENGLISH) -> Message | None:
    """The message, owners with most moves first; None when nobody moved."""
    books = [
        (owner, sorted(book, key=lambda move: (not move.say_no, move.name, move.account)))
        for owner, book in groupby(sorted(moves, key=attrgetter("owner")), key=attrgetter("owner"))
    ]
    if not books:
        return None
    books.sort(key=lambda found: (-len(found[1]), not found[0], found[0]))
    lines = [line for owner, book in books[:OWNERS] for line in _book(owner, book, texts)]
    if len(books) > OWNERS:
        lines.append(texts.say("more_owners", count=len(books) - OWNERS))
    count = sum(len(book) for _, book in books)
    lines.append(texts.say("see", command=f"tiersync runs show {run}"))
    return Message(f"tiersync: {texts.say('moved', count=count, run=run)}", "\n".join(lines))


def _book(owner: str, book: list[Move], texts: Texts) -> Iterator[str]:
    said_no = sum(bool(move.say_no) for move in book)
    yield texts.say("book", owner=owner or texts.say("nobody"), count=len(book), no=said_no)
    yield from (move.line() for move in book[:SHOWN])
    if len(book) > SHOWN:
        yield f"  {texts.say('more', count=len(book) - SHOWN)}"
