"""How the write of one record ended, and what becomes of one whose answer was lost: the same for every vendor."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from connector.crm.texts import brief
from connector.model.changes import Landed, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

    from connector.errors import StopRun
    from connector.model.changes import RecordWrite

SENDS = 3
"""A write whose answer was lost is sent again at most twice."""
BREATH = 2.0
"""Seconds before a write is sent again, growing with each time."""


class Fate(Struct, frozen=True):
    """How one record's write ended."""

    landed: Landed
    code: str = ""
    reason: str = ""


_NOT_WRITTEN = frozenset({Landed.REFUSED, Landed.SKIPPED})
WRITTEN = Fate(Landed.WRITTEN)
TOUCHED = Fate(
    Landed.UNSETTLED,
    "ANSWER_LOST",
    "its answer was lost, and somebody changed the record meanwhile: it is not sent again",
)


def not_allowed(texts: Iterable[str]) -> Fate:
    """The fate of a record that the CRM's own definitions rule out: it is not sent."""
    return Fate(Landed.SKIPPED, "NOT_ALLOWED", brief("; ".join(texts)))


def unanswered(why: str) -> Fate:
    """The fate of a record whose answer was lost."""
    return Fate(Landed.UNSETTLED, "ANSWER_LOST", why)


class Cell(NamedTuple):
    """One value of a record whose answer was lost, each in one spelling."""

    held: str | None
    """By the CRM now."""
    sent: str | None
    before: str | None = None
    guarded: bool = False
    """Whether `before` is known: what the CRM held when it was looked at last."""


def settled(cells: Iterable[Cell]) -> Fate | None:
    """What became of a record's write, by the values it holds now; None when it never arrived and may be sent again.

    A record is taken whole or not at all: one value that arrived proves the others, whatever they are now.
    """
    arrived, touched = True, False
    for cell in cells:
        same = cell.held == cell.sent
        if same and cell.guarded and cell.sent != cell.before:
            return WRITTEN
        arrived = arrived and same
        touched = touched or (cell.guarded and cell.held not in (cell.sent, cell.before))
    if arrived:
        return WRITTEN
    return TOUCHED if touched else None


def stopped(error: StopRun, left: Iterable[str], fates: dict[str, Fate]) -> None:
    """Skip the records that have no fate yet; raises the error itself while no record was sent."""
    if not any(fate.landed is not Landed.SKIPPED for fate in fates.values()):
        raise error
    told = Fate(Landed.SKIPPED, error.code, f"not sent: {error}")
    fates.update({record: told for record in left if record not in fates})


def concluded(fates: Mapping[str, Fate], lost: Container[str], scrub: Callable[[str], str]) -> dict[str, Fate]:
    """The fates as they are told: their reasons without secrets, and none surer than it can be.

    "Not written" becomes "not known" for a record whose answer was `lost` before: what was sent first may be under way
    still, and arrive after the last try was refused.
    """

    def told(record: str, fate: Fate) -> Fate:
        if record in lost and fate.landed in _NOT_WRITTEN:
            return unanswered(f"sent once without an answer, then: {fate.reason}")
        return fate

    sure = {record: told(record, fate) for record, fate in fates.items()}
    return {record: replace(fate, reason=scrub(fate.reason)) for record, fate in sure.items()}


def outcomes(batch: Sequence[RecordWrite], fates: Mapping[str, Fate]) -> list[Outcome]:
    """One outcome per record."""
    return [
        Outcome(write.target, write.record, fate.landed, fate.code, fate.reason)
        for write in batch
        for fate in (fates[write.record],)
    ]
