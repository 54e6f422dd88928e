"""One way out for every request of a CRM: paced, timed, retried by its kind, counted, and stoppable at once.

A vendor brings a sender (one try of one call) and a judge (what an answer means); waiting, giving up and the
books are the same for all.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, cast

from msgspec import Struct
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from connector.errors import ComeBackLater, RetryLater, StopRun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connector.crm.pacing import Lane
    from connector.errors import ConnectorError

_SLICE = 0.5
"""Longest single sleep in seconds, so that a stop is noticed soon."""
_LONGEST = 30.0
"""Seconds that a CRM is left alone at most although it asks for less: who says "0 seconds" each time is in need too."""


class Call(Struct, frozen=True):
    """One request.

    `lane` names the limit it counts under; `once` marks a write whose fate matters: when its answer is lost it is
    not sent again here, the caller settles it first.
    """

    method: str
    path: str
    what: str
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, object] | None = None
    form: Mapping[str, str] | None = None
    content: bytes | None = None
    """A body that is no JSON object, sent as it is."""
    headers: tuple[tuple[str, str], ...] = ()
    """Headers of this call alone; they go along with every try of it."""
    lane: str = "app"
    once: bool = False
    renewed: bool = False
    """The call is repeated with a renewed token: a second refusal is final."""

    def __repr__(self) -> str:
        """Never what is sent: it may hold a secret."""
        return f"Call({self.method} {self.path})"


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What came back, undecoded; it never shows itself, a server may echo what it was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoAnswer(Struct, frozen=True):
    """No usable answer came back. `sent` is false only when the request surely never left."""

    reason: str
    sent: bool
    hopeless: bool = False
    """Another try cannot help (a certificate, a malformed address)."""
    cut: bool = False
    """It began and did not end."""
    unknown: bool = False
    """Nobody knows a host of that name."""


class Again(Struct, frozen=True):
    """The same call may be tried again: when, how often, and what is known about the first try.

    `seconds` is the wait before the next try, per number of tries so far; `asked` is the wait the CRM itself
    asked for. `hold` closes the whole lane meanwhile. `applied` is None when it is unknown whether a write landed.
    `error` is what giving up raises.
    """

    reason: str
    seconds: Callable[[int], float]
    tries: int = 100
    asked: float | None = None
    hold: bool = False
    applied: bool | None = False
    error: type[StopRun] = StopRun
    hint: str = "run again later; [crm] retry_seconds and timeout_seconds set the patience"
    """What a person can do when it is given up."""


class AnswerLost(RetryLater):
    """A write went out and its answer did not come back: it may or may not have landed."""

    code = "ANSWER_LOST"


class TryAgain(RetryLater):
    """Carries the judgement of a failed try to the next one; never leaves this module."""

    def __init__(self, again: Again) -> None:
        super().__init__(again.reason)
        self.again = again


class Judge(Protocol):
    """What an answer means: itself when it is good or final, Again when it is not; raises what stops."""

    def __call__(self, call: Call, answer: Answer | NoAnswer, *, first: bool) -> Answer | Again:
        """`first` is true while nothing has ever been answered: an address may simply be wrong."""


class Brake:
    """Stops everything at once: whoever sleeps or is about to call raises the error it was pulled with."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._error: ConnectorError | None = None

    def stop(self, error: ConnectorError) -> ConnectorError:
        """From now on every check raises this error; returns it, to be raised."""
        self._error = self._error or error
        return error

    def release(self) -> None:
        """Forget an earlier stop: a new run may try again."""
        self._error = None

    def check(self) -> None:
        """Raise the error everything was stopped with, if it was."""
        if self._error is not None:
            raise self._error

    def pause(self, seconds: float) -> None:
        """Sleep, waking early when everything is stopped."""
        left = seconds
        while left > 0:
            self.check()
            self._sleep(min(left, _SLICE))
            left -= _SLICE


class Transport:
    """Sends calls; threads share it, and its brake."""

    def __init__(
        self,
        *,
        brake: Brake,
        send: Callable[[Call], Answer | NoAnswer],
        judge: Judge,
        lanes: Mapping[str, Lane],
        retry_seconds: float,
        now: Callable[[], datetime],
        ticks: Callable[[], float],
        observe: Callable[[Mapping[str, object]], None] | None = None,
    ) -> None:
        self.brake = brake
        self._send = send
        self._judge = judge
        self._lanes = lanes
        self._retry_seconds = retry_seconds
        self._now = now
        self._ticks = ticks
        self._observe = observe
        self._count = 0
        self._answered = False
        self._lock = threading.Lock()

    def requests(self) -> int:
        """Calls sent so far, every try counted."""
        return self._count

    def call(self, call: Call) -> Answer:
        """The final answer to one call.

        Raises StopRun when it cannot be had within `retry_seconds` (all tries together), AnswerLost for a write
        whose fate is unknown, and whatever the judge raises.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(TryAgain),
            wait=_wait,
            stop=self._patience_from(self._ticks()),
            sleep=self.brake.pause,
            reraise=True,
        )
        try:
            return retrying(self._try, call)
        except TryAgain as error:
            again = error.again
        raise self._gave_up(call, again, tries=retrying.statistics["attempt_number"])

    def _try(self, call: Call) -> Answer:
        with self._lanes[call.lane].slot():
            self.brake.check()
            began = self._ticks()
            answer = self._send(call)
            self._book(call, answer, self._ticks() - began)
        again = self._judge(call, answer, first=not self._answered)
        self._answered = self._answered or isinstance(answer, Answer)
        if isinstance(again, Answer):
            return again
        if call.once and again.applied is None:
            raise AnswerLost(again.reason)
        if again.hold:
            self._lanes[call.lane].hold(again.asked if again.asked is not None else again.seconds(1))
        raise TryAgain(again)

    def _book(self, call: Call, answer: Answer | NoAnswer, seconds: float) -> None:
        with self._lock:
            self._count += 1
        if self._observe is not None:
            self._observe(
                {
                    "method": call.method,
                    "path": call.path,
                    "lane": call.lane,
                    "status": answer.status if isinstance(answer, Answer) else None,
                    "bytes": len(answer.body) if isinstance(answer, Answer) else 0,
                    "seconds": round(seconds, 4),
                    "lost": answer.reason if isinstance(answer, NoAnswer) else None,
                }
            )

    def _patience_from(self, began: float) -> Callable[[RetryCallState], bool]:
        def spent(state: RetryCallState) -> bool:
            again = _again(state)
            return (
                state.attempt_number >= again.tries
                or self._ticks() - began + state.upcoming_sleep > self._retry_seconds
            )

        return spent

    def _gave_up(self, call: Call, again: Again, *, tries: int) -> StopRun:
        if again.asked is not None and again.asked > self._retry_seconds:
            back = self._now() + timedelta(seconds=again.asked)
            later = ComeBackLater(
                f"{call.what}: {again.reason}; it asks to come back at {back:%Y-%m-%d %H:%M %Z}",
                hint="run again after that time; the worker does so by itself",
                resume_at=back,
            )
            self.brake.stop(later)  # who waits for the closed lane would wait as long
            return later
        return again.error(
            f"{call.what}: {again.reason}{self._effort(again, tries)}",
            hint=again.hint,
            code=again.error.code if again.error is not StopRun else "NO_ANSWER",
        )

    def _effort(self, again: Again, tries: int) -> str:
        """What was tried in vain: so many times where more would not help, else for as long as the settings say."""
        if tries < again.tries:
            return f"; gave up after trying for up to {self._retry_seconds:g} s"
        return f"; gave up after {tries} tries" if tries > 1 else ""


def _again(state: RetryCallState) -> Again:
    return cast("TryAgain", state.outcome and state.outcome.exception()).again


def _wait(state: RetryCallState) -> float:
    again, tries = _again(state), state.attempt_number
    return again.seconds(tries) if again.asked is None else max(again.asked, min(_LONGEST, 2.0**tries / 4))
