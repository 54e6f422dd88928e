"""How recordings are kept: without secrets, without what differs from day to day, under HubSpot's own address."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from connector.crm.hubspot.pulling import changes, full

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import ModuleType

    from connector.ports import Page

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "cassettes" / "hubspot"
HOST = "https://api.hubapi.com"

KEPT_HEADERS = re.compile(r"content-type|retry-after|x-hubspot-ratelimit-.*|location", re.IGNORECASE)
HIDDEN = "hidden"
_SHAPES = (
    re.compile(rb"(?<=refresh_token=)[^&\"\s]+"),
    re.compile(rb"(?<=client_secret=)[^&\"\s]+"),
    re.compile(rb"(?<=client_id=)[^&\"\s]+"),
    re.compile(rb"(?<=\"access_token\":\")[^\"]+"),
    re.compile(rb"(?<=\"refresh_token\":\")[^\"]+"),
    re.compile(rb"\bpat-[a-z]{2,3}\d?-[0-9A-Za-z-]+"),
    re.compile(rb"(?<=sessionId>)[^<]+"),
    re.compile(rb"\b00D\w{12,15}![\w.-]+"),
)
_LOCAL = re.compile(rb"http://127\.0\.0\.1:\d+")
_PERSON = re.compile(rb"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")


class Scrub:
    """Takes secrets out of requests and answers, in headers and bodies; `secrets` are those it knows by name."""

    def __init__(self, secrets: Iterable[str] = (), *, host: str = HOST, kept: re.Pattern[str] = KEPT_HEADERS) -> None:
        self._secrets = [secret.encode() for secret in secrets if secret]
        self._host = host
        self._kept = kept

    def body(self, body: bytes) -> bytes:
        for secret in self._secrets:
            body = body.replace(secret, HIDDEN.encode())
        for shape in _SHAPES:
            body = shape.sub(HIDDEN.encode(), body)
        body = _LOCAL.sub(self._host.encode(), body)
        return _PERSON.sub(b"person@example.com", body)

    def request(self, request: Any) -> Any:
        """Sent and replayed requests alike; the address becomes the vendor's, wherever it was recorded."""
        parts = urlsplit(request.uri)
        request.uri = f"{self._host}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        kind = request.headers.get("Content-Type")
        request.headers = {"Content-Type": kind} if kind else {}
        if request.body:
            request.body = self.body(request.body)
        return request

    def response(self, response: dict[str, Any]) -> dict[str, Any]:
        """What came back."""
        headers = {name: value for name, value in response["headers"].items() if self._kept.fullmatch(name)}
        body = {**response["body"], "string": self.body(response["body"]["string"])}
        return {**response, "headers": headers, "body": body}


@contextmanager
def one_after_another(*modules: ModuleType) -> Iterator[None]:
    """Run the jobs of a pull in turn: VCR.py takes its patches off for all threads while one makes a real call."""

    def in_turn(
        jobs: Sequence[Callable[[Callable[[Page], None]], None]], deliver: Callable[[Page], None], **_: object
    ) -> None:
        for job in jobs:
            job(deliver)

    with pytest.MonkeyPatch.context() as patch:
        for module in modules or (full, changes):
            patch.setattr(module, "gather", in_turn)
        yield


def config(
    secrets: Iterable[str] = (), *, record_mode: str, host: str = HOST, kept: re.Pattern[str] = KEPT_HEADERS
) -> dict[str, Any]:
    """The settings of VCR.py, the same for recording and replay."""
    scrub = Scrub(secrets, host=host, kept=kept)
    return {
        "record_mode": record_mode,
        "match_on": ("method", "path", "query", "body"),
        "decode_compressed_response": True,
        "before_record_request": scrub.request,
        "before_record_response": scrub.response,
    }
