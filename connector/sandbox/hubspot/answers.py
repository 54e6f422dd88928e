"""What the sandbox sends back: an answer, or the vendor's refusal with its body (hubspot.md 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from connector.sandbox.answers import JSON, Answer, answer

if TYPE_CHECKING:
    from connector.sandbox.answers import Headers


class Refusal(Exception):
    """A request the vendor refuses: raised anywhere below the router, answered with a correlation id."""

    def __init__(self, status: int, message: str, *, headers: Headers = (), **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.content: dict[str, Any] = {"status": "error", "message": message, **more}

    def answer(self, correlation: str) -> Answer:
        """Give the body with the correlation id where the vendor puts it."""
        return Answer(self.status, orjson.dumps({**self.content, "correlationId": correlation}), self.headers + JSON)


def invalid(message: str, **more: Any) -> Refusal:
    """Refuse with 400 VALIDATION_ERROR."""
    return Refusal(400, message, category="VALIDATION_ERROR", **more)


def not_found(message: str = "resource not found") -> Refusal:
    """Refuse with 404 OBJECT_NOT_FOUND (hubspot.md 6.2)."""
    return Refusal(404, message, category="OBJECT_NOT_FOUND")


def batch(results: list[Any], errors: list[Any], *, started: str, completed: str, status: int = 200) -> Answer:
    """Answer a batch call: `status` when all went well, 207 with `errors` otherwise."""
    content: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": started, "completedAt": completed}
    if errors:
        content |= {"numErrors": len(errors), "errors": errors}
    return answer(content, 207 if errors else status)
