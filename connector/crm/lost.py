"""Why a call got no answer, and whether it can have arrived: urllib3's errors sorted by that."""

from __future__ import annotations

import urllib3

from connector.crm.transport import NoAnswer

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
        return NoAnswer(f"the host name {host} cannot be resolved", sent=False)
    if isinstance(error, _NEVER_SENT):
        return NoAnswer(f"the host {host} cannot be reached", sent=False)
    if isinstance(error, urllib3.exceptions.ReadTimeoutError):
        return NoAnswer("no answer in time", sent=True)
    if isinstance(error, _HOPELESS):
        return NoAnswer(f"the connection cannot be made ({type(error).__name__})", sent=False, hopeless=True)
    return NoAnswer(f"the connection broke off ({type(error).__name__})", sent=True)
