"""What a HubSpot answer means: good, final, or to be tried again, by status and body (pure).

Source: HubSpot's error handling and usage guidelines pages; the kinds of 429 are told apart by `policyName`,
older ones by `groupName` or the message. Edge answers (52x, 530) have HTML or empty bodies.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson

from connector.crm.meaning import Meaning, of_status
from connector.crm.texts import brief, listed
from connector.crm.transport import Again, Answer
from connector.crm.tries import growing, retry_after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True, repr=False)
class Problem:
    """An error body, as far as it could be read; every part may be empty. Scrub its words before showing them."""

    status: int
    message: str = ""
    category: str = ""
    sub_category: str = ""
    policy: str = ""
    correlation: str = ""
    errors: tuple[Mapping[str, Any], ...] = ()
    context: Mapping[str, Any] | None = None

    def contexts(self) -> Iterator[Mapping[str, Any]]:
        """The context of the answer and of each of its errors."""
        for context in (self.context, *(error.get("context") for error in self.errors)):
            if isinstance(context, dict):
                yield context

    def scopes(self) -> tuple[str, ...]:
        """The scopes of which any one would do, of a 403."""
        found: dict[str, None] = {}
        for context in self.contexts():
            for key in ("requiredGranularScopes", "requiredScopes"):
                found.update(dict.fromkeys(map(str, listed(context.get(key)))))
        return tuple(found)

    def codes(self) -> tuple[str, ...]:
        """`errors[].code`, in order, each once; objects within a message call it `error`."""
        codes = (error.get("code") or error.get("error") for error in self.errors)
        return tuple(dict.fromkeys(str(code) for code in codes if code))

    def words(self) -> str:
        """HubSpot's own words, short."""
        texts = [str(error["message"]) for error in self.errors if error.get("message")]
        text = "; ".join(dict.fromkeys(texts)) or self.message or f"HTTP {self.status}"
        return brief(text)


def problem(answer: Answer) -> Problem:
    """Read an error body; anything that is not a JSON object leaves only the status."""
    try:
        body = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return Problem(answer.status)
    return told(body, status=answer.status) if isinstance(body, dict) else Problem(answer.status)


def told(body: Mapping[str, Any], *, status: int) -> Problem:
    """Read an error object: a whole body, or one entry of a 207."""
    message = str(body.get("message") or body.get("error_description") or "")
    return Problem(
        status=status,
        message=message,
        category=str(body.get("category") or body.get("errorType") or body.get("status") or ""),
        sub_category=str(body.get("subCategory") or ""),
        policy=str(body.get("policyName") or body.get("groupName") or ""),
        correlation=str(body.get("correlationId") or ""),
        errors=_objects(body.get("errors")) or _within(message),
        context=body["context"] if isinstance(body.get("context"), dict) else None,
    )


def _objects(items: object) -> tuple[Mapping[str, Any], ...]:
    return tuple(item for item in listed(items) if isinstance(item, dict))


def _within(message: str) -> tuple[Mapping[str, Any], ...]:
    """The errors that a message holds as JSON: `Property values were not valid: [{"message": …, "error": …}]`."""
    _, bracket, rest = message.partition("[{")
    try:
        return _objects(orjson.loads(bracket + rest)) if bracket else ()
    except orjson.JSONDecodeError:
        return ()


def meaning(answer: Answer) -> Meaning:
    """Sort one answer by what happens next."""
    status = answer.status
    if status == HTTPStatus.UNAUTHORIZED and problem(answer).category == "EXPIRED_AUTHENTICATION":
        return Meaning.EXPIRED
    if status == HTTPStatus.TOO_MANY_REQUESTS and limit_kind(problem(answer)) == "daily":
        return Meaning.DAY_USED
    return of_status(status, _BY_STATUS)


MOVING = 477
"""HubSpot's own: the account is being moved to another data centre."""

_BY_STATUS = {
    401: Meaning.UNAUTHORISED,
    403: Meaning.FORBIDDEN,
    404: Meaning.MISSING,
    409: Meaning.CONFLICT,
    408: Meaning.AGAIN,
    423: Meaning.AGAIN,
    429: Meaning.AGAIN,
    MOVING: Meaning.AGAIN,
    530: Meaning.UNAUTHORISED,
}


def limit_kind(found: Problem, *, lane: str = "app") -> str:
    """Which limit a 429 is about: daily, burst or secondly; without a word about it, the lane's own."""
    text = f"{found.policy} {found.message}".lower()
    if "daily" in text:
        return "daily"
    if "ten_secondly" in text or "ten-secondly" in text:
        return "burst"
    if "secondly" in text:
        return "secondly"
    return "secondly" if lane == "search" else "burst"


def again(answer: Answer, *, lane: str, now: datetime, chance: Callable[[], float]) -> Again:
    """How to try again after an answer that means AGAIN; `chance` gives 0 to 1."""
    status, asked = answer.status, retry_after(answer, now=now)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _limit(limit_kind(problem(answer), lane=lane), asked, chance)
    if status == HTTPStatus.LOCKED:
        return Again("a record is locked (423)", lambda n: 2.0 + chance() * n, asked=asked)
    if status == MOVING:
        moving = "the account is being moved to another data centre (477)"
        return Again(moving, lambda _: 86_400.0, asked=86_400.0 if asked is None else asked)
    tries = 4 if status in _FEW_TRIES else 100
    text = f"HubSpot answered {status} {_NAMES.get(status, '')}".rstrip()
    return Again(text, growing(chance), tries=tries, asked=asked, applied=None)


def _limit(kind: str, asked: float | None, chance: Callable[[], float]) -> Again:
    if kind == "secondly":
        return Again("too many searches in a second (429)", lambda n: n + chance(), asked=asked, hold=True)
    # The window rolls: every second frees a tenth of it, so a short pause is enough unless others keep it full.
    return Again(
        "too many calls in ten seconds (429)",
        lambda n: min(10.0 * n, 2.0 ** (n - 1)) + chance(),
        asked=asked,
        hold=True,
    )


_FEW_TRIES = {500, 522, 525, 526}
_NAMES = {
    500: "internal error",
    502: "bad gateway",
    503: "unavailable",
    504: "gateway timeout",
    522: "connection timed out at the edge",
    524: "no answer within 100 s at the edge",
    525: "TLS handshake failed at the edge",
    526: "invalid certificate at the edge",
}
