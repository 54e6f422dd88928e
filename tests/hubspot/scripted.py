"""An HTTP server that answers as a tiny CRM does, except where a test tells it to misbehave."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """An answer to give instead of the proper one."""

    status: int = 200
    body: object = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    """Send only so many bytes of the body announced, then close."""
    drop: bool = False
    """Close without a word."""
    apply: bool = False
    """Let the tiny HubSpot act first (a write lands, its answer is lost)."""
    delay: float = 0.0
    drip: float = 0.0
    """Seconds between single bytes."""

    def bytes(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)


Rule = "Callable[[Seen], Reply | None]"


class Scripted:
    """The server; `rule` decides per request, None means: answer properly."""

    def __init__(self, tiny: Any) -> None:
        self.tiny = tiny
        self.seen: list[Seen] = []
        self.rule: Callable[[Seen], Reply | None] = lambda _: None
        self.url = ""
        self.date = ""
        """The server's clock as its answers tell it; the machine's when empty."""
        self.lock = threading.Lock()

    def only(self, fragment: str, *replies: Reply | None, then: Reply | None = None) -> None:
        """Give these replies, in turn, to requests whose path holds the fragment, and `then` to all later ones."""
        left = list(replies)

        def rule(seen: Seen) -> Reply | None:
            if fragment not in f"{seen.method} {seen.path}":
                return None
            return left.pop(0) if left else then

        self.rule = rule

    def properly(self, seen: Seen) -> Reply:
        body: dict[str, Any] = orjson.loads(seen.body) if seen.body.startswith(b"{") else {}
        status, document = self.tiny.answer(seen.method, seen.path, seen.query, body)
        return Reply(status, document)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Scripted

    def serve(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = Seen(self.command, parts.path, dict(parse_qsl(parts.query)), dict(self.headers.items()), body)
        with self.script.lock:
            self.script.seen.append(seen)
            told = self.script.rule(seen)
            proper = self.script.properly(seen) if told is None or told.apply else None
        reply = told or proper
        assert reply is not None
        time.sleep(reply.delay)
        if reply.drop:
            self.close_connection = True
            return
        self._answer(reply)

    def _answer(self, reply: Reply) -> None:
        data = reply.bytes()
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if reply.cut is not None:
            self.wfile.write(data[: reply.cut])
            self.close_connection = True
        elif reply.drip:
            for byte in data:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(reply.drip)
        else:
            self.wfile.write(data)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header."""
        return self.script.date or super().date_time_string(timestamp)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that hangs up on purpose is no news."""


@contextmanager
def scripted(tiny: Any) -> Iterator[Scripted]:
    """Serve for the length of a with block."""
    script = Scripted(tiny)
    verbs = {f"do_{verb}": _Handler.serve for verb in ("GET", "POST", "PATCH", "DELETE")}
    handler = type("Handler", (_Handler,), {"script": script, **verbs})
    server = _Server(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    script.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
