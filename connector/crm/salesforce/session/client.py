"""One call function for every Salesforce request; answers come back as checked JSON, or as bytes where they are CSV."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from connector.crm import client
from connector.crm.client import decoded
from connector.crm.meaning import Meaning
from connector.crm.salesforce.session import answers
from connector.crm.salesforce.session.answers import Problem
from connector.crm.salesforce.session.auth import ADDRESS
from connector.crm.salesforce.session.limits import Limits
from connector.crm.transport import Again, Answer, Call
from connector.crm.tries import growing
from connector.errors import AccessRefused, BadAnswer, StopRun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.crm.salesforce.session.auth import Credentials
    from connector.errors import ConnectorError

Read = TypeVar("Read")


class Refused(StopRun):
    """Salesforce will never take this call as it is (400, 404, …); `problem` holds its words."""

    code = "REFUSED"

    def __init__(self, message: str, *, hint: str, problem: Problem) -> None:
        super().__init__(message, hint=hint)
        self.problem = problem


class Forbidden(AccessRefused):
    """The user lacks a permission; `problem` holds Salesforce's words."""

    def __init__(self, message: str, *, hint: str, problem: Problem) -> None:
        super().__init__(message, hint=hint)
        self.problem = problem


def hides(error: Refused | Forbidden) -> bool:
    """Whether a refusal says that what was asked for is not there, or not for this user.

    Any other (a query that took too long, an API that is closed, a page of something in between) is about this moment:
    who takes it for "not connected" goes on with half the data.
    """
    told = error.problem
    return told.code in _NOT_THERE or (told.status in _NOT_FOR_US and told.code not in _CLOSED)


_NOT_THERE = ("INVALID_TYPE", "INVALID_FIELD", "INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY")
_NOT_FOR_US = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
_CLOSED = ("", "API_DISABLED_FOR_ORG")
UNREADABLE = 3
"""A call whose good answer cannot be read is sent this often."""
NOT_FOR_THE_API = (
    "this session may not use the API: Setup → External Client App Manager → your app → OAuth scopes: add "
    '"Manage user data via APIs (api)"; and Setup → API Access Control'
)
"""Why another login would not help."""


@dataclass(kw_only=True, eq=False, repr=False)
class Client(client.Client[Limits, Problem]):
    """Salesforce by JSON.

    Raises Refused (400, 404), Forbidden (403), AccessRefused (401), QuotaUsedUp, BadAnswer for a body that is not
    JSON, StopRun when no answer can be had, AnswerLost for a write whose fate is unknown.
    """

    vendor = "Salesforce"
    address = "[crm] instance_url"
    door = "login"
    shapes = ("an HTML or XML page", "of another shape")

    version: str
    """Of the data API, as in the settings."""
    credentials: Credentials = field(init=False)

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

    def document(self, call: Call) -> tuple[Any, Answer]:
        """See Client.document; raises BadAnswer where it is none."""
        return self.readable(call, lambda answer: self._json(call, answer))

    def readable(self, call: Call, read: Callable[[Answer], Read]) -> tuple[Read, Answer]:
        """Return what `read` makes of the answer to a call, and that answer; BadAnswer for one it cannot take.

        A good answer that cannot be read is a bad moment, like a cut one: what may be sent again is.
        """
        tries = 0
        while True:
            tries += 1
            answer = self.call(call)
            try:
                return read(answer), answer
            except BadAnswer:
                if call.once or tries == UNREADABLE:
                    raise
            self.transport.brake.pause(growing(self.chance)(tries))

    def _json(self, call: Call, answer: Answer) -> Any:
        document = decoded(answer)
        if document is None:
            raise self.unreadable(call, answer)
        return document

    def array(self, call: Call) -> list[Any]:
        """The JSON array a call is answered with."""
        document, answer = self.document(call)
        if isinstance(document, list):
            return document
        raise self.unreadable(call, answer)

    def meaning(self, call: Call, answer: Answer) -> Meaning:
        """See Client.meaning; whoever logs in, or speaks SOAP, judges a refusal."""
        return Meaning.TOLD if _is_final(call, answer) else answers.meaning(answer)

    def again(self, _call: Call, answer: Answer) -> Again:
        """See Client.again."""
        return answers.again(answer, now=self.now(), chance=self.chance)

    def problem(self, answer: Answer) -> Problem:
        """See Client.problem."""
        return answers.problem(answer)

    def advice(self, meant: Meaning) -> str:
        """See Client.advice; where nothing is, the address is most often that of a page."""
        return ADDRESS if meant is Meaning.MISSING else super().advice(meant)

    def refusal(self, meant: Meaning, text: str, found: Problem) -> ConnectorError:
        """See Client.refusal; a refused session stops everything."""
        if meant is Meaning.FORBIDDEN:
            return Forbidden(text, hint="grant the permission it names: Setup → Permission Sets", problem=found)
        if meant in (Meaning.UNAUTHORISED, Meaning.EXPIRED):
            hint = NOT_FOR_THE_API if meant is Meaning.UNAUTHORISED else self.credentials.advice()
            return self.transport.brake.stop(AccessRefused(f"Salesforce refuses the session: {text}", hint=hint))
        if meant is Meaning.RETIRED:
            hint = f"version {self.version} is not served (any more): set [crm] api_version to one that is"
            return Refused(text, hint=hint, problem=found)
        return Refused(text, hint=self.advice(meant), problem=found)


_AT_THE_DOOR = (HTTPStatus.REQUEST_TIMEOUT, 420, HTTPStatus.TOO_MANY_REQUESTS)
"""Nobody looked at what the login said: it may be tried again."""


def _is_final(call: Call, answer: Answer) -> bool:
    """A login that was refused is never repeated (it locks users out); a SOAP fault comes as a 500."""
    fault = b":Fault>" in answer.body
    if call.lane == "login":
        turned_away = answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and answer.status not in _AT_THE_DOOR
        return turned_away or (fault and b"SERVER_UNAVAILABLE" not in answer.body)
    return "/services/Soap/" in call.path and fault
