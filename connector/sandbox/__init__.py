"""A CRM on this machine that speaks the vendor's HTTP: for tests, for trying rules, for the demo.

`serve` runs one until it is stopped; `running` gives one to a test. Nothing here knows the product's own
client: it is written from the vendor's documented behaviour alone.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.errors import UsageError
from connector.sandbox import server
from connector.sandbox.hubspot.account.portal import Portal
from connector.sandbox.hubspot.app import HubSpot
from connector.sandbox.hubspot.files.loading import load as hubspot_load
from connector.sandbox.hubspot.limits import PROFESSIONAL, UNLIMITED
from connector.sandbox.keeper import Keeper
from connector.sandbox.population import generate
from connector.sandbox.salesforce.app import Salesforce
from connector.sandbox.salesforce.files.loading import Loader
from connector.sandbox.salesforce.limits import ENTERPRISE
from connector.sandbox.salesforce.limits import UNLIMITED as FULL_SANDBOX
from connector.sandbox.salesforce.oauth import public_key
from connector.sandbox.salesforce.org.founding import found
from connector.sandbox.salesforce.org.org import Org
from connector.sandbox.tables import read_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from connector.sandbox.app import App
    from connector.sandbox.hubspot.limits import Quota
    from connector.sandbox.salesforce.limits import Quota as OrgQuota
    from connector.sandbox.server import Running
    from connector.sandbox.tables import Tables

__all__ = ["Wish", "build", "running", "serve"]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a sandbox is asked to be; times in seconds."""

    now: Callable[[], datetime]
    crm: str = "hubspot"
    data: Path | None = None
    population: int | None = None
    """Generate this many companies, with deals, tickets and calls, when there is no `data`."""
    limits: str = "real"
    state: Path | None = None
    """Keeps the account; an existing file wins over `data` and `population`."""
    seed: int = 1
    token: str | None = None
    """The only static token accepted; None accepts any that starts with `pat-`, or the two sessions of Salesforce."""
    certificate: Path | None = None
    """PEM of the certificate or public key of both Salesforce apps, for JWT bearer."""
    index_lag: float = 0.0
    quota: Quota | None = None
    """Other rate limits than those of a Professional account."""
    org_quota: OrgQuota | None = None
    """Other limits of a day than those of an Enterprise org."""


def serve(*, port: int = 0, **wish: Any) -> None:
    """Serve a sandbox on 127.0.0.1 until SIGTERM; print where it listens once it does.

    `port` 0 takes a free one; the other arguments are those of `Wish`.
    """
    app = build(Wish(**wish))
    server.run(app, server.bind(port), ready=_announce)


def _announce(url: str) -> None:
    sys.stdout.write(f"listening on {url}\n")
    sys.stdout.flush()


@contextmanager
def running(**wish: Any) -> Iterator[Running]:
    """Give a sandbox in a thread of this process, at `.url`, for the length of a with block.

    The arguments are those of `Wish`; without any `limits` there are none here.
    """
    with server.in_thread(build(Wish(**{"limits": "off", **wish}))) as found:
        yield found


def build(wish: Wish) -> App[Any]:
    """Make a sandbox as wished; UsageError when that cannot be."""
    app, load = MAKERS[wish.crm](wish)
    if app.keeper is None or not app.keeper.restore():
        tables = _tables(wish)
        if tables is not None:
            load(tables)
    return app


def _tables(wish: Wish) -> Tables | None:
    if wish.data is not None:
        return read_tables(wish.data)
    if wish.population is not None:
        return generate(companies=wish.population, as_of=wish.now().date(), seed=wish.seed)
    return None


def _hubspot(wish: Wish) -> tuple[App[Any], Callable[[Tables], None]]:
    quota = wish.quota or (PROFESSIONAL if wish.limits == "real" else UNLIMITED)
    portal = Portal(now=wish.now, quota=quota, seed=wish.seed, index_lag=wish.index_lag)
    portal.access.token = wish.token
    app = HubSpot(portal)
    app.keeper = Keeper(portal, wish.state) if wish.state else None
    return app, lambda tables: hubspot_load(portal, tables)


def _salesforce(wish: Wish) -> tuple[App[Any], Callable[[Tables], None]]:
    org = Org(
        now=wish.now, quota=wish.org_quota or (ENTERPRISE if wish.limits == "real" else FULL_SANDBOX), seed=wish.seed
    )
    found(org)
    org.access.token = wish.token
    if wish.certificate is not None:
        org.access.certify(_certificate(wish.certificate))
    app = Salesforce(org)
    app.keeper = Keeper(org, wish.state) if wish.state else None
    return app, lambda tables: Loader(org, tables).load()


def _certificate(path: Path) -> bytes:
    try:
        pem = path.read_bytes()
        public_key(pem)
    except (OSError, ValueError, TypeError) as error:
        hint = "name a PEM file with an RSA certificate or public key"
        raise UsageError(f"{path}: no certificate: {error}", hint=hint) from error
    return pem


MAKERS: dict[str, Callable[[Wish], tuple[App[Any], Callable[[Tables], None]]]] = {
    "hubspot": _hubspot,
    "salesforce": _salesforce,
}
