"""A run, its phases and how it ended."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable


class RunOutcome(StrEnum):
    """How a run ended; each has its exit code in contract.md."""

    OK = "ok"
    PARTIAL = "partial"
    HELD = "held"
    FAILED = "failed"


EXIT_CODES = {RunOutcome.OK: 0, RunOutcome.FAILED: 1, RunOutcome.HELD: 3, RunOutcome.PARTIAL: 4}


class Reason(Struct, frozen=True):
    """Why a run was held, failed or partial; a guard's message holds figure, limit and the command that releases it."""

    code: str
    message: str


class Unlisted(Reason, frozen=True):
    """Stands for so many that are not listed one by one."""

    number: int


def counted(reasons: Iterable[Reason]) -> int:
    """Count them, with those that are not listed one by one."""
    return sum(reason.number if isinstance(reason, Unlisted) else 1 for reason in reasons)
