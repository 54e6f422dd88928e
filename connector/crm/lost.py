"""Reading an answer whole; or why there is none, and whether the call arrived: urllib3's errors sorted by that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import urllib3

from connector.crm.transport import NoAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

_NEVER_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NameResolutionError,
)
_HOPELESS = (urllib3.exceptions.LocationValueError, ValueError)


def lost(error: Exception, host: str) -> NoAnswer:
    """Why nothing came back, without the address: it may hold what was asked."""
    while isinstance(error, urllib3.exceptions.MaxRetryError) and error.reason is not None:
        error = error.reason
    if isinstance(error, urllib3.exceptions.NameResolutionError):
        return NoAnswer(f"the host name {host} cannot be resolved", sent=False, unknown=True)
    if isinstance(error, _NEVER_SENT):
        return NoAnswer(f"the host {host} cannot be reached", sent=False)
    if isinstance(error, urllib3.exceptions.ReadTimeoutError):
        return NoAnswer("no answer in time", sent=True)
    if isinstance(error, _HOPELESS):
        return NoAnswer(f"the connection cannot be made ({type(error).__name__})", sent=False, hopeless=True)
    return NoAnswer(f"the connection broke off ({type(error).__name__})", sent=True)


def whole(
    response: urllib3.BaseHTTPResponse, *, ticks: Callable[[], float], deadline: float, seconds: float
) -> bytes | NoAnswer:
    """The whole body, within the `seconds` one answer may take: a server that drips is a server that hangs."""
    chunks = []
    try:
        while chunk := response.read1(1 << 20):
            chunks.append(chunk)
            if ticks() > deadline:
                response.close()
                return NoAnswer(f"the answer took longer than {seconds:g} s", sent=True)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        return NoAnswer(f"the answer broke off halfway ({type(error).__name__})", sent=True, cut=True)
    response.release_conn()
    return b"".join(chunks)


def is_hopeless(text: str) -> bool:
    """Whether words about TLS tell of something that stays: the certificate, the port or the name."""
    return any(word in text.upper() for word in ("CERTIFICATE", "WRONG_VERSION", "HOSTNAME"))
