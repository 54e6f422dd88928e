"""One call function for every Salesforce request; answers come back as checked JSON, or as bytes where they are CSV."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson

from connector.crm.salesforce import answers
from connector.crm.salesforce.answers import Meaning
from connector.crm.transport import Again, Answer, Call, NoAnswer
from connector.crm.tries import no_answer
from connector.errors import AccessRefused, BadAnswer, ConnectorError, RetryLater, StopRun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connector.crm.salesforce.answers import Problem
    from connector.crm.salesforce.auth import Credentials
    from connector.crm.salesforce.limits import Limits
    from connector.crm.salesforce.wire import Wire
    from connector.crm.transport import Transport


class Refused(StopRun):
    """Salesforce will never take this call as it is (400, 404, …); `problem` holds its words."""

    code = "REFUSED"

    def __init__(self, message: str, *, hint: str, problem: Problem) -> None:
        super().__init__(message, hint=hint)
        self.problem = problem


class Forbidden(AccessRefused):
    """The user lacks a permission."""


class _Expired(RetryLater):
    """The session expired on the way."""


NOT_FOR_THE_API = (
    "this session may not use the API: Setup → External Client App Manager → your app → OAuth scopes: add "
    '"Manage user data via APIs (api)"; and Setup → API Access Control'
)
"""Why another login would not help."""


class Client:
    """Salesforce by JSON.

    Raises Refused (400, 404), Forbidden (403), AccessRefused (401), QuotaUsedUp, BadAnswer for a body that is not
    JSON, StopRun when no answer can be had, AnswerLost for a write whose fate is unknown.
    """

    def __init__(
        self,
        *,
        wire: Wire,
        limits: Limits,
        scrub: Callable[[str], str],
        version: str,
        now: Callable[[], datetime],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._wire = wire
        self.limits = limits
        self.scrub = scrub
        self.version = version
        self.chance = chance
        self._now = now
        self.told_time = ""
        """Salesforce's clock as its last answer gave it (an HTTP date)."""
        self.transport: Transport
        self.credentials: Credentials

    def path(self, rest: str) -> str:
        """A path of the data API in the version of the settings."""
        return f"/services/data/v{self.version}/{rest}"

    def get(self, path: str, what: str, *, headers: Mapping[str, str] | None = None, **query: str) -> dict[str, Any]:
        """GET one JSON object."""
        call = Call("GET", path, what, query=tuple(query.items()), headers=tuple((headers or {}).items()))
        return self.object(call)

    def post(self, path: str, what: str, body: Mapping[str, object]) -> dict[str, Any]:
        """POST a JSON object, get one back."""
        return self.object(Call("POST", path, what, body=body))

    def object(self, call: Call) -> dict[str, Any]:
        """The JSON object a call is answered with."""
        answer = self.call(call)
        document = decoded(answer)
        if isinstance(document, dict):
            return document
        raise unreadable(call, answer)

    def array(self, call: Call) -> list[Any]:
        """The JSON array a call is answered with."""
        answer = self.call(call)
        document = decoded(answer)
        if isinstance(document, list):
            return document
        raise unreadable(call, answer)

    def server_time(self) -> datetime | None:
        """Salesforce's clock as its last answer gave it; None when it gave none."""
        try:
            return parsedate_to_datetime(self.told_time).astimezone(UTC)
        except (TypeError, ValueError):
            return None

    def close(self) -> None:
        """Close connections."""
        self._wire.close()

    def send(self, call: Call) -> Answer | NoAnswer:
        """One try (the transport's sender)."""
        if call.lane == "login":
            return self._wire.send(call, None)
        with self.limits.call():
            answer = self._wire.send(call, self.credentials.bearer())
            if isinstance(answer, Answer):
                self.limits.see(answer)
                self.told_time = answer.headers.get("Date", self.told_time)
        return answer

    def judge(self, call: Call, answer: Answer | NoAnswer, *, first: bool) -> Answer | Again:
        """What an answer means (the transport's judge)."""
        if isinstance(answer, NoAnswer):
            return no_answer(answer, first=first, chance=self.chance)
        if _is_final(call, answer):
            return answer
        meant = answers.meaning(answer)
        if meant is Meaning.AGAIN:
            return answers.again(answer, now=self._now(), chance=self.chance)
        if meant is Meaning.EXPIRED and not call.renewed:
            raise _Expired(call.what)
        if meant is not Meaning.GOOD:
            raise self._error(meant, call, answer)
        return answer

    def call(self, call: Call) -> Answer:
        """The final answer; a session that expired on the way is replaced once and the same call repeated."""
        bearer = self.credentials.bearer()
        try:
            return self.transport.call(call)
        except _Expired:
            pass
        self.credentials.renew(bearer)
        return self.transport.call(replace(call, renewed=True))

    def _error(self, meant: Meaning, call: Call, answer: Answer) -> ConnectorError:
        found = answers.problem(answer)
        text = f"{call.what}: {self.scrub(found.words())}"
        if meant is Meaning.DAY_USED:
            return self.transport.brake.stop(self.limits.used_up(text))
        if meant is Meaning.FORBIDDEN:
            return Forbidden(text, hint="grant the permission it names: Setup → Permission Sets")
        if meant is Meaning.UNAUTHORISED:
            return self.transport.brake.stop(
                AccessRefused(f"Salesforce refuses the session: {text}", hint=NOT_FOR_THE_API)
            )
        if meant is Meaning.EXPIRED:
            hint = self.credentials.advice()
            return self.transport.brake.stop(AccessRefused(f"Salesforce refuses the session: {text}", hint=hint))
        if meant is Meaning.RETIRED:
            hint = f"version {self.version} is not served (any more): set [crm] api_version to one that is"
            return Refused(text, hint=hint, problem=found)
        if meant is Meaning.REDIRECT:
            hint = (
                "set [crm] instance_url to the address Salesforce answers at; redirects are not followed with a token"
            )
            return BadAnswer(f"{call.what}: Salesforce redirects elsewhere (HTTP {answer.status})", hint=hint)
        hint = (
            "check [crm] instance_url" if meant is Meaning.MISSING else "Salesforce's words say what it does not take"
        )
        return Refused(text, hint=hint, problem=found)


_AT_THE_DOOR = (HTTPStatus.REQUEST_TIMEOUT, 420, HTTPStatus.TOO_MANY_REQUESTS)
"""Nobody looked at what the login said: it may be tried again."""


def _is_final(call: Call, answer: Answer) -> bool:
    """A login that was refused is never repeated (it locks users out); a SOAP fault comes as a 500."""
    fault = b":Fault>" in answer.body
    if call.lane == "login":
        turned_away = answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and answer.status not in _AT_THE_DOOR
        return turned_away or (fault and b"SERVER_UNAVAILABLE" not in answer.body)
    return "/services/Soap/" in call.path and fault and b"INVALID_SESSION_ID" not in answer.body


def decoded(answer: Answer) -> Any:
    """The JSON of a body; None when it is none."""
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None


def unreadable(call: Call, answer: Answer) -> BadAnswer:
    """The error for a body that is not the JSON it should be."""
    return BadAnswer(
        f"{call.what}: Salesforce answered {answer.status} with {_shape(answer.body)}",
        hint="nothing was written; run again, and look for a proxy between here and Salesforce if it stays",
    )


def _shape(body: bytes) -> str:
    """What a body that is not the wanted JSON looks like, without repeating it."""
    text = body.lstrip()
    if not text:
        return "an empty body"
    if text.startswith(b"<"):
        return "an HTML or XML page"
    if text.startswith((b"{", b"[")):
        return f"JSON that is cut or of another shape ({len(body)} bytes)"
    return f"a body that is not JSON ({len(body)} bytes)"
