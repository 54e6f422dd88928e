"""A run, its phases and how it ended."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


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
