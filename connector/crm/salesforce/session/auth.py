"""Sessions: one that is given, or one that is logged in for and replaced when it expires, by one thread at a time.

The two OAuth grants that are a form and its answer are written here. simple-salesforce writes the others (a signed
assertion, SOAP) and reads their answers; it takes a fifth of a second to load, so only who uses them waits for it. Our
transport carries them all (patience, timeouts, pacing, http where the settings say so).
Source: Salesforce's OAuth pages; SOAP login() does not exist from version 65 on; refresh tokens may rotate.
"""

from __future__ import annotations

import io
import re
import threading
import warnings
from base64 import b64encode
from html import unescape
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import urlencode, urlsplit
from xml.parsers.expat import ExpatError

import orjson
import requests
from msgspec import Struct

from connector.crm.salesforce.soql import full_id
from connector.crm.texts import brief
from connector.crm.transport import Answer, Call
from connector.errors import AccessRefused, BadAnswer
from connector.model.secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.crm.texts import Mask

_USER = re.compile(rb"""(?:/id/00D\w{12,15}/|<userId>)(005\w{12,15})""")
_ORGANIZATION = re.compile(rb"""(?:/id/|<organizationId>)(00D\w{12,15})""")
_FAULT = re.compile(r"<faultstring[^>]*>(.*?)</faultstring>", re.DOTALL)
_PATH = "/services/oauth2/token"
_WHAT = "logging in to Salesforce"
ADDRESS = (
    "check [crm] instance_url, and login_url if set: your own domain and no page of it, like "
    "https://acme.my.salesforce.com (Setup → My Domain)"
)


class Credentials(Protocol):
    """Where the session of the next call comes from."""

    def bearer(self) -> Secret:
        """The session to send now."""

    def renew(self, refused: Secret, /) -> None:
        """Replace a session that was refused as expired. Raises AccessRefused when that cannot be."""

    def advice(self) -> str:
        """What a person can do about a session that is refused."""

    def user(self) -> str | None:
        """The id of the user who logged in, where the login told."""

    def organization(self) -> str | None:
        """The id of the organization logged in to, where the login told."""

    def forget(self) -> None:
        """A new run begins: a login that was refused may be tried again."""


class Grant(Struct, frozen=True):
    """What a login gives: a session, and whose it is."""

    session: Secret
    user: str | None
    organization: str | None


class FixedSession:
    """A session id or access token somebody else got: it ends when it ends."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def bearer(self) -> Secret:
        """The session itself."""
        return self._token

    def renew(self, _refused: Secret, /) -> None:
        """Never: it was not ours to get."""
        raise AccessRefused("Salesforce refuses the session: it expired, or never was one", hint=self.advice())

    def advice(self) -> str:
        """A given session ends after some hours."""
        return 'put a fresh session where [crm] token points, or use login = "client_credentials"'

    def user(self) -> None:
        """Nobody told."""

    def organization(self) -> None:
        """Nobody told."""

    def forget(self) -> None:
        """Nothing was tried."""


class LoggedIn:
    """Sessions from logins; `login` gets one and raises AccessRefused when it is refused.

    A refusal stands until the next run: whoever asks after it gets the same one. Salesforce locks a user out who is
    refused too often.
    """

    def __init__(self, login: Callable[[], Grant], *, advice: str) -> None:
        self._login = login
        self._advice = advice
        self._lock = threading.Lock()
        self._grant: Grant | None = None
        self._refused: AccessRefused | None = None

    def bearer(self) -> Secret:
        """The session, logged in for when there is none yet."""
        with self._lock:
            if self._grant is None:
                self._grant = self._ask()
            return self._grant.session

    def renew(self, refused: Secret, /) -> None:
        """One login, unless another thread has already replaced the refused session."""
        with self._lock:
            if self._grant is not None and self._grant.session is refused:
                self._grant = None
                self._grant = self._ask()

    def forget(self) -> None:
        """See Credentials.forget."""
        self._refused = None

    def _ask(self) -> Grant:
        if self._refused is not None:
            raise self._refused
        try:
            return self._login()
        except AccessRefused as error:
            self._refused = error
            raise

    def advice(self) -> str:
        """See Credentials.advice."""
        return self._advice

    def user(self) -> str | None:
        """The user of the session in use."""
        self.bearer()
        return self._grant.user if self._grant else None

    def organization(self) -> str | None:
        """The organization of the session in use."""
        self.bearer()
        return self._grant.organization if self._grant else None


class Post:
    """The session simple-salesforce posts a login with: our transport, to the path it names, at our login address."""

    def __init__(self, fetch: Callable[[Call], Answer]) -> None:
        self._fetch = fetch
        self.body = b""
        """The last answer."""
        self.status = 0

    def post(
        self, url: str, data: Any = None, headers: Mapping[str, str] | None = None, **_: object
    ) -> requests.Response:
        """What the library expects of a requests session."""
        form = data if isinstance(data, dict) else None
        content = urlencode(form) if form is not None else str(data or "")
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
        call = Call(
            "POST",
            urlsplit(url).path,
            _WHAT,
            content=content.encode(),
            headers=tuple((kind | dict(headers or {})).items()),
            lane="login",
        )
        answer = _answered(self._fetch, call)
        self.body, self.status = answer.body, answer.status
        response = requests.Response()
        response.status_code = answer.status
        response.raw = io.BytesIO(answer.body)
        return response


def login(fetch: Callable[[Call], Answer], mask: Mask, hint: str, **told: str) -> Grant:
    """A session by one of simple-salesforce's logins. Raises AccessRefused with Salesforce's words, BadAnswer."""
    from simple_salesforce.exceptions import SalesforceAuthenticationFailed
    from simple_salesforce.login import SalesforceLogin

    post = Post(fetch)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of consents that are missing; the error says so too
            token, _ = SalesforceLogin(session=cast("Any", post), **cast("dict[str, Any]", told))
    except SalesforceAuthenticationFailed as error:
        if post.status == requests.codes.ok:  # nobody refused anything: what came is no answer of a login
            return _granted(None, mask, post.body)
        words = brief(mask(_words(error.code, error.auth_message)))
        raise AccessRefused(f"Salesforce refuses the login: {words}", hint=hint) from None
    except (AttributeError, TypeError, ValueError, LookupError, ExpatError):
        token = None
    return _granted(token, mask, post.body)


def _words(code: object, message: str) -> str:
    """The server's own words: what simple-salesforce took out of its answer, or the whole fault or page."""
    if fault := _FAULT.search(message):
        return unescape(fault[1])
    if message.lstrip().startswith("<"):
        return ": ".join(filter(None, (str(code or ""), "a page, and no answer of a login")))
    return ": ".join(filter(None, (str(code or ""), unescape(message))))


def grant(
    fetch: Callable[[Call], Answer], mask: Mask, hint: str, form: Mapping[str, str], *, what: str, basic: str = ""
) -> tuple[Grant, Secret | None]:
    """A session for an OAuth form, and the refresh token that replaces the one in it, if one came along.

    `basic` is the user and password of HTTP, `what` is named when it is refused. Raises AccessRefused with
    Salesforce's words, BadAnswer.
    """
    headers = (("Authorization", f"Basic {b64encode(basic.encode()).decode()}"),) if basic else ()
    answer = _answered(fetch, Call("POST", _PATH, _WHAT, form=form, headers=headers, lane="login"))
    try:
        body = orjson.loads(answer.body)
        refused = str(body.get("error") or "") if answer.status != requests.codes.ok else ""
        words = str(body.get("error_description") or "")
    except (orjson.JSONDecodeError, AttributeError):
        body, refused, words = {}, "" if answer.status == requests.codes.ok else f"HTTP {answer.status}", ""
    if refused or answer.status != requests.codes.ok:
        text = brief(mask(f"{refused or answer.status}: {words}".rstrip(": ")))
        raise AccessRefused(f"Salesforce refuses {what}: {text}", hint=hint)
    rotated = body.get("refresh_token")
    made = _granted(body.get("access_token"), mask, answer.body)
    return made, Secret(rotated) if isinstance(rotated, str) and rotated else None


def _answered(fetch: Callable[[Call], Answer], call: Call) -> Answer:
    """What the login said. Raises BadAnswer when nobody takes logins at that address."""
    answer = fetch(call)
    page = answer.body.lstrip().startswith((b"<", b"[")) and b":Fault>" not in answer.body  # no login answers a list
    moved = answer.status // 100 == requests.codes.multiple_choices // 100
    if moved or (answer.status == requests.codes.not_found and (page or not answer.body.strip())):
        raise BadAnswer(f"{_WHAT}: nobody takes logins at this address (HTTP {answer.status})", hint=ADDRESS)
    return answer


def _granted(token: object, mask: Mask, body: bytes) -> Grant:
    """The session, and whose it is: an OAuth answer's `id` ends so, a SOAP one has `userId` and `organizationId`."""
    return Grant(_session(token, mask), user=_told(_USER, body), organization=_told(_ORGANIZATION, body))


def _told(what: re.Pattern[bytes], body: bytes) -> str | None:
    found = what.search(body)
    return full_id(found[1].decode()) if found else None


def _session(token: object, mask: Mask) -> Secret:
    if not isinstance(token, str) or not token.strip():
        raise BadAnswer(f"{_WHAT}: the answer holds no session", hint=ADDRESS)
    session = Secret(token)
    mask.renewed(session)
    return session
