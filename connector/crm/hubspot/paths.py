"""Where HubSpot keeps what: one map of paths, v3/v4 or a dated version, chosen by one setting.

Source: HubSpot's versioning pages; payloads are the same under every version, only the path differs.
"""

from __future__ import annotations

import re

from msgspec import Struct

from connector.errors import UsageError

API_VERSION = "v3"
"""The version used when the settings name none; the official client knows no other."""

_DATED = re.compile(r"20\d\d-(03|09)")


class Paths(Struct, frozen=True):
    """Every path of one API version."""

    version: str = API_VERSION

    def __post_init__(self) -> None:
        if self.version != "v3" and not _DATED.fullmatch(self.version):
            raise UsageError(
                f"unknown HubSpot API version {self.version!r}",
                hint="use v3, or a dated version such as 2026-09",
            )

    def _crm(self, area: str, rest: str = "", *, v: str = "v3") -> str:
        base = f"/crm/{v}/{area}" if self.version == "v3" else f"/crm/{area}/{self.version}"
        return f"{base}/{rest}" if rest else base

    def objects(self, kind: str) -> str:
        """List, or with POST create one."""
        return self._crm("objects", kind)

    def record(self, kind: str, record: str) -> str:
        """One record."""
        return self._crm("objects", f"{kind}/{record}")

    def batch(self, kind: str, verb: str) -> str:
        """Batch read, update and the like."""
        return self._crm("objects", f"{kind}/batch/{verb}")

    def search(self, kind: str) -> str:
        """Search."""
        return self._crm("objects", f"{kind}/search")

    def links(self, source: str, target: str) -> str:
        """Associations, 1,000 records a call."""
        return self._crm("associations", f"{source}/{target}/batch/read", v="v4")

    def properties(self, kind: str, rest: str = "") -> str:
        """Property definitions; `rest` is a name, `groups` or `batch/create`."""
        return self._crm("properties", f"{kind}/{rest}" if rest else kind)

    def pipelines(self, kind: str) -> str:
        """Pipelines and their stages."""
        return self._crm("pipelines", kind)

    def owners(self) -> str:
        """Owners."""
        return self._crm("owners")

    def _account(self, rest: str) -> str:
        return f"/account-info/{self.version}/{rest}"

    def details(self) -> str:
        """Portal id, time zone, currency."""
        return self._account("details")

    def usage(self) -> str:
        """Calls used today; for legacy private apps."""
        return self._account("api-usage/daily/private-apps")

    def token(self) -> str:
        """OAuth token; v3 and later take their parameters in the body only."""
        return f"/oauth/{self.version}/token"
