"""What a Salesforce answer means: good, final, or to be tried again, by status, code and words (pure).

Source: Salesforce's REST status codes and core error codes. One code has two meanings at times, told apart by the
message: INVALID_SESSION_ID (expired, or never valid for the API), REQUEST_LIMIT_EXCEEDED (the day, or this moment).
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson

from connector.crm.meaning import Meaning, of_status
from connector.crm.texts import brief
from connector.crm.transport import Again, Answer
from connector.crm.tries import growing, retry_after

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


@dataclass(frozen=True, slots=True, repr=False)
class Problem:
    """An error body, as far as it could be read; every part may be empty. Scrub its words before showing them."""

    status: int
    code: str = ""
    message: str = ""
    fields: tuple[str, ...] = ()

    def words(self) -> str:
        """Salesforce's own words, short."""
        return brief(": ".join(part for part in (self.code, self.message) if part) or f"HTTP {self.status}")


def problem(answer: Answer) -> Problem:
    """Read an error body: an array of errors, or the object of a login; anything else leaves only the status."""
    try:
        body: Any = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return Problem(answer.status)
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, dict):
        return Problem(answer.status)
    fields = first.get("fields")
    return Problem(
        status=answer.status,
        code=str(first.get("errorCode") or first.get("error") or ""),
        message=str(first.get("message") or first.get("error_description") or ""),
        fields=tuple(map(str, fields)) if isinstance(fields, list) else (),
    )


NOT_FOR_THE_API = ("not valid for use with", "not attached to")
"""Words of INVALID_SESSION_ID that are no expiry: another login ends the same way, for ever."""


def meaning(answer: Answer) -> Meaning:
    """Sort one answer by what happens next."""
    status = answer.status
    if status == HTTPStatus.UNAUTHORIZED:
        return _of_401(problem(answer))
    if status in (HTTPStatus.FORBIDDEN, HTTPStatus.BAD_REQUEST):
        return _of_code(problem(answer)) or _BY_STATUS.get(status, Meaning.REFUSED)
    return of_status(status, _BY_STATUS)


def _of_401(found: Problem) -> Meaning:
    if any(words in found.message.lower() for words in NOT_FOR_THE_API):
        return Meaning.UNAUTHORISED
    return Meaning.EXPIRED


def _of_code(found: Problem) -> Meaning | None:
    """What a code says that its status does not."""
    if found.code == "REQUEST_LIMIT_EXCEEDED":
        return Meaning.AGAIN if "concurrent" in found.message.lower() else Meaning.DAY_USED
    return _BY_CODE.get(found.code)


_BY_CODE = {
    "InvalidSessionId": Meaning.EXPIRED,
    "INVALID_SESSION_ID": Meaning.EXPIRED,
    "TXN_SECURITY_METERING_ERROR": Meaning.AGAIN,
    "SERVER_UNAVAILABLE": Meaning.AGAIN,
    "API_DISABLED_FOR_ORG": Meaning.FORBIDDEN,
    "UNSUPPORTED_API_VERSION": Meaning.RETIRED,
}
_BY_STATUS = {
    401: Meaning.EXPIRED,
    403: Meaning.FORBIDDEN,
    404: Meaning.MISSING,
    406: Meaning.AGAIN,
    408: Meaning.AGAIN,
    410: Meaning.RETIRED,
    420: Meaning.AGAIN,
    429: Meaning.AGAIN,
    501: Meaning.REFUSED,
}


def again(answer: Answer, *, now: datetime, chance: Callable[[], float]) -> Again:
    """How to try again after an answer that means AGAIN; `chance` gives 0 to 1."""
    found, asked = problem(answer), retry_after(answer, now=now)
    if found.code == "REQUEST_LIMIT_EXCEEDED":
        text = "too many long calls at once (ConcurrentRequests)"
        return Again(text, lambda n: min(30.0, 2.0**n) * (0.5 + chance()), asked=asked, hold=True)
    tries = 4 if answer.status == HTTPStatus.INTERNAL_SERVER_ERROR else 100
    text = f"Salesforce answered {answer.status} {found.code}".rstrip()
    # A 4xx was turned away at the door; of a 5xx nobody knows how far it came.
    applied = False if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR else None
    return Again(text, growing(chance), tries=tries, asked=asked, applied=applied)
