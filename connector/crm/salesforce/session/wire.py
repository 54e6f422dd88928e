"""One try of one call over a pooled session of our own: timeouts on everything, no redirects, no cookies, no retries.

simple-salesforce sets no timeout, always speaks https, asks for indented JSON and drops the headers of a call when it
logs in again; so it builds our logins (auth), and the calls go out here.
"""

from __future__ import annotations

import ssl
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import orjson
import requests
import urllib3
from requests.adapters import HTTPAdapter

from connector.crm.lost import is_hopeless, lost, whole
from connector.crm.transport import Answer, Call, NoAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.model.secrets import Secret

_POOL = 16
_CONNECT_SECONDS = 10.0


class _Trusting(HTTPAdapter):
    """Besides the authorities that requests brings, those of the machine and of SSL_CERT_FILE are trusted."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """With a context that has read them; requests adds its own to it."""
        super().init_poolmanager(*args, ssl_context=ssl.create_default_context(), **options)


class Wire:
    """Sends to `base_url`, and logins to `login_url`; never raises."""

    def __init__(self, *, base_url: str, login_url: str, timeout_seconds: float, ticks: Callable[[], float]) -> None:
        self._bases = {"login": login_url.rstrip("/")}
        self._base = base_url.rstrip("/")
        self._timeout = timeout_seconds
        self._ticks = ticks
        self._session = requests.Session()
        self._session.trust_env = False  # a .netrc would replace the token
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for base in {self._base, *self._bases.values()}:
            kind = _Trusting if base.startswith("https://") else HTTPAdapter
            self._session.mount(base, kind(pool_connections=2, pool_maxsize=_POOL, max_retries=0))
        self._session.headers.update({"User-Agent": "tiersync", "Accept-Encoding": "gzip", "Accept": "*/*"})

    def send(self, call: Call, bearer: Secret | None) -> Answer | NoAnswer:
        """The answer, or why there is none."""
        base = self._bases.get(call.lane, self._base)
        deadline = self._ticks() + self._timeout
        try:
            return self._read(self._open(base, call, bearer), deadline)
        except requests.exceptions.SSLError as error:
            return _insecure(error)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return lost(_cause(error), urlsplit(base).netloc)

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def _open(self, base: str, call: Call, bearer: Secret | None) -> requests.Response:
        headers = {"Content-Type": "application/json"} if call.body is not None else {}
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer.reveal()}"
        query = f"?{urlencode(call.query)}" if call.query else ""
        body = call.content if call.body is None else orjson.dumps(call.body)
        return self._session.request(
            call.method,
            base + call.path + query,
            data=dict(call.form) if call.form else body,
            headers=headers | dict(call.headers),
            timeout=(min(_CONNECT_SECONDS, self._timeout), self._timeout),
            allow_redirects=False,
            stream=True,
        )

    def _read(self, response: requests.Response, deadline: float) -> Answer | NoAnswer:
        response.raw.decode_content = True
        body = whole(response.raw, ticks=self._ticks, deadline=deadline, seconds=self._timeout)
        return Answer(response.status_code, response.headers, body) if isinstance(body, bytes) else body


def _cause(error: Exception) -> Exception:
    """The urllib3 error inside one of requests."""
    inner = error.args[0] if error.args else None
    return inner if isinstance(error, requests.RequestException) and isinstance(inner, Exception) else error


def _insecure(error: Exception) -> NoAnswer:
    if is_hopeless(str(error)):
        return NoAnswer(
            "no secure connection can be made: the certificate or the port is wrong", sent=False, hopeless=True
        )
    return NoAnswer("the secure connection broke off", sent=True)
