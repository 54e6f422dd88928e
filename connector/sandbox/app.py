"""The ASGI application every vendor's sandbox is: a call in, the vendor's answer out, unless a fault says otherwise."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from datetime import UTC
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from connector.sandbox.calls import Call
from connector.sandbox.faults import Faults, Rule
from connector.sandbox.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping
    from datetime import datetime

    from connector.sandbox.answers import Answer
    from connector.sandbox.keeper import Keeper

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

C = TypeVar("C", bound=Call)
PREFIX = "/_sandbox/"
"""Paths of the sandbox's own, which no vendor has."""


class App(ABC, Generic[C]):
    """One vendor's HTTP surface over one account, with its faults and its journal."""

    def __init__(self, actions: Iterable[str], *, now: Callable[[], datetime]) -> None:
        self._now = now
        self.faults = Faults(actions)
        self.journal = Journal()
        self.keeper: Keeper | None = None

    @abstractmethod
    def read(self, method: str, path: str, query: bytes, headers: dict[bytes, bytes], body: bytes) -> C:
        """Make the vendor's kind of call."""

    @abstractmethod
    def respond(self, call: C) -> Answer:
        """Do what the call asks; refusals are answers too."""

    @abstractmethod
    def control(self, call: C) -> Answer:
        """Answer a call on a path of the sandbox's own."""

    @abstractmethod
    def stopped(self, call: C, query: str) -> Answer | None:
        """Give the answer of the vendor's edge to a call it does not let through."""

    @abstractmethod
    def instead(self, rule: Rule) -> Answer | None:
        """Give the answer that a fault sends instead of doing anything; None when the call is done all the same."""

    @abstractmethod
    def spoiled(self, rule: Rule, found: Answer) -> Answer:
        """Give the answer as the fault leaves it."""

    def noted(self, call: C, query: str) -> tuple[str, bytes]:
        """Give what the journal keeps of query and body; a vendor whose calls carry secrets there blots them out."""
        return query, call.body

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        if scope["type"] != "http":
            return
        raw = scope["query_string"]
        call = self.read(scope["method"], scope["path"], raw, dict(scope["headers"]), await _body(receive))
        if call.path.startswith(PREFIX):
            await self._send(send, self.control(call))
            return
        query = raw.decode("latin-1")
        early = self.stopped(call, query)
        if early is not None:
            await self._send(send, early)
            return
        rule = self.faults.pick(call.method, f"{call.path}?{query}" if query else call.path, call.body)
        found = await self._outcome(call, rule)
        self._note(call, query, rule, found)
        if found is None:
            await _reset(receive, send)
        elif rule is not None and rule.action == "cut":
            await self._cut(receive, send, found)
        else:
            await self._send(send, found)

    async def _outcome(self, call: C, rule: Rule | None) -> Answer | None:
        """Do what the call asks, with the fault before, instead of or after it; None is no answer at all."""
        if rule is None:
            return self.respond(call)
        if rule.action == "slow-before":
            await asyncio.sleep(rule.options.get("seconds", 1.0))
        given = self.instead(rule)
        if given is not None or rule.action == "reset-before":
            return given
        found = self.respond(call)
        if rule.action == "slow-after":
            await asyncio.sleep(rule.options.get("seconds", 1.0))
        return None if rule.action == "reset-after" else self.spoiled(rule, found)

    def _start(self, found: Answer) -> Message:
        # The Date header tells the time of the account's own clock, as a vendor's does of theirs.
        date = (b"date", format_datetime(self._now().astimezone(UTC), usegmt=True).encode())
        length = (b"content-length", str(len(found.body)).encode())
        return {"type": "http.response.start", "status": found.status, "headers": [*found.headers, date, length]}

    async def _send(self, send: Send, found: Answer) -> None:
        await send(self._start(found))
        await send({"type": "http.response.body", "body": found.body})

    async def _cut(self, receive: Receive, send: Send, found: Answer) -> None:
        await send(self._start(found))
        await send({"type": "http.response.body", "body": found.body[: len(found.body) // 2], "more_body": True})
        _transport(send).close()
        await receive()

    def _note(self, call: C, query: str, rule: Rule | None, found: Answer | None) -> None:
        query, body = self.noted(call, query)
        self.journal.note(
            tick=asyncio.get_running_loop().time(),
            method=call.method,
            path=call.path,
            query=query,
            status=found.status if found else 0,
            fault=rule.action if rule else "",
            writes=call.writes,
            sent=body if call.writes else b"",
        )


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _transport(send: Any) -> Any:
    # ASGI knows no way to drop a connection; the transport behind uvicorn's `send` does.
    return send.__self__.transport


async def _reset(receive: Receive, send: Send) -> None:
    _transport(send).abort()
    await receive()
