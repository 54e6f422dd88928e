"""The API versions an organisation has: one that it lacks answers everything with a bare 404.

Source: Salesforce's Versions resource, `GET /services/data/`, which needs no session and counts against no limit.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from connector.crm.transport import Call
from connector.errors import ConnectorError, UsageError

if TYPE_CHECKING:
    from connector.crm.salesforce.session.client import Client


def require(client: Client) -> None:
    """UsageError when the version of the settings is none of them; nothing when they are not told."""
    known: list[str] = []
    with suppress(ConnectorError):
        known = _told(client)
    if known and client.version not in known:
        newest = max(known, key=float)
        raise UsageError(
            f"[crm] api_version: this organisation has no API version {client.version}, the newest is {newest}",
            hint=f'set [crm] api_version = "{newest}"',
        )


def _told(client: Client) -> list[str]:
    rows = client.array(Call("GET", "/services/data/", "asking for the API versions"))
    versions = [row.get("version") for row in rows if isinstance(row, dict)]
    return [text for text in versions if isinstance(text, str) and text.replace(".", "", 1).isdecimal()]
