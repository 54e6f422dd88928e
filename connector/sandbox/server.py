"""Runs a sandbox: in this process until it is told to stop, or in a thread for as long as a test needs it."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn

from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.sandbox.app import App

HOST = "127.0.0.1"
"""The sandbox is never reachable from another machine."""
SAVE_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that answers; `app` is its inside, for tests that look behind the door."""

    url: str
    app: Any


def bind(port: int) -> socket.socket:
    """Take a port, or any free one for 0; UsageError when it is taken."""
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((HOST, port))
    except OSError as error:
        taken.close()
        raise UsageError(f"port {port} cannot be used: {error.strerror}", hint="name another with --port") from error
    return taken


class _Server(uvicorn.Server):
    """Saves the account now and then and when it stops; a stop by signal is a good end."""

    def __init__(self, app: App[Any]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
                ws="none",
                lifespan="off",
                access_log=False,
                log_level="warning",
                proxy_headers=False,
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=2,
                timeout_keep_alive=75,
                callback_notify=self._save,
                timeout_notify=SAVE_SECONDS,
            )
        )
        self._app = app

    async def _save(self) -> None:
        if self._app.keeper is not None:
            self._app.keeper.save()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        await self._save()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        with super().capture_signals():
            yield
            self._captured_signals.clear()


def address(taken: socket.socket) -> str:
    """Give the base URL of a bound socket."""
    return f"http://{HOST}:{taken.getsockname()[1]}"


def run(app: App[Any], taken: socket.socket, *, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is told the URL once connections are accepted."""
    taken.listen(128)
    ready(address(taken))
    _Server(app).run(sockets=[taken])


@contextmanager
def in_thread(app: App[Any]) -> Iterator[Running]:
    """Serve in a thread of this process for the length of a with block."""
    taken = bind(0)
    taken.listen(128)
    server = _Server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
    thread.start()
    try:
        yield Running(address(taken), app)
    finally:
        server.should_exit = True
        thread.join()
        taken.close()
