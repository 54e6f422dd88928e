"""Progress, messages and time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Progress(Protocol):
    """Long work tells how far it is; the roof draws it."""

    def __call__(self, step: str, done: int, total: int | None = None) -> None:
        """`done` of `total` (records, unless the step says otherwise); total is None while unknown."""


class Notifier(Protocol):
    """Tells people."""

    def send(self, title: str, text: str) -> bool:
        """One message; never raises. False when nobody got it, and it should be told again."""


class Clock(Protocol):
    """The only way to know the time below the roof."""

    def __call__(self) -> datetime:
        """Now, with time zone."""
