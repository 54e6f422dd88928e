"""A CRM on this machine that speaks the vendor's HTTP: for tests, for trying rules, for the demo.

`serve` runs one until it is stopped; `running` gives one to a test. Nothing here knows the product's own
client: it is written from the vendor's documented behaviour alone.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from connector.errors import UsageError
from connector.sandbox import server
from connector.sandbox.hubspot.app import HubSpot
from connector.sandbox.hubspot.limits import PROFESSIONAL, UNLIMITED
from connector.sandbox.hubspot.loading import load
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.tables import read_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from connector.sandbox.server import Running

__all__ = ["running", "serve"]


def serve(
    *,
    now: Callable[[], datetime],
    crm: str = "hubspot",
    data: Path | None = None,
    port: int = 0,
    limits: str = "real",
    token: str | None = None,
    seed: int = 1,
    index_lag: float = 0.0,
) -> None:
    """Serve a sandbox on 127.0.0.1 until SIGTERM; print where it listens once it does.

    `port` 0 takes a free one. `index_lag` is in seconds.
    """
    app = _sandbox(now=now, crm=crm, data=data, limits=limits, token=token, seed=seed, index_lag=index_lag)
    server.run(app, server.bind(port), ready=_announce)


def _announce(url: str) -> None:
    print(f"listening on {url}", flush=True)  # noqa: T201 - the promise of `tiersync sandbox`


@contextmanager
def running(
    *,
    now: Callable[[], datetime],
    crm: str = "hubspot",
    data: Path | None = None,
    limits: str = "off",
    token: str | None = None,
    seed: int = 1,
    index_lag: float = 0.0,
) -> Iterator[Running]:
    """Give a sandbox in a thread of this process, at `.url`, for the length of a with block."""
    app = _sandbox(now=now, crm=crm, data=data, limits=limits, token=token, seed=seed, index_lag=index_lag)
    with server.in_thread(app) as found:
        yield found


def _sandbox(
    *,
    now: Callable[[], datetime],
    crm: str,
    data: Path | None,
    limits: str,
    token: str | None,
    seed: int,
    index_lag: float,
) -> HubSpot:
    if crm != "hubspot":
        raise UsageError(f"there is no sandbox for {crm} yet", hint="use --crm hubspot")
    quota = PROFESSIONAL if limits == "real" else UNLIMITED
    portal = Portal(now=now, quota=quota, seed=seed, index_lag=index_lag)
    portal.access.token = token
    if data is not None:
        load(portal, read_tables(data))
    return HubSpot(portal)
