"""One call function for every HubSpot request, around the official client; answers come back as checked JSON.

The official client builds URLs, sends and raises; its typed models are passed by (`_preload_content=False` and
orjson cost 1/23 of them, and they turn a cut or HTML body into an empty result without an error).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode, urlsplit

import urllib3
from hubspot.crm.companies import ApiClient, Configuration
from hubspot.crm.companies.exceptions import ApiException

from connector.crm import client
from connector.crm.hubspot.session import answers
from connector.crm.hubspot.session.answers import Problem
from connector.crm.hubspot.session.limits import Limits
from connector.crm.lost import is_hopeless, lost, whole
from connector.crm.meaning import Meaning
from connector.crm.texts import brief
from connector.crm.transport import Again, Answer, Call, NoAnswer
from connector.errors import AccessRefused, StopRun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.crm.hubspot.session.auth import Credentials
    from connector.errors import ConnectorError
    from connector.model.secrets import Secret

_FORM = "application/x-www-form-urlencoded"
_POOL = 16
_CONNECT_SECONDS = 10.0


class Refused(StopRun):
    """HubSpot will never take this call as it is (400, 404, 409, 413, 414); `problem` holds its words."""

    code = "REFUSED"

    def __init__(self, message: str, *, hint: str, problem: Problem) -> None:
        super().__init__(message, hint=hint)
        self.problem = problem


class Forbidden(AccessRefused):
    """A scope is missing; `scopes` are those of which any one would do."""

    def __init__(self, message: str, *, hint: str, scopes: tuple[str, ...]) -> None:
        super().__init__(message, hint=hint)
        self.scopes = scopes


_TOKEN_REFUSED = (Meaning.REFUSED, Meaning.EXPIRED, Meaning.UNAUTHORISED, Meaning.FORBIDDEN)


class Wire:
    """One try of one call through the official client; never raises, never follows a redirect."""

    def __init__(self, *, base_url: str, timeout_seconds: float, ticks: Callable[[], float]) -> None:
        configuration = Configuration()
        configuration.host = base_url.rstrip("/")
        parts = urlsplit(base_url)
        self._host = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
        # No retries and no redirects below us: both are decided where the kind of answer is known, and a
        # redirect would carry the token to a host nobody named.
        configuration.retries = urllib3.Retry(total=False)
        configuration.connection_pool_maxsize = _POOL
        self._api = ApiClient(configuration=configuration)
        self._api.user_agent = "tiersync"
        self._api.set_default_header("Accept", "application/json")
        self._api.set_default_header("Accept-Encoding", "gzip")
        self._timeout = timeout_seconds
        self._ticks = ticks

    def send(self, call: Call, bearer: Secret | None) -> Answer | NoAnswer:
        """The answer, or why there is none."""
        deadline = self._ticks() + self._timeout
        try:
            return self._read(self._open(call, bearer), deadline)
        except ApiException as error:
            return _refusal(error)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return lost(error, self._host)

    def close(self) -> None:
        """Close every connection."""
        self._api.rest_client.pool_manager.clear()

    def _open(self, call: Call, bearer: Secret | None) -> urllib3.BaseHTTPResponse:
        # `request`, not `call_api`: the body is JSON already, walking through it again costs more than sending it.
        headers = {**self._api.default_headers, "Content-Type": _FORM if call.form else "application/json"}
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer.reveal()}"
        query = f"?{urlencode(call.query, safe=',')}" if call.query else ""
        response = self._api.request(
            call.method,
            self._api.configuration.host + call.path + query,
            headers=headers,
            body=call.body,
            post_params=list(call.form.items()) if call.form else None,
            _preload_content=False,
            _request_timeout=(min(_CONNECT_SECONDS, self._timeout), self._timeout),
        )
        return cast("urllib3.BaseHTTPResponse", response)

    def _read(self, response: urllib3.BaseHTTPResponse, deadline: float) -> Answer | NoAnswer:
        body = whole(response, ticks=self._ticks, deadline=deadline, seconds=self._timeout)
        return Answer(response.status, response.headers, body) if isinstance(body, bytes) else body


def _refusal(error: ApiException) -> Answer | NoAnswer:
    """The answer inside an exception of the official client; without a status it is about TLS."""
    if error.status:
        return Answer(error.status, urllib3.HTTPHeaderDict(error.headers), error.body or b"")
    text = brief(str(error.reason))
    if is_hopeless(text):
        return NoAnswer(f"no secure connection can be made: {text}", sent=False, hopeless=True)
    return NoAnswer(f"the secure connection broke off: {text}", sent=True)


@dataclass(kw_only=True, eq=False, repr=False)
class Client(client.Client[Limits, Problem]):
    """HubSpot by JSON: `get` and `post` return the decoded object of a good answer.

    Raises Refused (400, 404, 409), Forbidden (403), AccessRefused (401, 530), QuotaUsedUp, BadAnswer for a body
    that is not a JSON object, StopRun when no answer can be had, AnswerLost for a write whose fate is unknown.
    """

    vendor = "HubSpot"
    address = "[crm] base_url"
    door = "oauth"
    shapes = ("an HTML page", "no object")

    credentials: Credentials = field(init=False)

    def get(self, path: str, what: str, **query: str) -> dict[str, Any]:
        """GET one JSON object."""
        return self.object(Call("GET", path, what, query=tuple(query.items())))

    def post(
        self, path: str, what: str, body: Mapping[str, object], *, lane: str = "app", once: bool = False
    ) -> dict[str, Any]:
        """POST a JSON object, get one back; `once` is for writes whose fate matters."""
        return self.object(Call("POST", path, what, body=body, lane=lane, once=once))

    def patch(self, path: str, what: str, body: Mapping[str, object]) -> dict[str, Any]:
        """PATCH with a JSON object, get one back."""
        return self.object(Call("PATCH", path, what, body=body))

    def meaning(self, call: Call, answer: Answer) -> Meaning:
        """See Client.meaning; whoever asks for a token judges its refusal."""
        meant = answers.meaning(answer)
        return Meaning.TOLD if call.lane == self.door and meant in _TOKEN_REFUSED else meant

    def again(self, call: Call, answer: Answer) -> Again:
        """See Client.again; a 429 tells that there is a limit."""
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            self.limits.exceeded(call.lane)
        return answers.again(answer, lane=call.lane, now=self.now(), chance=self.chance)

    def problem(self, answer: Answer) -> Problem:
        """See Client.problem."""
        return answers.problem(answer)

    def refusal(self, meant: Meaning, text: str, found: Problem) -> ConnectorError:
        """See Client.refusal; a refused token stops everything."""
        if meant is Meaning.FORBIDDEN:
            return _forbidden(text, found)
        if meant in (Meaning.UNAUTHORISED, Meaning.EXPIRED):
            hint = self.credentials.warning() or "check [crm] token: a service key or private-app token (pat-…)"
            return self.transport.brake.stop(AccessRefused(f"HubSpot refuses the token: {text}", hint=hint))
        return Refused(text, hint=self.advice(meant), problem=found)


def _forbidden(text: str, found: Problem) -> Forbidden:
    scopes = found.scopes()
    hint = f"give the token one of these scopes: {', '.join(scopes)}" if scopes else "check the token's scopes"
    message = f"{text} ({' or '.join(scopes)})" if scopes else text
    return Forbidden(message, hint=hint, scopes=scopes)
