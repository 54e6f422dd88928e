"""One tree of errors, sorted by what happens next.

ConnectorError            exit 1: something went wrong; `hint` says what a person can do
├── UsageError            exit 2: wrong usage, settings or rules; nothing was started
├── RetryLater            the same call may succeed on another try (never leaves the crm room)
├── SkipRecord            one record is set aside; the run goes on without it
├── Held                  exit 3: a guard or a person must release this first; nothing was written
└── StopRun               exit 1: nothing more is written in this run
    ├── BadAnswer         the CRM answered something that cannot be trusted
    ├── AccessRefused     the CRM refuses the token or asks for a scope
    └── ComeBackLater     the CRM asks to come back; `resume_at` says when
        └── QuotaUsedUp   the CRM's day is used up
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class ConnectorError(Exception):
    """Anything that can go wrong here; `hint` says what a person can do about it."""

    exit_code = 1
    code = "FAILED"

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        if code:
            self.code = code


class UsageError(ConnectorError):
    """Wrong usage, settings or rules: nothing was started."""

    exit_code = 2
    code = "USAGE"


class RetryLater(ConnectorError):
    """The same call may succeed on another try."""

    code = "RETRY_LATER"


class SkipRecord(ConnectorError):
    """One record is set aside; the run goes on without it."""

    code = "RECORD_SKIPPED"


class Held(ConnectorError):
    """A guard, another run or a person must let this go first; nothing was written."""

    exit_code = 3
    code = "HELD"


class StopRun(ConnectorError):
    """Nothing more is written in this run."""

    code = "STOPPED"


class BadAnswer(StopRun):
    """The CRM answered something that cannot be trusted: cut, empty, not JSON, or not what it counts."""

    code = "BAD_ANSWER"


class AccessRefused(StopRun):
    """The CRM refuses the token, or a scope is missing; the message names it."""

    code = "ACCESS_REFUSED"


class ComeBackLater(StopRun):
    """The CRM asks for more patience than the settings allow; the same run may go on after `resume_at`."""

    code = "COME_BACK_LATER"

    def __init__(self, message: str, *, hint: str = "", resume_at: datetime | None = None) -> None:
        super().__init__(message, hint=hint)
        self.resume_at = resume_at


class QuotaUsedUp(ComeBackLater):
    """The CRM's quota is used up; the same run may go on after `resume_at`."""

    code = "QUOTA_USED_UP"
