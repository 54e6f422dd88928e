"""What answers from outside how the worker is: three probes and the figures, read-only, without any secret.

| path | 200 while | for |
|---|---|---|
| `/livez` | the worker's loop turns | whoever restarts a process that hangs |
| `/readyz` | it turns, was not asked to stop, and the state can be read | whoever counts replicas |
| `/healthz` | it turns, and a good run followed the last due time in time | whoever calls a person |
| `/metrics` | always | Prometheus |
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import socket
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.errors import UsageError
from connector.worker.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connector.model.secrets import Secret

PATIENCE_SECONDS = 5.0
"""How long a client may take to say what it wants."""


class Answer(Struct, frozen=True):
    """What a probe says: well when there are no reasons against it."""

    reasons: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def status(self) -> HTTPStatus:
        """200 or 503."""
        return HTTPStatus.SERVICE_UNAVAILABLE if self.reasons else HTTPStatus.OK

    def body(self) -> bytes:
        """As JSON."""
        document = {"status": "ill" if self.reasons else "ok", "reasons": list(self.reasons), **self.facts}
        return json.dumps(document, default=str).encode()


@contextmanager
def serving(
    address: str,
    *,
    probes: Mapping[str, Callable[[], Answer]],
    metrics: Callable[[], bytes],
    token: Secret | None = None,
) -> Iterator[str]:
    """Answer at `address` (host:port, port 0 takes a free one) while the block lasts; yields the base URL.

    Figures leave this machine only to who brings `token` as a bearer. Raises UsageError for an address that cannot
    be used.
    """
    server = _bound(address)
    server.probes, server.metrics, server.token = probes, metrics, token
    thread = Thread(target=server.serve_forever, name="probes", daemon=True)
    thread.start()
    try:
        yield f"http://{address.rpartition(':')[0]}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _bound(address: str) -> _Server:
    host, _, port = address.rpartition(":")
    try:
        return _Server(host.strip("[]"), int(port))
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or "no such address"
        raise UsageError(
            f"[worker] health: {address} cannot be used: {why}", hint="name another address or port"
        ) from error


class _Server(ThreadingHTTPServer):
    """A thread per question; none of them outlives the process."""

    daemon_threads = True
    probes: Mapping[str, Callable[[], Answer]]
    metrics: Callable[[], bytes]
    token: Secret | None

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Question)
        self.stays_here = _is_loopback(str(self.server_address[0]))

    def server_bind(self) -> None:
        """Bind without asking the name service for a name, which may take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        name, port = self.server_address[:2]
        self.server_name, self.server_port = str(name), int(port)


class _Question(BaseHTTPRequestHandler):
    """One question, answered from the outside of the worker: nothing here can change anything."""

    server: _Server
    timeout = PATIENCE_SECONDS
    server_version = "tiersync"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer a probe, or give the figures."""
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._figures()
        elif (probe := self.server.probes.get(path)) is not None:
            answer = probe()
            self._send(answer.status, answer.body())
        else:
            self._send(HTTPStatus.NOT_FOUND, b'{"status": "no such page"}')

    def do_HEAD(self) -> None:
        """Answer as to GET, without the body."""
        self.do_GET()

    def _figures(self) -> None:
        if self._may_have_figures():
            self._send(HTTPStatus.OK, self.server.metrics(), CONTENT_TYPE)
        else:
            told = b'{"status": "figures leave this machine only with [worker] metrics_token as a bearer token"}'
            self._send(HTTPStatus.FORBIDDEN, told)

    def _may_have_figures(self) -> bool:
        token = self.server.token
        if token is None:
            return self.server.stays_here
        given = self.headers.get("Authorization", "").encode("latin-1", "replace")
        return hmac.compare_digest(given, f"Bearer {token.reveal()}".encode())

    def _send(self, status: HTTPStatus, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: a probe every few seconds is no news."""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
